"""Recordings are made once, alike, and as a whole; real synthesis where a synthesiser is there."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

from drivers.speaker import RATE_HZ
from terminal.config import parse
from terminal.daemon import recordings_of
from terminal.demo.stage import Play, settings_of
from terminal.strings.catalogue import NAMES
from terminal.voice.levelling import PEAK, levelled
from terminal.voice.making import make, wanted
from terminal.voice.phrases import Phrase
from terminal.voice.recordings import MissingRecording, Recordings
from terminal.voice.respelling import for_synthesis
from terminal.voice.synthesis import (
    ESPEAK,
    SLOW,
    Espeak,
    Samples,
    Synthesiser,
    SynthesisError,
)

PHRASES = {
    "take_card.title.0": Phrase("en", "Please take your card"),
    "key.ok.0": Phrase("en", "OK"),
    "other.0": Phrase("en", "OK"),
}


class Whistle(Synthesiser):
    """Says every letter as a tenth of a second of a tone, with silence around all of it."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.said: list[str] = []

    def say(self, text: str, *, slow: bool) -> tuple[Samples, int]:
        self.said.append(text)
        if "fails" in text:
            raise SynthesisError("it cannot")
        seconds = len(text) * 0.1 / (SLOW if slow else 1)
        tone = 0.05 * np.sin(np.arange(int(seconds * 22050)) * 2 * np.pi * 440 / 22050)
        silence = np.zeros(22050)
        return np.concatenate([silence, tone, silence]), 22050


def test_a_recording_is_trimmed_levelled_and_slower_when_slow(tmp_path: Path) -> None:
    assert make(tmp_path, "en", PHRASES, Whistle()) == (2, 2)
    recordings = Recordings(tmp_path)
    usual = recordings.clip(Phrase("en", "OK"), slow=False)
    slow = recordings.clip(Phrase("en", "OK"), slow=True)
    assert usual.ms == pytest.approx(200 + 60, abs=10)
    assert slow.ms == pytest.approx(200 / SLOW + 60, abs=10)
    assert usual.file is not None
    with wave.open(str(usual.file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE_HZ)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32767
    assert 0.05 < np.abs(samples).max() <= PEAK + 1e-3
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * RATE_HZ / len(samples) == pytest.approx(440, abs=5)


def test_only_what_has_changed_is_made_again(tmp_path: Path) -> None:
    make(tmp_path, "en", PHRASES, Whistle())
    again = Whistle()
    assert make(tmp_path, "en", PHRASES, again) == (0, 2)
    assert again.said == []
    changed = {**PHRASES, "key.ok.0": Phrase("en", "Okay"), "other.0": Phrase("en", "Okay")}
    assert make(tmp_path, "en", changed, again) == (1, 2)
    with pytest.raises(MissingRecording):
        Recordings(tmp_path).clip(Phrase("en", "OK"), slow=False)
    assert make(tmp_path, "en", changed, Whistle("2")) == (2, 2), "another synthesiser"


def test_one_that_was_spoken_by_hand_is_kept_and_measured(tmp_path: Path) -> None:
    make(tmp_path, "en", PHRASES, Whistle())
    file = tmp_path / "en" / "take_card.title.0.wav"
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        out.writeframes(np.full(RATE_HZ // 2, 500, "<i2").tobytes())
    spoken = file.read_bytes()
    assert make(tmp_path, "en", PHRASES, Whistle())[0] == 0
    assert file.read_bytes() == spoken
    assert Recordings(tmp_path).clip(PHRASES["take_card.title.0"], slow=False).ms == 500


def test_what_fails_half_way_leaves_the_recordings_as_they_were(tmp_path: Path) -> None:
    make(tmp_path, "en", PHRASES, Whistle())
    with pytest.raises(SynthesisError):
        make(tmp_path, "en", {**PHRASES, "x.0": Phrase("en", "this fails")}, Whistle())
    Recordings(tmp_path).require(PHRASES.values())
    with pytest.raises(MissingRecording, match="1 of 1"):
        Recordings(tmp_path).require([Phrase("en", "this fails")])


def test_a_sound_without_a_sound_is_no_recording() -> None:
    with pytest.raises(ValueError, match="nothing is said"):
        levelled(np.zeros(1000), 16000)


@pytest.mark.parametrize(
    ("voice", "text", "said"),
    [
        ("ja", "お手数ですが", "おてすうですが"),
        (
            "ja-x-easy",
            "住民票（じゅうみんひょう）の 写し（うつし）です。",
            "じゅうみんひょうのうつしです。",
        ),
        ("ja", "マイナンバー（個人番号）", "マイナンバー（個人番号）"),
        ("vi", "Phiếu cư trú (住民票)", "Phiếu cư trú "),
        ("en", "Enter your PIN", "Enter your pin"),
    ],
)
def test_what_would_be_read_wrongly_is_written_otherwise(voice: str, text: str, said: str) -> None:
    assert for_synthesis(text, voice) == said


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("voice", sorted(ESPEAK))
def test_real_speech_in_every_language(tmp_path: Path, voice: str) -> None:
    words = {
        "en": "Please take your card.",
        "zh": "请取走您的卡。",
        "ko": "카드를 가져가세요.",
        "vi": "Vui lòng lấy thẻ.",
        "pt": "Retire o seu cartão.",
    }[voice]
    make(tmp_path, voice, {"x.0": Phrase(voice, words)}, Espeak(ESPEAK[voice]))
    recordings = Recordings(tmp_path)
    usual = recordings.clip(Phrase(voice, words), slow=False)
    slow = recordings.clip(Phrase(voice, words), slow=True)
    assert 500 < usual.ms < 4000
    assert 1.15 < slow.ms / usual.ms < 1.8


def test_a_folder_without_recordings_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingRecording, match=r"\./run voice"):
        Recordings(tmp_path)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "index.json").write_text("{")
    with pytest.raises(MissingRecording, match=r"index\.json"):
        Recordings(tmp_path)


def test_a_terminal_with_a_voice_does_not_start_without_its_recordings(tmp_path: Path) -> None:
    """Found out later, somebody would hear half a sentence."""
    speaker = {"type": "alsa", "device": "default", "recordings": str(tmp_path)}
    raw = {**settings_of(Play(tmp_path, port=None), tmp_path, tmp_path, 1, 0), "speaker": speaker}
    config = parse(raw, tmp_path)
    with pytest.raises(MissingRecording, match=r"no recordings of a voice"):
        recordings_of(config)
    for voice in (*NAMES, "kana"):
        few = dict(list(wanted(voice).items())[:3])
        make(tmp_path, voice, few, Whistle())
    with pytest.raises(MissingRecording, match=r"phrases are not recorded"):
        recordings_of(config)
