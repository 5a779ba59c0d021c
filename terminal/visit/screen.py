"""What a person sees, hears and may press, independent of the face that shows it.

One view model, three renderings (page, four-line display, voice). It holds text *ids*; the faces look
the words up in the one catalogue (terminal/strings). Every choice carries a number, so that the whole
visit can be made by touch alone or by keypad alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


@dataclass(frozen=True, slots=True)
class Named:
    """A person, a city or an office: as written, and how that is read ("" where nobody told us)."""

    written: str = field(repr=False)
    reading: str = field(default="", repr=False)


Argument = str | int | datetime | Named | tuple["str | Named", ...]
"""What fills a slot: each language writes a number, a moment or an enumeration in its own way."""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of the catalogue and what to put in it. The repr shows the id only: args may be names."""

    id: str
    args: Mapping[str, Argument] = field(default_factory=dict[str, Argument], repr=False)


class Tone(Enum):
    """How a screen feels: faults and calls differ by colour, mark and words alike."""

    CALM = "calm"
    ATTENTION = "attention"
    FAULT = "fault"


class ScreenKey(Enum):
    """Function keys a screen offers; the keypad has a key for each, the page a button."""

    OK = "ok"
    BACK = "back"
    CANCEL = "cancel"
    CLEAR = "clear"
    MORE_TIME = "more_time"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Choice:
    """A numbered choice (1–9). ``selected`` is None where choosing goes on at once."""

    number: int
    value: str
    label: Text
    detail: Text | None = None
    selected: bool | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total``, for instance sheets printed."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Screen:
    """``pin_length`` is how many digits are typed (None: no PIN here). ``picture`` names a drawing the
    page may show beside the text. ``situation`` names the row of terminal/signals.py, where one screen
    (``id``) has several."""

    id: str
    title: Text
    lines: tuple[Text, ...] = ()
    choices: tuple[Choice, ...] = ()
    keys: tuple[ScreenKey, ...] = ()
    labels: dict[ScreenKey, Text] = field(default_factory=dict[ScreenKey, Text])
    progress: Progress | None = None
    pin_length: int | None = None
    tone: Tone = Tone.CALM
    picture: str | None = None
    situation: str = ""
