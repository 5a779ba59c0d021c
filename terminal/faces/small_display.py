"""A display of a few lines: the screen's words, turned like pages where they are more than fit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from drivers.display import Display
from drivers.display.cells import wrap
from terminal.faces import Scene
from terminal.faces.bringing import Bringing, Failing
from terminal.pin import PIN_DIGITS
from terminal.strings.catalogue import Catalogue, catalogue
from terminal.visit.states import Idle

TURN_S = 4.0  # eight full-width characters a line: four lines are read in less
SPARE = (
    "en"  # what every display has the letters for, but for names and a printer's quotation marks
)
MISSING = "?"
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "×": "x", "–": "-"})

Lines = tuple[str, ...]


def legible(text: str, display: Display) -> str:
    """With a mark for each letter that the display does not have: seen to be missing, never another one."""
    if display.can_show(text):
        return text
    plain = text.translate(_PLAIN)
    return "".join(letter if display.can_show(letter) else MISSING for letter in plain)


def texts_of(scene: Scene, words: Catalogue) -> Iterator[str]:
    """Everything on the screen in the order in which it stands; calls first."""
    yield from (words.lookup(text) for text in scene.unsaid)
    screen = scene.screen
    yield words.lookup(screen.title)
    if screen.pin_length is not None:
        yield "*" * screen.pin_length + "-" * (PIN_DIGITS - screen.pin_length)
    yield from (words.lookup(line) for line in screen.lines)
    for choice in screen.choices:
        mark = {True: "*", False: " ", None: ""}[choice.selected]
        yield f"{choice.number}{mark} {words.lookup(choice.label)}"


def pages(texts: Iterator[str], columns: int, rows: int) -> tuple[Lines, ...]:
    """At most ``rows`` lines of ``columns`` half-width cells each; never none."""
    lines = iter([line for text in texts for line in wrap(text, columns)])
    found: list[Lines] = []
    while page := tuple(islice(lines, rows)):
        found.append(page)
    return tuple(found) or ((),)


class SmallDisplay:
    """``display`` is None where none is fitted."""

    def __init__(self, display: Display | None, failing: Failing) -> None:
        self._display = display
        self._bringing: Bringing[Lines] | None = None
        if display is not None:
            self._bringing = Bringing(display, display.show, failing)
        self._pages: tuple[Lines, ...] = ((),)
        self._shown: Lines | None = None
        self._at, self._turned_at = 0, 0.0

    def show(self, scene: Scene) -> None:
        if self._display is None or self._bringing is None:
            return
        texts = texts_of(scene, self._words(scene, self._display))
        shown = (legible(text, self._display) for text in texts)
        made = pages(shown, *_size(self._display))
        if isinstance(scene.state, Idle):
            made = made[:1]  # steady at rest
        if scene.entered or (made != self._pages and len(made) != len(self._pages)):
            self._at, self._turned_at = 0, scene.now
        elif len(made) > 1 and scene.now >= self._turned_at + TURN_S:
            self._at, self._turned_at = (self._at + 1) % len(made), scene.now
        self._pages = made
        if made[self._at] != self._shown:
            self._shown = made[self._at]
            self._bringing.want(self._shown)

    def next_change_s(self, now: float) -> float | None:
        """Until the page is turned."""
        return None if len(self._pages) < 2 else max(0.0, self._turned_at + TURN_S - now)

    def _words(self, scene: Scene, display: Display) -> Catalogue:
        """The person's language where the display has its letters; a name alone does not decide."""
        screen = scene.screen
        texts = (*scene.unsaid, screen.title, *screen.lines, *(c.label for c in screen.choices))
        known = (text.id for text in texts if scene.words.has(text.id))
        if all(display.can_show(scene.words.words(text_id)) for text_id in known):
            return scene.words
        return catalogue(SPARE)

    async def run(self) -> None:
        if self._bringing is not None:
            await self._bringing.run()


def _size(display: Display) -> tuple[int, int]:
    return display.columns, display.rows
