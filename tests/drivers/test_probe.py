"""A chip that dies is seen within one look, although nothing is written; and when it lives again, too."""

from __future__ import annotations

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from drivers.buttons import Button, ButtonPressed
from drivers.buttons.gpio import GpioButtons
from drivers.device import Device, DeviceState, StateChanged
from drivers.keypad import Key
from drivers.keypad.matrix import MatrixKeypad
from drivers.lights import Light
from drivers.lights.gpio import GpioLights
from drivers.sensors import Sensor, SensorChanged
from drivers.sensors.gpio import GpioSensors, SensorInput
from drivers.sounder.gpio import GpioSounder
from tests.drivers.pins import BrokenPins, Pins, heard, silent

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


class Unheard(Pins):
    """A board whose edges are lost: only who looks sees."""

    def __init__(self) -> None:
        super().__init__()

        class DeafPin(MockPin):  # type: ignore[misc]
            def _call_when_changed(self, *_: object) -> None:
                pass

        self.factory = MockFactory(pin_class=DeafPin)


async def test_a_lost_edge_is_no_lasting_lie() -> None:
    pins = Unheard()
    inputs = {
        Sensor.HEADPHONES: SensorInput(4),
        Sensor.COVER_OPEN: SensorInput(7, true_when_high=True),
    }
    async with GpioSensors(inputs, pins.factory) as sensors:
        await pins.drive(4, high=False)
        await pins.drive(7, high=False)
        await sensors.probe()
        assert await heard(sensors, 3) == [
            StateChanged(DeviceState.ONLINE),
            SensorChanged(Sensor.HEADPHONES, True),
            SensorChanged(Sensor.COVER_OPEN, False),
        ]
        await sensors.probe()
        assert await silent(sensors)


async def test_a_key_switch_that_was_turned_unheard_is_seen() -> None:
    pins = Unheard()
    async with GpioButtons({Button.SUPERVISOR: 5, Button.OK: 6}, pins.factory) as buttons:
        await pins.drive(5, high=False)
        await pins.drive(6, high=False)
        await buttons.probe()
        assert await heard(buttons, 2) == [
            StateChanged(DeviceState.ONLINE),
            ButtonPressed(Button.SUPERVISOR),
        ]
        assert await silent(buttons), "a press that is over means nothing"
