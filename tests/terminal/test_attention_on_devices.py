"""The ladder of decision i played on devices: simulated ones, and gpiozero's on mock pins.

The same test plays a forgotten card on both rigs, through an applier of a few lines (the terminal's
own is its presenter): what must be seen is lamps that really go on and off, and a buzzer that sounds.
"""

from __future__ import annotations

import abc
import asyncio
from contextlib import AsyncExitStack

import pytest

from drivers.lights import FlashRate, Light, Lights
from drivers.lights.gpio import GpioLights
from drivers.lights.simulated import SimulatedLights
from drivers.sounder import Sound, Sounder, Tone
from drivers.sounder.gpio import BuzzerKind, GpioSounder
from drivers.sounder.simulated import SimulatedSounder
from terminal.attention import SOUNDS, Call, Left, signals
from tests.drivers.pins import Pins, until

LIGHT_PINS = {
    Light.CARD_READER: 17,
    Light.KEYPAD: 27,
    Light.PAYMENT: 22,
    Light.PRINTER_TRAY: 23,
    Light.RECEIPT: 24,
    Light.STATUS: 25,
}
BUZZER_PIN = 12


class Body(abc.ABC):
    """A terminal's lights and buzzer, and someone who stands before them."""

    lights: Lights
    sounder: Sounder

    async def apply(self, call: Call) -> None:
        await self.lights.show(
            {Light(name): FlashRate[flash.upper()] for name, flash in call.lights.items()}
        )
        if call.sound is None:
            await self.sounder.stop()
        else:
            tones = tuple(Tone(hz, ms, loudness) for hz, ms, loudness in SOUNDS[call.sound])
            await self.sounder.play(Sound(call.sound, tones, repeat=call.repeat))

    @abc.abstractmethod
    async def sees(self, light: Light, rate: FlashRate) -> None:
        """Returns once ``light``, and no other, has been seen to flash so."""

    @abc.abstractmethod
    async def hears(self, *, repeated: bool) -> None:
        """Returns once the buzzer has been heard (again and again)."""

    @abc.abstractmethod
    def is_at_rest(self) -> bool: ...


class SimulatedBody(Body):
    def __init__(self) -> None:
        self.lights = self.shown = SimulatedLights()
        self.sounder = self.heard = SimulatedSounder()

    async def sees(self, light: Light, rate: FlashRate) -> None:
        assert self.shown.pattern == {light: rate}

    async def hears(self, *, repeated: bool) -> None:
        assert self.heard.sounding is not None
        assert self.heard.sounding.repeat is repeated

    def is_at_rest(self) -> bool:
        return not self.shown.pattern and self.heard.sounding is None


class PinBody(Body):
    def __init__(self, kind: BuzzerKind) -> None:
        self.pins = Pins()
        self.buzzer = Pins(pwm=True)
        self.lights = GpioLights(LIGHT_PINS, self.pins.factory)
        self.sounder = GpioSounder(BUZZER_PIN, self.buzzer.factory, kind=kind)

    async def sees(self, light: Light, rate: FlashRate) -> None:
        pin = self.pins.pin(LIGHT_PINS[light])
        pin.clear_states()

        def halves() -> list[float]:
            return [float(state.timestamp) for state in pin.states[2:]]

        # A busy machine only ever lengthens a half: no slow one is short, and a quick one comes.
        if rate is FlashRate.SLOW:
            await until(lambda: bool(halves()))
            assert min(halves()) >= rate.value * 0.9
        else:
            await until(lambda: any(half < FlashRate.SLOW.value * 0.9 for half in halves()))
        others = [number for other, number in LIGHT_PINS.items() if other is not light]
        assert not any(self.pins.level(number) for number in others)

    async def hears(self, *, repeated: bool) -> None:
        await until(lambda: self.buzzer.level(BUZZER_PIN) > 0)
        if repeated:
            onsets = self.buzzer.onsets(BUZZER_PIN)
            await until(lambda: self.buzzer.onsets(BUZZER_PIN) >= onsets + 3)

    def is_at_rest(self) -> bool:
        lit = any(self.pins.level(number) for number in LIGHT_PINS.values())
        return not lit and self.buzzer.level(BUZZER_PIN) == 0


@pytest.fixture(params=["simulated", "active", "tonal"])
def body(request: pytest.FixtureRequest) -> Body:
    match request.param:
        case "simulated":
            return SimulatedBody()
        case "active":
            return PinBody("active")
        case _:
            return PinBody("tonal")


async def test_R66_R67_a_forgotten_card_is_called_for_ever_more_urgently(body: Body) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(body.lights)
        await stack.enter_async_context(body.sounder)
        assert body.is_at_rest()
        for seconds, rate, repeated in (
            (0, FlashRate.SLOW, False),
            (10, FlashRate.QUICK, True),
            (30, FlashRate.QUICK, True),
        ):
            await body.apply(signals({Left.CARD: seconds}))
            await asyncio.gather(body.hears(repeated=repeated), body.sees(Light.CARD_READER, rate))
        await body.apply(signals({}))
        assert body.is_at_rest()


async def test_R68_paper_that_is_taken_while_the_card_stays_goes_quiet_alone(body: Body) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(body.lights)
        await stack.enter_async_context(body.sounder)
        await body.apply(signals({Left.CARD: 12, Left.SHEETS: 12}))
        await body.apply(signals({Left.CARD: 13}))
        await asyncio.gather(
            body.hears(repeated=True), body.sees(Light.CARD_READER, FlashRate.QUICK)
        )


async def test_the_process_that_ends_leaves_lights_and_buzzer_at_rest(body: Body) -> None:
    async with body.lights, body.sounder:
        await body.apply(signals(dict.fromkeys(Left, 1000.0)))
        assert not body.is_at_rest()
    assert body.is_at_rest()
