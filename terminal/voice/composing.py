"""Texts → clips: what the speaker plays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from drivers.speaker import Clip
from terminal.visit.screen import Text
from terminal.voice.phrases import Part, Pause, Phrase, Words, parts


class Source(Protocol):
    """Where recordings come from."""

    def clip(self, phrase: Phrase, *, slow: bool) -> Clip: ...


class Unrecorded:
    """For a simulated speaker: nothing sounds, and everything takes about as long as it would."""

    def clip(self, phrase: Phrase, *, slow: bool) -> Clip:
        ms = sum(140 if ord(character) > 0x2E80 else 65 for character in phrase.text)
        return Clip(int(ms * (1.4 if slow else 1)) + 100)


def clips(texts: Iterable[Text], words: Words, source: Source, *, slow: bool) -> tuple[Clip, ...]:
    """One clip after the other, with breaths between them and none at the end."""
    return tuple(
        _clips(_breathing(part for text in texts for part in parts(text, words)), source, slow)
    )


def _breathing(said: Iterable[Part]) -> Iterator[Part]:
    """Of several pauses in a row the longest, and none at the end."""
    pause: Pause | None = None
    for part in said:
        if isinstance(part, Pause):
            pause = part if pause is None or part.ms > pause.ms else pause
            continue
        if pause is not None:
            yield pause
        pause = None
        yield part


def _clips(said: Iterable[Part], source: Source, slow: bool) -> Iterator[Clip]:
    for part in said:
        match part:
            case Pause(ms):
                yield Clip(int(ms * (1.4 if slow else 1)))
            case Phrase():
                yield source.clip(part, slow=slow)
