"""A screen in words: what the page shows, as plain JSON. Every text is looked up here, none in the page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from terminal.visit.screen import Choice, Screen, ScreenKey, Text

DIGITS = frozenset("0123456789")

STATIC = Path(__file__).parent / "static"

PICTURES = frozenset(path.stem for path in (STATIC / "pictures").glob("*.svg"))
"""The drawings a screen may name."""

# A screen that names only the thing to touch gets the drawing of that.
_PICTURE_OF_GUIDE = {
    "card_reader": "card_on_reader",
    "keypad": "pin",
    "payment": "money",
    "printer_tray": "take_paper",
    "receipt": "receipt",
}

# Screens about nothing one can touch have a drawing of their own.
_PICTURE_OF_SCREEN = {
    "idle": "welcome",
    "notice": "notice",
    "closed": "closed",
    "out_of_service": "out_of_service",
}


class Catalogue(Protocol):
    """The strings of one language."""

    def lookup(self, text: Text) -> str: ...


class Spoken(Struct, frozen=True, kw_only=True):
    """Anything with words in it. Its repr shows none of them: they may be names."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class PanelChoice(Spoken, frozen=True, kw_only=True):
    number: int
    value: str
    label: str
    detail: str | None = None
    selected: bool | None = None
    enabled: bool = True


class PanelKey(Spoken, frozen=True, kw_only=True):
    key: str
    label: str


class PanelProgress(Struct, frozen=True, kw_only=True):
    done: int
    total: int


class PanelView(Spoken, frozen=True, kw_only=True):
    """One screen, ready to draw. ``remaining_s`` is the time till the time-out (None: no limit),
    ``warning`` its spoken last stretch; ``attention`` calls back whoever left something behind.
    ``time_left`` is said then; its ``{seconds}`` is left for the page, which counts by itself.
    ``languages`` are (code, own name), in the order the language key goes through them. ``services`` are
    keys that every screen has, and ``focus`` what two switches have reached: ``key-…`` or ``choice-…``."""

    screen: str
    language: str
    title: str
    lines: tuple[str, ...] = ()
    choices: tuple[PanelChoice, ...] = ()
    keys: tuple[PanelKey, ...] = ()
    progress: PanelProgress | None = None
    pin_length: int | None = None
    tone: str = "calm"
    guide: str | None = None
    picture: str | None = None
    remaining_s: float | None = None
    warning: bool = False
    languages: tuple[tuple[str, str], ...] = ()
    clock: str = ""
    terminal: str = ""
    attention: tuple[str, ...] = ()
    time_left: str = ""
    services: tuple[PanelKey, ...] = ()
    focus: str | None = None

    def offers_key(self, key: str) -> bool:
        """Whether a person who sees this screen can have pressed ``key``."""
        if key in DIGITS:
            return self.pin_length is not None or any(
                str(choice.number) == key and choice.enabled for choice in self.choices
            )
        return any(key == offered.key for offered in (*self.keys, *self.services))

    def offers_language(self, code: str) -> bool:
        return self.offers_key("language") and any(code == offered for offered, _ in self.languages)

    def offers_choice(self, value: str) -> bool:
        return any(choice.value == value and choice.enabled for choice in self.choices)


def render(
    screen: Screen,
    catalogue: Catalogue,
    *,
    language: str,
    languages: Iterable[tuple[str, str]] = (),
    clock: str = "",
    terminal: str = "",
    attention: Iterable[Text] = (),
    remaining_s: float | None = None,
    warning: bool = False,
    guide: str | None = None,
    services: Iterable[str] = (),
    focus: str | None = None,
) -> PanelView:
    """The screen in the catalogue's language. Key labels default to the texts ``key.<key>``."""
    lookup = catalogue.lookup
    title, lines = lookup(screen.title), tuple(lookup(line) for line in screen.lines)
    return PanelView(
        screen=screen.id,
        language=language,
        title=title,
        lines=lines,
        choices=tuple(_choice(choice, catalogue) for choice in screen.choices),
        keys=tuple(_key(key, screen, catalogue) for key in screen.keys),
        progress=None
        if screen.progress is None
        else PanelProgress(done=screen.progress.done, total=screen.progress.total),
        pin_length=screen.pin_length,
        tone=screen.tone.value,
        guide=guide,
        picture=_picture(screen, guide),
        services=tuple(PanelKey(key=key, label=lookup(Text(f"key.{key}"))) for key in services),
        focus=focus,
        remaining_s=remaining_s,
        warning=warning,
        languages=tuple(languages),
        clock=clock,
        terminal=terminal,
        attention=tuple(lookup(text) for text in attention),
        time_left=lookup(Text("time.left", {"seconds": "{seconds}"})),
    )


def _choice(choice: Choice, catalogue: Catalogue) -> PanelChoice:
    return PanelChoice(
        number=choice.number,
        value=choice.value,
        label=catalogue.lookup(choice.label),
        detail=None if choice.detail is None else catalogue.lookup(choice.detail),
        selected=choice.selected,
        enabled=choice.enabled,
    )


def _key(key: ScreenKey, screen: Screen, catalogue: Catalogue) -> PanelKey:
    label = screen.labels.get(key, Text(f"key.{key.value}"))
    return PanelKey(key=key.value, label=catalogue.lookup(label))


def _picture(screen: Screen, guide: str | None) -> str | None:
    named = (
        screen.picture or _PICTURE_OF_GUIDE.get(guide or "") or _PICTURE_OF_SCREEN.get(screen.id)
    )
    return named if named in PICTURES else None
