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


class Sounder(Device):
    """Publishes StateChanged."""

    @abc.abstractmethod
    async def play(self, sound: Sound) -> None:
        """Start a sound, replacing what sounds now; returns at once."""

    @abc.abstractmethod
    async def stop(self) -> None:
        """Silence."""
