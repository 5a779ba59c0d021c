"""A chip that dies is seen within one look, although nothing is written; and when it lives again, too."""

from __future__ import annotations

import pytest

from drivers.buttons import Button
from drivers.buttons.gpio import GpioButtons
from drivers.device import Device, DeviceState, StateChanged
from drivers.keypad import Key
from drivers.keypad.matrix import MatrixKeypad
from drivers.lights import Light
from drivers.lights.gpio import GpioLights
from drivers.sensors import Sensor
from drivers.sensors.gpio import GpioSensors, SensorInput
from drivers.sounder.gpio import GpioSounder
from tests.drivers.pins import BrokenPins, heard

DEVICES = ("lights", "sounder", "buttons", "sensors", "matrix keypad")


def made(kind: str, pins: BrokenPins) -> Device:
    match kind:
        case "lights":
            return GpioLights({Light.STATUS: 25}, pins.factory)
        case "sounder":
            return GpioSounder(12, pins.factory)
        case "buttons":
            return GpioButtons({Button.OK: 5}, pins.factory)
        case "sensors":
            return GpioSensors({Sensor.SHEETS_IN_TRAY: SensorInput(4)}, pins.factory)
        case _:
            return MatrixKeypad((20,), (21,), ((Key.OK,),), pins.factory)


@pytest.mark.parametrize("kind", DEVICES)
async def test_a_dead_chip_is_seen_and_so_is_its_return(kind: str) -> None:
    pins = BrokenPins()
    async with made(kind, pins) as device:
        await device.probe()
        assert await heard(device, 1) == [StateChanged(DeviceState.ONLINE)]
        pins.broken = True
        await device.probe()
        event = (await heard(device, 1))[0]
        assert isinstance(event, StateChanged)
        assert event.state is DeviceState.HARDWARE_ERROR
        assert event.detail
        pins.broken = False
        await device.probe()
        assert await heard(device, 1) == [StateChanged(DeviceState.ONLINE)]
    await device.probe()
    assert device.state is DeviceState.OFFLINE
