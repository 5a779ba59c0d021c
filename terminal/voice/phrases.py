"""What is to be said → phrases that can be recorded beforehand.

A sentence of the catalogue without a slot is one phrase; any other is cut at its punctuation into clauses. A
clause without a slot is one phrase; one whose only slot is a small number (tries, copies, sheets) is one for
each number, because no language counts by joining words. In any other clause the words around the slots are phrases, and so are the parts of
what fills them: numbers by their places, moments by month, day and hour, telephone numbers by digits, names
by the morae of their reading. So the inventory is finite, and nobody's name is ever recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from string import Formatter
from typing import Protocol

from terminal.visit.screen import Argument, Named, Text
from terminal.voice import kana, numbers


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is recorded as one; ``voice`` is a language's, or ``kana`` for the morae of names.

    Its repr does not say what: phrases spell names.
    """

    voice: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """A breath, in milliseconds."""

    ms: int


Part = Phrase | Pause

CLAUSE, SENTENCE, AFTER_NAME = Pause(150), Pause(350), Pause(250)

SMALL = {
    "tries": range(1, 4),
    "typed": range(1, 5),
    "number": range(1, 10),
    "which": range(1, 10),
    "count": range(1, 10),
    "copies": range(1, 6),
    "n": range(13),
    "done": range(13),
    "total": range(1, 13),
    "reiwa": range(2, 31),
    "earned": range(1, 31),
    "seconds": range(0),
}
"""Slots that count things, and up to how many a phrase is recorded whole."""

_SPELLED = frozenset({"telephone", "reference"})
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ENDS = "。．.!?！？"
_SENTENCES = re.compile(r".+?(?:[。．！？]+|[.!?]+(?=\s|$)|$)", re.DOTALL)
_CLAUSES = re.compile(r".+?(?:[、。，．！？：；]+|[,.!?:;]+(?=\s|$)|$)", re.DOTALL)
_LATIN = re.compile(r"[0-9a-z]+")
_QUOTES = str.maketrans("", "", '「」『』“”"')
_WORD = re.compile(r"[^\W_]")


class Words(Protocol):
    """One language's catalogue."""

    @property
    def language(self) -> str: ...

    def has(self, text_id: str) -> bool: ...

    def words(self, text_id: str) -> str: ...

    def ids(self) -> frozenset[str]: ...

    @property
    def hotline(self) -> Text: ...


def parts(text: Text, words: Words) -> Iterator[Part]:
    """How a text is said. Texts have words of their own for the ear where ``voice.<id>`` exists."""
    yield from _Saying(words).text(text)


def inventory(words: Words) -> dict[str, Phrase]:
    """Every phrase of a language by a name for its file: what must be recorded."""
    return dict(_inventory(words))


def names() -> dict[str, Phrase]:
    """What the readings of names are made of."""
    return {f"kana.{mora}": Phrase("kana", mora) for mora in kana.MORAE}


def spoken(text: Text, words: Words) -> Text:
    """The text in its words for the ear."""
    for_the_ear = f"voice.{text.id}"
    return Text(for_the_ear, text.args) if words.has(for_the_ear) else text


# --- saying ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words before a slot, and the slot's name (None at the end)."""

    literal: str
    slot: str | None


def _pieces(clause: str) -> list[_Piece]:
    return [_Piece(literal, slot) for literal, slot, _, _ in Formatter().parse(clause)]


def _clauses(template: str) -> list[str]:
    """Sentences that are the same whatever fills the slots stay whole."""
    found: list[str] = []
    for sentence in _SENTENCES.findall(template):
        found += _CLAUSES.findall(sentence) if "{" in sentence else [sentence]
    return found


class _Saying:
    def __init__(self, words: Words) -> None:
        self._words = words
        self._voice = words.language

    def text(self, text: Text) -> Iterator[Part]:
        args: dict[str, Argument] = {**text.args}
        for clause in _clauses(self._words.words(spoken(text, self._words).id)):
            yield from self._clause(clause, args)
            yield SENTENCE if clause.rstrip()[-1:] in _ENDS else CLAUSE

    def _clause(self, clause: str, args: dict[str, Argument]) -> Iterator[Part]:
        pieces = _pieces(clause)
        slots = [piece.slot for piece in pieces if piece.slot is not None]
        value = args.get(slots[0]) if len(slots) == 1 else None
        if isinstance(value, int) and value in SMALL.get(slots[0], ()):
            yield from self._phrase(clause.format(**{slots[0]: value}))
            return
        for piece in pieces:
            yield from self._phrase(piece.literal)
            if piece.slot is not None:
                yield from self._value(piece.slot, args)

    def _value(self, slot: str, args: dict[str, Argument]) -> Iterator[Part]:
        if slot == "hotline":
            yield from self.text(self._words.hotline)
            return
        value = args[slot]
        match value:
            case int():
                for word in numbers.words(value, self._voice):
                    yield Phrase(self._voice, word)
            case datetime():
                yield from self._moment(value)
            case tuple():
                for each in value:
                    yield from self._value(slot, {slot: each})
                    yield CLAUSE
            case Named(reading=""):
                yield from self._spelled(value.written)
            case Named(reading=reading):
                yield from _spelled_name(reading)
            case str() if value.startswith("@"):
                yield from self.text(Text(value[1:]))
            case str() if slot in _SPELLED:
                yield from self._spelled(value)
            case str():
                raise ValueError(f"the slot {slot} has words that nobody recorded")

    def _spelled(self, value: str) -> Iterator[Part]:
        """Digits and Latin letters; what is written otherwise, and has no reading, is not said."""
        for group in _LATIN.findall(value.lower()):
            for character in group:
                yield Phrase(self._voice, character)
            yield AFTER_NAME

    def _moment(self, at: datetime) -> Iterator[Part]:
        """In the order of the language's ``voice.moment``, whose slots are phrases of their own."""
        said = {
            "month": f"month.{at.month}",
            "weekday": f"weekday.{at.isoweekday()}",
        }
        counted = {"day": at.day, "hour": at.hour, "minute": at.minute}
        for piece in _pieces(self._words.words("voice.moment")):
            if piece.slot in said:
                yield from self.text(Text(said[piece.slot]))
            elif piece.slot == "minute" and not at.minute:
                continue
            elif piece.slot is not None:
                template = self._words.words(f"voice.{piece.slot}")
                yield from self._phrase(template.format(n=counted[piece.slot]))

    def _phrase(self, words: str) -> Iterator[Phrase]:
        return recorded(words, self._voice)


def can_be_spelled(named: Named) -> bool:
    """Whether anything is heard of a name: a kanji name without a reading is silence."""
    return bool(named.reading) or _LATIN.search(named.written.lower()) is not None


def recorded(words: str, voice: str) -> Iterator[Phrase]:
    """The phrase of some words; none where there is nothing to say."""
    said = words.translate(_QUOTES).strip()
    if _WORD.search(said):
        yield Phrase(voice, said)


def _spelled_name(reading: str) -> Iterator[Part]:
    for mora in kana.morae(reading):
        yield Phrase("kana", mora) if mora else AFTER_NAME
    yield AFTER_NAME


# --- the inventory ---------------------------------------------------------------------------

_NOT_SAID = ("receipt.", "list.", "blank.", "moment", "month.", "weekday.")
_COUNTED = {"day": range(1, 32), "hour": range(24), "minute": range(1, 60)}


def _inventory(words: Words) -> Iterator[tuple[str, Phrase]]:
    voice = words.language
    for text_id in sorted(words.ids()):
        if _is_said(text_id, words):
            for number, phrase in enumerate(_of_template(words.words(text_id), voice)):
                yield f"{text_id}.{number}", phrase
    for unit, values in _COUNTED.items():
        template = words.words(f"voice.{unit}")
        for n in values:
            yield f"voice.{unit}.{n}", Phrase(voice, template.format(n=n))
    for word in numbers.inventory(voice):
        yield f"number.{word}", Phrase(voice, word)
    for character in _DIGITS + _LETTERS:
        yield f"spelled.{character}", Phrase(voice, character)


def _is_said(text_id: str, words: Words) -> bool:
    """Not what only stands on paper, nor what has other words for the ear."""
    if text_id in {f"voice.{name}" for name in (*_COUNTED, "moment")}:
        return False
    spoken_month = text_id.startswith(("month.", "weekday."))
    if text_id.startswith(_NOT_SAID) and not spoken_month:
        return False
    return not words.has(f"voice.{text_id}")


def _of_template(template: str, voice: str) -> Iterator[Phrase]:
    for clause in _clauses(template):
        pieces = _pieces(clause)
        slots = [piece.slot for piece in pieces if piece.slot is not None]
        if len(slots) == 1:
            for value in SMALL.get(slots[0], ()):
                yield from recorded(clause.format(**{slots[0]: value}), voice)
        for piece in pieces:
            yield from recorded(piece.literal, voice)
