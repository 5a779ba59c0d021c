"""One suite for every voice: the simulated one, and a real ``aplay`` that plays into a file."""

from __future__ import annotations

import abc
import asyncio
import os
import shutil
import wave
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable
from drivers.speaker import RATE_HZ, Clip, Outlet, Speaker, Speech, SpeechEnded
from drivers.speaker.alsa import AlsaSpeaker
from drivers.speaker.simulated import SimulatedSpeaker
from tests.drivers.pins import heard, silent, until

LONG_MS = 60_000


def recording(folder: Path, name: str, ms: int, level: int) -> Clip:
    """A recording that is told apart by its level."""
    path = folder / f"{name}.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(np.full(RATE_HZ * ms // 1000, level, "<i2").tobytes())
    return Clip(ms, path)


class Ears(abc.ABC):
    speaker: Speaker

    @abc.abstractmethod
    def is_heard(self) -> bool:
        """Does something sound just now?"""


class OnSimulated(Ears):
    def __init__(self, folder: Path) -> None:
        self.speaker = self.simulated = SimulatedSpeaker()

    def is_heard(self) -> bool:
        return self.simulated.saying is not None


class OnAlsa(Ears):
    """ALSA's own file plugin: what is played lies in a file; into a pipe without a reader it plays for ever."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("aplay") is None:
            pytest.skip("alsa-utils is not installed")
        self.played = folder / "played.raw"
        device = f"file:FILE={self.played},FORMAT=raw"
        pipe = folder / "pipe"  # which nobody reads
        os.mkfifo(pipe)
        held = f"file:FILE={pipe},FORMAT=raw"
        self.speaker = AlsaSpeaker({Outlet.SPEAKER: device, Outlet.HEADPHONES: held})

    def is_heard(self) -> bool:
        return bool(players())


def players() -> list[int]:
    """The aplay processes of this one."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[0] == b"aplay" and parent == os.getpid():
            found.append(int(entry.name))
    return found


@pytest.fixture(params=[OnSimulated, OnAlsa], ids=["sim", "alsa"])
def ears(request: pytest.FixtureRequest, tmp_path: Path) -> Ears:
    made = request.param(tmp_path)
    assert isinstance(made, Ears)
    return made


@asynccontextmanager
async def opened(ears: Ears) -> AsyncGenerator[Speaker]:
    async with ears.speaker as speaker:
        assert await heard(speaker, 1) == [StateChanged(DeviceState.ONLINE)]
        yield speaker


async def test_a_speech_is_heard_to_its_end_and_says_so(ears: Ears, tmp_path: Path) -> None:
    async with opened(ears) as speaker:
        speech = Speech((recording(tmp_path, "a", 50, 1000), Clip(20)))
        await speaker.say(speech)
        assert await heard(speaker, 1) == [SpeechEnded(speech)]
        assert not ears.is_heard()


async def test_a_speech_replaces_the_one_before_which_never_ends(
    ears: Ears, tmp_path: Path
) -> None:
    async with opened(ears) as speaker:
        await speaker.say(Speech((Clip(LONG_MS),), outlet=Outlet.HEADPHONES))
        await until(ears.is_heard)
        short = Speech((Clip(20),))
        await speaker.say(short)
        assert await heard(speaker, 1) == [SpeechEnded(short)]


async def test_stopping_is_silence_without_an_end(ears: Ears) -> None:
    async with opened(ears) as speaker:
        await speaker.say(Speech((Clip(LONG_MS),), outlet=Outlet.HEADPHONES))
        await until(ears.is_heard)
        await speaker.stop()
        assert not ears.is_heard()
        assert await silent(speaker)
        await speaker.stop()


async def test_closing_is_silence(ears: Ears) -> None:
    async with opened(ears) as speaker:
        await speaker.say(Speech((Clip(LONG_MS),), outlet=Outlet.HEADPHONES))
        await until(ears.is_heard)
    assert not ears.is_heard()
    assert speaker.state is DeviceState.OFFLINE


async def test_a_closed_voice_says_nothing(ears: Ears) -> None:
    with pytest.raises(DeviceUnavailable):
        await ears.speaker.say(Speech((Clip(20),)))
    await ears.speaker.close()


async def test_it_can_be_opened_again(ears: Ears) -> None:
    for _ in range(2):
        async with ears.speaker as speaker:
            speech = Speech((Clip(20),))
            await speaker.say(speech)
            await until(lambda: not ears.is_heard())
    assert ears.speaker.state is DeviceState.OFFLINE


async def test_what_is_said_is_not_in_what_is_shown_of_it(tmp_path: Path) -> None:
    """R59: the recordings spell names."""
    speech = Speech((recording(tmp_path, "aoki", 10, 1),), words=("青木",))
    shown = repr(speech) + repr(SpeechEnded(speech)) + repr(speech.clips[0])
    assert "aoki" not in shown
    assert "青木" not in shown
    assert speech.ms == 10


async def test_speeches_in_a_hurry_leave_only_the_last(ears: Ears) -> None:
    async with opened(ears) as speaker:
        for _ in range(5):
            await speaker.say(Speech((Clip(LONG_MS),), outlet=Outlet.HEADPHONES))
            await asyncio.sleep(0)
        last = Speech((Clip(20),))
        await speaker.say(last)
        assert await heard(speaker, 1) == [SpeechEnded(last)]
        assert not ears.is_heard()
