"""A buzzer on a GPIO pin: an active one, which only goes on and off, or a tonal (passive piezo) one.

gpiozero's TonalBuzzer stops at 880 Hz unless told otherwise, far below a piezo's 2.7 kHz; the plain
PWM device below it takes any frequency, and its duty cycle gives the loudness.
"""

from __future__ import annotations

import abc
import asyncio
from contextlib import suppress
from math import asin, pi
from typing import Literal

from gpiozero import DigitalOutputDevice, Factory, PWMOutputDevice

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault
from drivers.gpio_factory import claiming, driving, releasing
from drivers.sounder import Sound, Sounder, Tone

BuzzerKind = Literal["active", "tonal"]


class _Voice(abc.ABC):
    """One pin that can sound a tone until told to hush."""

    @abc.abstractmethod
    def sound(self, tone: Tone) -> None: ...

    @abc.abstractmethod
    def hush(self) -> None: ...

    @abc.abstractmethod
    def close(self) -> None: ...

    @abc.abstractmethod
    def level(self) -> float:
        """What the pin says; fails when its chip is gone."""


class _ActiveVoice(_Voice):
    """Has one pitch and one loudness of its own: patterns must differ by their rhythm too."""

    def __init__(self, pin: int, factory: Factory) -> None:
        self._pin = DigitalOutputDevice(pin, initial_value=False, pin_factory=factory)

    def sound(self, tone: Tone) -> None:
        self._pin.value = tone.hz > 0 and tone.loudness > 0

    def hush(self) -> None:
        self._pin.off()

    def close(self) -> None:
        self._pin.close()

    def level(self) -> float:
        return float(self._pin.value)


class _TonalVoice(_Voice):
    def __init__(self, pin: int, factory: Factory) -> None:
        self._pin = PWMOutputDevice(pin, initial_value=0, pin_factory=factory)
        self.hush()

    def sound(self, tone: Tone) -> None:
        if tone.hz <= 0 or tone.loudness <= 0:
            self.hush()
            return
        self._pin.frequency = tone.hz
        self._pin.value = duty(tone.loudness)

    def hush(self) -> None:
        # Duty 0 before the clock stops, and the level after it: nothing may leave the piezo under
        # direct current. Without a frequency gpiozero writes the pin as a plain level.
        if self._pin.frequency:
            self._pin.value = 0
            self._pin.frequency = None
        self._pin.value = 0

    def close(self) -> None:
        self._pin.close()

    def level(self) -> float:
        return float(self._pin.value)


def duty(loudness: float) -> float:
    """The duty cycle whose fundamental is ``loudness`` times that of a square wave (0 to 0.5)."""
    return asin(min(max(loudness, 0.0), 1.0)) / pi


class GpioSounder(Sounder):
    """``pin`` is a BCM number, driving the buzzer through a transistor; high sounds."""

    def __init__(
        self, pin: int, factory: Factory, *, kind: BuzzerKind = "active", name: str = "sounder"
    ) -> None:
        super().__init__(name)
        self._number = pin
        self._factory = factory
        self._kind: BuzzerKind = kind
        self._voice: _Voice | None = None
        self._playing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        make = _ActiveVoice if self._kind == "active" else _TonalVoice
        with claiming(self, "buzzer", self._number):
            self._voice = make(self._number, self._factory)
        self.publish(StateChanged(DeviceState.ONLINE))

    async def probe(self) -> None:
        """A chip that has died is seen although nothing sounds."""
        if self._voice is not None:
            with suppress(HardwareFault), driving(self, "reading the pin"):
                self._voice.level()

    async def play(self, sound: Sound) -> None:
        voice = self._voice
        if voice is None:
            raise DeviceUnavailable(
                self.name, self.state, "open the sounder before playing a sound"
            )
        await self._end_playing()
        self._sound(
            voice, sound.tones[0]
        )  # here, so that the caller sees a dead pin and hears no delay
        self._playing = asyncio.create_task(self._play(voice, sound), name=f"sound {sound.name}")

    async def _play(self, voice: _Voice, sound: Sound) -> None:
        try:
            while True:
                for tone in sound.tones:
                    self._sound(voice, tone)
                    await asyncio.sleep(tone.ms / 1000)
                if not sound.repeat:
                    return
        except HardwareFault:
            return  # told as a state already
        finally:
            self._hush(voice)

    def _sound(self, voice: _Voice, tone: Tone) -> None:
        with driving(self, "sounding a tone"):
            voice.sound(tone)

    def _hush(self, voice: _Voice) -> None:
        with releasing(self):
            voice.hush()

    async def stop(self) -> None:
        await self._end_playing()
        if self._voice is not None:
            self._hush(self._voice)

    async def _end_playing(self) -> None:
        playing, self._playing = self._playing, None
        if playing is not None and not playing.done():
            playing.cancel()
            await asyncio.wait([playing])

    async def close(self) -> None:
        await self.stop()
        voice, self._voice = self._voice, None
        if voice is not None:
            with releasing(self):
                voice.close()
        self.publish(StateChanged(DeviceState.OFFLINE))
