"""One suite for every kind of sounder: simulated, an active buzzer and a piezo on mock pins."""

from __future__ import annotations

import abc

import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault
from drivers.sounder import Sound, Sounder, Tone
from drivers.sounder.gpio import GpioSounder, duty
from drivers.sounder.simulated import SimulatedSounder
from tests.drivers.pins import BrokenPins, Pins, heard, until

PIN = 12
BEEP = Sound("beep", (Tone(2700, 30),))
ALARM = Sound("alarm", (Tone(2700, 20), Tone(0, 20), Tone(2100, 20, 0.5)), repeat=True)


class Ear(abc.ABC):
    sounder: Sounder

    @abc.abstractmethod
    def hears(self) -> bool: ...

    @abc.abstractmethod
    async def hears_it_again(self) -> None:
        """Returns once a repeated sound has begun another round."""


class OnSimulated(Ear):
    def __init__(self) -> None:
        self.simulated = SimulatedSounder()
        self.sounder = self.simulated

    def hears(self) -> bool:
        return self.simulated.sounding is not None

    async def hears_it_again(self) -> None:
        assert self.simulated.sounding is not None
        assert self.simulated.sounding.repeat


class OnActive(Ear):
    def __init__(self) -> None:
        self.pins = Pins(pwm=True)
        self.sounder = GpioSounder(PIN, self.pins.factory, kind="active")

    def hears(self) -> bool:
        return self.pins.level(PIN) > 0

    async def hears_it_again(self) -> None:
        onsets = self.pins.onsets(PIN)
        await until(lambda: self.pins.onsets(PIN) >= onsets + 4)


class OnTonal(OnActive):
    def __init__(self) -> None:
        super().__init__()
        self.sounder = GpioSounder(PIN, self.pins.factory, kind="tonal")

    def hears(self) -> bool:
        return self.pins.pin(PIN).frequency is not None and super().hears()


@pytest.fixture(params=[OnSimulated, OnActive, OnTonal])
def ear(request: pytest.FixtureRequest) -> Ear:
    made = request.param()
    assert isinstance(made, Ear)
    return made


async def test_a_sound_is_heard_at_once_and_ends_by_itself(ear: Ear) -> None:
    async with ear.sounder as sounder:
        assert not ear.hears()
        await sounder.play(BEEP)
        assert ear.hears()
        await until(lambda: not ear.hears())
        assert await heard(sounder, 1) == [StateChanged(DeviceState.ONLINE)]


async def test_a_repeated_sound_goes_on_until_stopped(ear: Ear) -> None:
    async with ear.sounder as sounder:
        await sounder.play(ALARM)
        await ear.hears_it_again()
        await sounder.stop()
        assert not ear.hears()


async def test_a_sound_replaces_the_one_before(ear: Ear) -> None:
    async with ear.sounder as sounder:
        await sounder.play(ALARM)
        await sounder.play(BEEP)
        assert ear.hears()
        await until(lambda: not ear.hears())


async def test_a_sound_stopped_before_it_got_going_is_silent(ear: Ear) -> None:
    async with ear.sounder as sounder:
        await sounder.play(ALARM)
        await sounder.stop()
        assert not ear.hears()
        await sounder.stop()


async def test_closing_leaves_silence(ear: Ear) -> None:
    async with ear.sounder as sounder:
        await sounder.play(ALARM)
    assert not ear.hears()
    assert sounder.state is DeviceState.OFFLINE


async def test_a_closed_sounder_plays_nothing(ear: Ear) -> None:
    with pytest.raises(DeviceUnavailable):
        await ear.sounder.play(BEEP)
    await ear.sounder.stop()
    await ear.sounder.close()


async def test_a_piezo_sounds_the_frequency_and_loudness_asked_for() -> None:
    pins = Pins(pwm=True)
    async with GpioSounder(PIN, pins.factory, kind="tonal") as sounder:
        for tone in (Tone(2700, 5000), Tone(2100, 5000, 0.5), Tone(4000, 5000, 0.01)):
            await sounder.play(Sound("one", (tone,)))
            assert pins.pin(PIN).frequency == tone.hz
            assert pins.level(PIN) == pytest.approx(duty(tone.loudness))


def test_full_loudness_is_a_square_wave_and_less_is_less() -> None:
    assert duty(1.0) == 0.5
    assert 0 == duty(0.0) < duty(0.4) < duty(0.8) < duty(1.0)
    assert duty(7.0) == 0.5


async def test_a_piezo_at_rest_has_neither_frequency_nor_level() -> None:
    pins = Pins(pwm=True)
    async with GpioSounder(PIN, pins.factory, kind="tonal") as sounder:
        for _ in range(2):
            assert (pins.pin(PIN).frequency, pins.level(PIN)) == (None, 0)
            await sounder.play(ALARM)
            await sounder.stop()
        await sounder.play(Sound("pause", (Tone(0, 5000),)))
        assert (pins.pin(PIN).frequency, pins.level(PIN)) == (None, 0)


async def test_an_active_buzzer_is_silent_in_the_gaps() -> None:
    pins = Pins()
    async with GpioSounder(PIN, pins.factory, kind="active") as sounder:
        await sounder.play(ALARM)
        await until(lambda: pins.onsets(PIN) >= 3)


async def test_a_broken_chip_is_told_to_the_caller() -> None:
    pins = BrokenPins()
    async with GpioSounder(PIN, pins.factory) as sounder:
        pins.broken = True
        with pytest.raises(HardwareFault, match="sounder: sounding a tone"):
            await sounder.play(BEEP)
        pins.broken = False
        await sounder.play(BEEP)
        assert sounder.state is DeviceState.ONLINE


async def test_a_chip_that_breaks_in_the_middle_of_a_sound_is_told_as_a_state() -> None:
    pins = BrokenPins()
    async with GpioSounder(PIN, pins.factory) as sounder:
        await sounder.play(ALARM)
        pins.broken = True
        await until(lambda: sounder.state is DeviceState.HARDWARE_ERROR)


async def test_a_watcher_hears_each_sound_begin_and_end() -> None:
    seen: list[Sound | None] = []
    async with SimulatedSounder(on_change=seen.append) as sounder:
        await sounder.play(BEEP)
        await until(lambda: sounder.sounding is None)
        await sounder.play(ALARM)
        await sounder.stop()
        assert seen == [BEEP, None, ALARM, None]
        assert list(sounder.history) == [BEEP, ALARM]


@pytest.mark.parametrize("tones", [(), (Tone(2700, 0),)])
def test_a_sound_without_length_is_refused(tones: tuple[Tone, ...]) -> None:
    with pytest.raises(ValueError, match="no length"):
        Sound("nothing", tones, repeat=True)
