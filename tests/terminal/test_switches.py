"""Two switches reach whatever a screen offers, and nothing else; a PIN cannot be counted from the presses."""

from __future__ import annotations

from datetime import datetime

import pytest

from terminal.attention import signals
from terminal.clock import JST
from terminal.faces import Scene
from terminal.faces.page import Page
from terminal.panel.server import Panel
from terminal.signals import signals_of
from terminal.strings.catalogue import catalogue
from terminal.switches import ALWAYS, Focus, Stop, stops
from terminal.visit import states as s
from terminal.visit.known import CardFacts, Visit
from terminal.visit.screen import Screen
from terminal.visit.screens import screen_of
from tests.terminal.visit.test_machine import explore


def test_every_choice_and_key_of_every_screen_is_reached_once_round() -> None:
    for state, _ in explore():
        screen = screen_of(state)
        focus = Focus()
        reached = [focus.go_on(screen, 7) for _ in range(len(stops(screen, 7)))]
        assert len(set(reached)) == len(reached)
        assert focus.go_on(screen, 3) == reached[0], "and round again"
        wanted = {Stop(choice=c.value) for c in screen.choices if c.enabled}
        wanted |= {Stop(key=key.value) for key in screen.keys}
        wanted |= {Stop(key=key) for key in ALWAYS}
        if screen.pin_length is not None and screen.pin_length < 4:
            wanted |= {Stop(key=str(digit)) for digit in range(10)}
        assert set(reached) == wanted


def pin_screen(typed: int) -> Screen:
    return screen_of(s.EnteringPin(Visit("v"), CardFacts(3), typed=typed))


@pytest.mark.parametrize("first", range(10))
def test_R14_digits_begin_at_another_one_each_time(first: int) -> None:
    focus = Focus()
    assert focus.go_on(pin_screen(0), first) == Stop(key=str(first))
    assert focus.choose(pin_screen(0)) == Stop(key=str(first))
    other = (first + 3) % 10
    assert focus.go_on(pin_screen(1), other) == Stop(key=str(other)), "after each digit anew"


def test_nothing_is_chosen_before_something_was_reached() -> None:
    assert Focus().choose(pin_screen(0)) is None


def test_what_is_no_longer_there_is_not_chosen() -> None:
    focus = Focus()
    focus.go_on(pin_screen(0), 5)
    assert focus.choose(pin_screen(4)) is None, "all digits are typed: a fifth is not offered"


def test_what_was_reached_is_not_in_its_repr() -> None:
    focus = Focus()
    focus.go_on(pin_screen(0), 5)
    assert "5" not in repr(focus) + repr(Stop(key="5"))


def test_R14_a_digit_is_seen_by_who_cannot_hear_it_and_by_nobody_else() -> None:
    """With the screen alone, and without ears, a PIN can be chosen as well as touched."""
    panel = Panel("127.0.0.1", 0, print, print)
    page = Page(panel, "desk", ())
    screen = pin_screen(1)
    scene = Scene(
        s.EnteringPin(Visit("v"), CardFacts(3), typed=1),
        screen,
        signals_of(screen),
        catalogue("ja"),
        signals({}),
        0.0,
        stop=Stop(key="7"),
    )
    seen: list[str | None] = []
    for heard_alone in (False, True):
        page.show(scene, datetime(2026, 11, 26, 10, tzinfo=JST), heard_alone=heard_alone)
        assert panel._view is not None
        seen.append(panel._view.focus)
    assert seen == ["key-7", "digit"]
