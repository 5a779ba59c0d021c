"""ALSA's own troubles: the very samples, a card that is not there or goes, an aplay that dies."""

from __future__ import annotations

import os
import signal
import wave
from pathlib import Path

import numpy as np
import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable
from drivers.speaker import Clip, Outlet, Speech, SpeechEnded, alsa
from drivers.speaker.alsa import AlsaSpeaker
from tests.drivers.pins import heard, until
from tests.drivers.speaker.test_contract import LONG_MS, OnAlsa, players, recording


@pytest.fixture
def ears(tmp_path: Path) -> OnAlsa:
    return OnAlsa(tmp_path)


async def samples(ears: OnAlsa, speech: Speech) -> list[int]:
    """What came out, each level once."""
    async with ears.speaker as speaker:
        await speaker.say(speech)
        assert (await heard(speaker, 2))[1] == SpeechEnded(speech)
    levels = np.frombuffer(ears.played.read_bytes(), "<i2")
    assert not levels[speech.ms * 16 :].any(), "aplay fills up its last period"
    levels = levels[: speech.ms * 16]
    assert len(levels) == speech.ms * 16
    return [int(level) for level in levels[np.r_[True, np.diff(levels) != 0]]]


async def test_the_very_samples_come_out_in_order(ears: OnAlsa, tmp_path: Path) -> None:
    clips = (recording(tmp_path, "a", 300, 8000), Clip(250), recording(tmp_path, "b", 20, -4000))
    assert await samples(ears, Speech(clips)) == [8000, 0, -4000]


async def test_half_the_loudness_is_half_the_samples(ears: OnAlsa, tmp_path: Path) -> None:
    clips = (recording(tmp_path, "a", 30, 8000),)
    assert await samples(ears, Speech(clips, loudness=0.5)) == [4000]


async def test_without_aplay_it_says_what_to_install() -> None:
    speaker = AlsaSpeaker({Outlet.SPEAKER: "default"}, aplay="no-such-aplay")
    with pytest.raises(DeviceUnavailable, match="install alsa-utils"):
        await speaker.open()


async def test_a_card_that_is_pulled_out_is_seen_and_found_again(tmp_path: Path) -> None:
    cards = tmp_path / "asound"
    (cards / "Speaker").mkdir(parents=True)
    speaker = AlsaSpeaker({Outlet.SPEAKER: "plughw:CARD=Speaker,DEV=0"}, cards=cards)
    async with speaker:
        states = [speaker.state]
        (cards / "Speaker").rmdir()
        await speaker.probe()
        states.append(speaker.state)
        with pytest.raises(DeviceUnavailable, match="CARD=Speaker"):
            await speaker.say(Speech((Clip(10),)))
        (cards / "Speaker").mkdir()
        await speaker.probe()
        states.append(speaker.state)
    assert states == [DeviceState.ONLINE, DeviceState.NO_DEVICE, DeviceState.ONLINE]


async def test_a_card_that_refuses_is_named_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alsa, "TRY_AGAIN_S", 0.0)
    OnAlsa(tmp_path)
    player = tmp_path / "aplay"
    works = tmp_path / "works"
    player.write_text(
        f'#!/bin/sh\ncat >/dev/null\n[ -e {works} ] || {{ echo "audio open error: Busy" >&2; exit 1; }}\n'
    )
    player.chmod(0o755)
    speaker = AlsaSpeaker({Outlet.SPEAKER: "default"}, aplay=str(player))
    async with speaker:
        await speaker.say(Speech((Clip(20),)))
        assert await heard(speaker, 2) == [
            StateChanged(DeviceState.ONLINE),
            StateChanged(DeviceState.HARDWARE_ERROR, "audio open error: Busy"),
        ]
        works.touch()
        await speaker.probe()
        assert await heard(speaker, 1) == [StateChanged(DeviceState.ONLINE)]


async def test_a_card_that_takes_no_more_sound_is_a_fault_and_not_silence_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rounds of a call wait for the end of a speech: one that hangs must end, too."""
    assert alsa.LATE_S + alsa.PIECE_MS / 1000 < 2
    monkeypatch.setattr(alsa, "LATE_S", 0.1)
    player = tmp_path / "aplay"
    player.write_text("#!/bin/sh\nexec sleep 600\n")
    player.chmod(0o755)
    async with AlsaSpeaker({Outlet.SPEAKER: "default"}, aplay=str(player)) as speaker:
        await speaker.say(Speech((Clip(600_000),)))  # long before its end
        event = (await heard(speaker, 2))[1]
        assert isinstance(event, StateChanged)
        assert event.state is DeviceState.HARDWARE_ERROR
        assert "hangs" in event.detail


async def test_a_card_that_plays_at_its_own_pace_is_no_fault(tmp_path: Path) -> None:
    player = tmp_path / "aplay"
    player.write_text('#!/bin/sh\nwhile [ "$(head -c 3200 | wc -c)" -gt 0 ]; do sleep 0.1; done\n')
    player.chmod(0o755)
    speech = Speech((Clip(2000),))
    async with AlsaSpeaker({Outlet.SPEAKER: "default"}, aplay=str(player)) as speaker:
        await speaker.say(speech)
        assert (await heard(speaker, 2))[1] == SpeechEnded(speech)


async def test_an_aplay_that_cannot_be_started_is_a_fault(tmp_path: Path) -> None:
    player = tmp_path / "aplay"
    player.write_text("#!/bin/sh\n")
    player.chmod(0o755)
    async with AlsaSpeaker({Outlet.SPEAKER: "default"}, aplay=str(player)) as speaker:
        player.unlink()
        await speaker.say(Speech((Clip(20),)))
        event = (await heard(speaker, 2))[1]
        assert isinstance(event, StateChanged)
        assert event.state is DeviceState.HARDWARE_ERROR
        assert "No such file" in event.detail


async def test_an_aplay_that_is_killed_is_a_fault_and_no_end(ears: OnAlsa) -> None:
    async with ears.speaker as speaker:
        await speaker.say(Speech((Clip(LONG_MS),), outlet=Outlet.HEADPHONES))
        await until(lambda: bool(players()))
        os.kill(players()[0], signal.SIGKILL)
        event = (await heard(speaker, 2))[1]
        assert isinstance(event, StateChanged)
        assert event.state is DeviceState.HARDWARE_ERROR
    assert not players()


@pytest.mark.parametrize("fault", ["missing", "stereo", "text"])
async def test_a_bad_recording_is_told_without_saying_which(
    ears: OnAlsa, tmp_path: Path, fault: str
) -> None:
    path = tmp_path / "aoki.wav"
    if fault == "text":
        path.write_text("no sound")
    elif fault == "stereo":
        with wave.open(str(path), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(16000)
            out.writeframes(bytes(400))
    async with ears.speaker as speaker:
        await speaker.say(Speech((Clip(10, path),)))
        event = (await heard(speaker, 2))[1]
        assert isinstance(event, StateChanged)
        assert event.state is DeviceState.HARDWARE_ERROR
        assert str(tmp_path) in event.detail
        assert "aoki" not in event.detail
    assert not players()


async def test_nothing_stays_open(ears: OnAlsa, tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    async with ears.speaker as speaker:
        for _ in range(3):
            await speaker.say(Speech((Clip(LONG_MS),), outlet=Outlet.HEADPHONES))
            await until(lambda: bool(players()))
            await speaker.stop()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert not players()
