"""One suite for every kind of sensors: simulated ones, and wires on mock pins."""

from __future__ import annotations

import abc

import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct
from drivers.sensors import Sensor, SensorChanged, Sensors
from drivers.sensors.gpio import GpioSensors, SensorInput
from drivers.sensors.simulated import SimulatedSensors
from tests.drivers.pins import BrokenPins, Pins, heard, silent

INPUTS = {
    Sensor.SHEETS_IN_TRAY: SensorInput(4),
    Sensor.RECEIPT_IN_SLOT: SensorInput(7),
    Sensor.CHANGE_IN_CUP: SensorInput(8),
    Sensor.COVER_OPEN: SensorInput(9, true_when_high=True),
    Sensor.TAMPERED: SensorInput(10, true_when_high=True),
    Sensor.HEADPHONES: SensorInput(11),
}


class World(abc.ABC):
    sensors: Sensors

    @abc.abstractmethod
    async def make(self, sensor: Sensor, value: bool) -> None: ...


class Simulated(World):
    def __init__(self) -> None:
        self.simulated = SimulatedSensors()
        self.sensors = self.simulated

    async def make(self, sensor: Sensor, value: bool) -> None:
        self.simulated.set(sensor, value)


class OnPins(World):
    def __init__(self) -> None:
        self.pins = Pins()
        self.sensors = GpioSensors(INPUTS, self.pins.factory)

    async def make(self, sensor: Sensor, value: bool) -> None:
        wired = INPUTS[sensor]
        await self.pins.drive(wired.pin, high=value == wired.true_when_high)


@pytest.fixture(params=[Simulated, OnPins])
async def world(request: pytest.FixtureRequest) -> World:
    made = request.param()
    assert isinstance(made, World)
    return made


async def _settle(world: World, sensors: Sensors) -> None:
    """Cover shut, nothing lying about, and the stream read up to here."""
    await world.make(Sensor.COVER_OPEN, False)
    await world.make(Sensor.TAMPERED, False)
    while not await silent(sensors):
        pass


@pytest.mark.parametrize("sensor", list(Sensor))
async def test_a_change_is_told_once_and_can_be_read(world: World, sensor: Sensor) -> None:
    async with world.sensors as sensors:
        await _settle(world, sensors)
        for value in (True, False):
            await world.make(sensor, value)
            await world.make(sensor, value)
            assert sensors.read(sensor) is value
            assert await heard(sensors, 1) == [SensorChanged(sensor, value)]
        assert await silent(sensors)


async def test_I12_what_lies_there_at_the_start_can_be_read_and_is_not_an_event(
    world: World,
) -> None:
    if isinstance(world, OnPins):
        world.pins.ground(INPUTS[Sensor.SHEETS_IN_TRAY].pin)
    else:
        await world.make(Sensor.SHEETS_IN_TRAY, True)
    async with world.sensors as sensors:
        assert sensors.read(Sensor.SHEETS_IN_TRAY) is True
        assert sensors.read(Sensor.RECEIPT_IN_SLOT) is False
        assert await heard(sensors, 1) == [StateChanged(DeviceState.ONLINE)]
        assert await silent(sensors)


async def test_closed_sensors_cannot_tell(world: World) -> None:
    assert world.sensors.read(Sensor.SHEETS_IN_TRAY) is None
    async with world.sensors as sensors:
        assert sensors.read(Sensor.SHEETS_IN_TRAY) is False
    assert sensors.read(Sensor.SHEETS_IN_TRAY) is None


async def test_a_sensor_that_is_not_fitted_cannot_tell() -> None:
    async with SimulatedSensors([Sensor.COVER_OPEN]) as simulated:
        assert simulated.read(Sensor.SHEETS_IN_TRAY) is None
        with pytest.raises(ImpossibleAct):
            simulated.set(Sensor.SHEETS_IN_TRAY, True)
    async with GpioSensors({Sensor.COVER_OPEN: SensorInput(9)}, Pins().factory) as wired:
        assert wired.read(Sensor.SHEETS_IN_TRAY) is None


async def test_a_cut_wire_reads_as_an_open_cover() -> None:
    """Every input is pulled up, and nothing drives this one."""
    async with GpioSensors(INPUTS, Pins().factory) as sensors:
        assert sensors.read(Sensor.COVER_OPEN) is True


async def test_a_broken_chip_cannot_tell_and_says_so() -> None:
    pins = BrokenPins()
    async with GpioSensors(INPUTS, pins.factory) as sensors:
        pins.broken = True
        assert sensors.read(Sensor.SHEETS_IN_TRAY) is None
        pins.broken = False
        assert sensors.read(Sensor.SHEETS_IN_TRAY) is False
        told = await heard(sensors, 3)
        assert [event.state for event in told if isinstance(event, StateChanged)] == [
            DeviceState.ONLINE,
            DeviceState.HARDWARE_ERROR,
            DeviceState.ONLINE,
        ]


async def test_a_pin_used_twice_is_refused() -> None:
    twice = {Sensor.COVER_OPEN: SensorInput(9), Sensor.CHANGE_IN_CUP: SensorInput(9)}
    with pytest.raises(DeviceUnavailable, match=r"GPIO9 \(change_in_cup\)"):
        await GpioSensors(twice, Pins().factory).open()
