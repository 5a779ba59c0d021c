"""Every screen on every small display: nothing that it cannot show ever reaches it."""

from __future__ import annotations

import pytest

from drivers.display import Display
from drivers.display.customer import CustomerDisplay
from drivers.display.oled import OledDisplay
from terminal.attention import signals
from terminal.faces import Scene
from terminal.faces.small_display import SmallDisplay, legible
from terminal.receipt import find_font
from terminal.signals import signals_of
from terminal.strings.catalogue import NAMES, catalogue
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from tests.terminal.panel.wording import everything_said

DISPLAYS = {
    "oled": OledDisplay("ssd1306", [find_font()]),
    "till": CustomerDisplay("/nowhere"),
    "till with kanji": CustomerDisplay("/nowhere", encoding="shift_jis"),
}


def shown(display: Display, state: State, language: str) -> tuple[tuple[str, ...], ...]:
    """All pages."""
    screen = screen_of(state)
    face = SmallDisplay(display, lambda _name, _fails: None)
    words = catalogue(language).knowing("0120-000-0000")
    face.show(Scene(state, screen, signals_of(screen), words, signals({}), 0.0))
    return face._pages


@pytest.mark.parametrize("kind", DISPLAYS)
@pytest.mark.parametrize("language", NAMES)
def test_nothing_reaches_a_display_that_it_cannot_show(kind: str, language: str) -> None:
    display = DISPLAYS[kind]
    for name, state in everything_said(language).items():
        for page in shown(display, state, language):
            for line in page:
                assert display.can_show(line), (name, line)


def test_a_name_does_not_turn_a_screen_into_another_language() -> None:
    state = everything_said("ja")["2 people"]
    (first, *_), *_ = shown(DISPLAYS["oled"], state, "ja")
    assert not first.isascii()


def test_a_letter_that_is_missing_is_seen_to_be_missing() -> None:
    till = DISPLAYS["till"]
    assert legible("1 見本 MARIA", till) == "1 ?? MARIA"
    assert legible("250 yen × 2: “Card”", till) == '250 yen x 2: "Card"'
