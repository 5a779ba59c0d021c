"""Text → sound, while the recordings are made: Open JTalk for Japanese, eSpeak NG for the others.

None of this runs on a terminal. The Japanese voice is HTS “Mei” (CC BY 3.0, MMDAgent project), which comes with
pyopenjtalk-plus, as does its dictionary.
"""

from __future__ import annotations

import abc
import io
import shutil
import subprocess
import wave
from importlib import import_module, metadata
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
"""Mono; about -1.0 to 1.0."""

SLOW = 0.7  # of the usual pace: clearly slower, and still a sentence


class SynthesisError(Exception):
    """A synthesiser is missing or failed; the message says what to do."""


class Synthesiser(abc.ABC):
    """``version`` changes when what it says may sound otherwise."""

    version: str

    @abc.abstractmethod
    def say(self, text: str, *, slow: bool) -> tuple[Samples, int]:
        """The samples, and how many there are a second. Raises SynthesisError."""


class OpenJTalk(Synthesiser):
    def __init__(self) -> None:
        try:
            library: Any = import_module("pyopenjtalk")
        except ImportError as error:
            raise SynthesisError("pyopenjtalk is missing: start this by ./run voice") from error
        self._library = library
        self.version = f"pyopenjtalk-plus {metadata.version('pyopenjtalk-plus')}"

    def say(self, text: str, *, slow: bool) -> tuple[Samples, int]:
        samples, rate = self._library.tts(text, speed=SLOW if slow else 1.0)
        return np.asarray(samples, np.float64) / 32768, int(rate)


WORDS_A_MINUTE = 150


class Espeak(Synthesiser):
    """``language`` as eSpeak calls it."""

    def __init__(self, language: str) -> None:
        program = shutil.which("espeak-ng")
        if program is None:
            raise SynthesisError("espeak-ng is missing: apt-get install espeak-ng")
        self._program, self._language = program, language
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        self.version = " ".join(said.stdout.split()[:4])

    def say(self, text: str, *, slow: bool) -> tuple[Samples, int]:
        pace = str(round(WORDS_A_MINUTE * (SLOW if slow else 1)))
        command = [self._program, "-v", self._language, "-s", pace, "--stdin", "--stdout"]
        made = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
        if made.returncode != 0 or not made.stdout:
            complaint = made.stderr.decode(errors="replace").strip()
            raise SynthesisError(f"espeak-ng could not say it in {self._language}: {complaint}")
        with wave.open(io.BytesIO(made.stdout)) as sound:
            octets = sound.readframes(sound.getnframes())
            return np.frombuffer(octets, "<i2") / 32768, sound.getframerate()


ESPEAK = {"en": "en-gb", "zh": "cmn", "ko": "ko", "vi": "vi", "pt": "pt-br"}


def synthesiser(voice: str) -> Synthesiser:
    """Raises SynthesisError; KeyError for a voice there is none for."""
    return OpenJTalk() if voice.startswith(("ja", "kana")) else Espeak(ESPEAK[voice])
