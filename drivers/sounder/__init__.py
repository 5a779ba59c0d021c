"""The buzzer: short patterns of tones, replaceable and stoppable at any moment."""

from __future__ import annotations

import abc
from dataclasses import dataclass

from drivers.device import Device


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone (or, with hz 0, a silence) of some milliseconds; loudness 0.0 to 1.0."""

    hz: int
    ms: int
    loudness: float = 1.0


@dataclass(frozen=True, slots=True)
class Sound:
    """A named pattern of tones, played once or repeated until replaced."""

    name: str
    tones: tuple[Tone, ...]
    repeat: bool = False

    def __post_init__(self) -> None:
        if self.ms <= 0:
            raise ValueError(f"sound {self.name!r} has no length: give its tones milliseconds")

    @property
    def ms(self) -> int:
        """The length of one round."""
        return sum(tone.ms for tone in self.tones)


class Sounder(Device):
    """Publishes StateChanged."""

    @abc.abstractmethod
    async def play(self, sound: Sound) -> None:
        """Start a sound, replacing what sounds now; returns at once.

        Raises DeviceUnavailable while closed, HardwareFault when the pin refuses.
        """

    @abc.abstractmethod
    async def stop(self) -> None:
        """Silence."""
