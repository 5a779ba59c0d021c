"""One suite for every kind of lights: simulated ones, and transistors on mock pins."""

from __future__ import annotations

import abc

import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault
from drivers.lights import FlashRate, Light, Lights
from drivers.lights.gpio import GpioLights
from drivers.lights.simulated import Pattern, SimulatedLights
from tests.drivers.pins import BrokenPins, Pins, heard, until

PINS = {
    Light.CARD_READER: 17,
    Light.KEYPAD: 27,
    Light.PAYMENT: 22,
    Light.PRINTER_TRAY: 23,
    Light.RECEIPT: 24,
    Light.STATUS: 25,
}


class Eyes(abc.ABC):
    lights: Lights

    @abc.abstractmethod
    def lit(self) -> set[Light]:
        """Lights that give any light just now (a flashing one: that is about to)."""

    @abc.abstractmethod
    async def sees_flashing(self, light: Light) -> None:
        """Returns once the light has been seen to flash."""


class OnSimulated(Eyes):
    def __init__(self) -> None:
        self.simulated = SimulatedLights()
        self.lights = self.simulated

    def lit(self) -> set[Light]:
        return set(self.simulated.pattern)

    async def sees_flashing(self, light: Light) -> None:
        assert self.simulated.pattern[light] in {FlashRate.SLOW, FlashRate.QUICK}


class OnPins(Eyes):
    """``low``: wired so that a low pin lights, as with a PNP transistor."""

    def __init__(self, *, low: bool = False) -> None:
        self.pins = Pins()
        self.low = low
        self.lights = GpioLights(PINS, self.pins.factory, active_high=not low)

    def lit(self) -> set[Light]:
        return {light for light, pin in PINS.items() if bool(self.pins.level(pin)) != self.low}

    async def sees_flashing(self, light: Light) -> None:
        onsets = self.pins.onsets(PINS[light])
        await until(lambda: self.pins.onsets(PINS[light]) >= onsets + 2)


@pytest.fixture(params=[OnSimulated, OnPins, lambda: OnPins(low=True)], ids=["sim", "pins", "low"])
def eyes(request: pytest.FixtureRequest) -> Eyes:
    made = request.param()
    assert isinstance(made, Eyes)
    return made


async def test_lights_are_dark_when_opened(eyes: Eyes) -> None:
    async with eyes.lights as lights:
        assert eyes.lit() == set()
        assert await heard(lights, 1) == [StateChanged(DeviceState.ONLINE)]


@pytest.mark.parametrize("light", list(Light))
async def test_a_pattern_lights_what_it_names_and_nothing_else(eyes: Eyes, light: Light) -> None:
    async with eyes.lights as lights:
        await lights.show({light: FlashRate.STEADY})
        assert eyes.lit() == {light}


async def test_a_pattern_replaces_the_whole_one_before(eyes: Eyes) -> None:
    async with eyes.lights as lights:
        await lights.show({Light.CARD_READER: FlashRate.SLOW, Light.STATUS: FlashRate.STEADY})
        await lights.show({Light.RECEIPT: FlashRate.QUICK, Light.STATUS: FlashRate.OFF})
        assert eyes.lit() == {Light.RECEIPT}


async def test_a_flashing_light_flashes(eyes: Eyes) -> None:
    async with eyes.lights as lights:
        await lights.show({Light.PRINTER_TRAY: FlashRate.QUICK})
        assert eyes.lit() == {Light.PRINTER_TRAY}
        await eyes.sees_flashing(Light.PRINTER_TRAY)


async def test_closing_leaves_every_light_dark(eyes: Eyes) -> None:
    async with eyes.lights as lights:
        await lights.show(dict.fromkeys(Light, FlashRate.QUICK))
    assert lights.state is DeviceState.OFFLINE
    assert eyes.lit() == set()


async def test_closed_lights_show_nothing(eyes: Eyes) -> None:
    with pytest.raises(DeviceUnavailable):
        await eyes.lights.show({Light.STATUS: FlashRate.STEADY})
    await eyes.lights.close()


async def test_lights_can_be_opened_again(eyes: Eyes) -> None:
    for _ in range(2):
        async with eyes.lights as lights:
            await lights.show({Light.KEYPAD: FlashRate.STEADY})
            assert eyes.lit() == {Light.KEYPAD}


async def test_a_light_that_is_not_fitted_is_left_out() -> None:
    pins = Pins()
    async with GpioLights({Light.STATUS: 25}, pins.factory) as lights:
        await lights.show(dict.fromkeys(Light, FlashRate.STEADY))
        assert pins.level(25) == 1


async def test_a_chip_that_fails_is_told_once_and_recovers() -> None:
    pins = BrokenPins()
    async with GpioLights(PINS, pins.factory) as lights:
        pins.broken = True
        with pytest.raises(HardwareFault, match="Input/output error"):
            await lights.show({Light.STATUS: FlashRate.QUICK})
        pins.broken = False
        told = await heard(lights, 3)  # the next beat tries again, without being asked
        assert [event.state for event in told if isinstance(event, StateChanged)] == [
            DeviceState.ONLINE,
            DeviceState.HARDWARE_ERROR,
            DeviceState.ONLINE,
        ]
        await until(lambda: pins.onsets(PINS[Light.STATUS]) > 0)


async def test_a_chip_that_is_gone_can_still_be_closed() -> None:
    pins = BrokenPins()
    async with GpioLights(PINS, pins.factory) as lights:
        await lights.show({Light.STATUS: FlashRate.STEADY})
        pins.broken = True
    assert lights.state is DeviceState.OFFLINE


async def test_a_watcher_is_told_each_pattern_once() -> None:
    seen: list[Pattern] = []
    async with SimulatedLights(on_change=seen.append) as lights:
        slow = {Light.CARD_READER: FlashRate.SLOW}
        await lights.show(slow)
        await lights.show({**slow, Light.STATUS: FlashRate.OFF})  # the same to the eye
        await lights.show({})
        assert seen == [slow, {}] == list(lights.history)
