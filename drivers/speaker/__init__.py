"""The voice: recordings joined to sentences, replaceable and stoppable at any moment."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from drivers.device import Device, DeviceEvent

RATE_HZ = 16_000
"""Every recording is mono, signed 16-bit little-endian PCM at this rate, in a WAV file."""


class Outlet(Enum):
    """Where the voice is heard."""

    SPEAKER = "speaker"
    HEADPHONES = "headphones"


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording of ``ms`` milliseconds; without a file it is a silence.

    Its repr does not say which: clips spell names.
    """

    ms: int
    file: Path | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Speech:
    """Clips one after the other; ``loudness`` 0.0–1.0 scales the recordings.

    ``words`` are what the clips say, for a simulated speaker's listeners; a real one does not need them.
    """

    clips: tuple[Clip, ...] = field(repr=False)
    loudness: float = 1.0
    outlet: Outlet = Outlet.SPEAKER
    words: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ms(self) -> int:
        return sum(clip.ms for clip in self.clips)


@dataclass(frozen=True, slots=True)
class SpeechEnded(DeviceEvent):
    """All of a speech has been heard. One that was replaced or stopped ends without."""

    speech: Speech


class Speaker(Device):
    """Publishes SpeechEnded and StateChanged."""

    @abc.abstractmethod
    async def say(self, speech: Speech) -> None:
        """Start a speech, replacing what is being said; returns at once.

        Raises DeviceUnavailable while closed or without a sound card, HardwareFault when a recording
        cannot be read.
        """

    @abc.abstractmethod
    async def stop(self) -> None:
        """Silence within 0.1 s."""
