"""Every screen in its real words: whole, legible, and in one language."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from terminal.panel.server import Panel
from terminal.panel.view import PanelView, render
from terminal.signals import signals_of
from terminal.strings.catalogue import NAMES, catalogue
from terminal.visit.limits import counts_down
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from tests.terminal.panel.chromium import OpenPage
from tests.terminal.panel.measure import DRAWN, SIZES, faults
from tests.terminal.panel.wording import everything_said

KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
SLOT = re.compile(r"[{}@]|\b[a-z_]+\.[a-z_]+\b")


SERVICES = ("repeat", "volume", "call_staff")


def view_of(state: State, language: str, *, warning: bool = False) -> PanelView:
    return render(
        screen_of(state),
        catalogue(language).knowing("0120-000-0000"),
        language=language,
        languages=NAMES.items(),
        clock="10:42",
        terminal="見本",
        remaining_s=55 if counts_down(state) else None,
        warning=warning and counts_down(state),
        guide=signals_of(screen_of(state)).guide,
        services=SERVICES,
    )


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_every_screen_is_whole_and_legible(
    open_page: OpenPage, language: str, width: int, height: int
) -> None:
    panel = Panel("127.0.0.1", 0, print, print)
    page = await open_page(await panel.start(), width, height)
    await page.emulate_media(reduced_motion="reduce")
    wrong: dict[str, Any] = {}
    for name, state in everything_said(language).items():
        view = view_of(state, language, warning=width == SIZES[-1][0])
        panel.show(view)
        await page.wait_for_function(DRAWN, arg=view.screen)
        await expect(page.get_by_test_id("title")).to_have_text(view.title)
        if found := await faults(page):
            wrong[name] = found
    await panel.stop()
    assert wrong == {}


def said(view: PanelView) -> list[str]:
    choices = [words for choice in view.choices for words in (choice.label, choice.detail or "")]
    return [view.title, *view.lines, *choices, *(key.label for key in view.keys)]


@pytest.mark.parametrize("language", NAMES)
def test_no_screen_shows_an_id_or_an_open_slot(language: str) -> None:
    for name, state in everything_said(language).items():
        for words in said(view_of(state, language)):
            assert not SLOT.search(words), (name, words)


def test_nothing_is_left_untranslated() -> None:
    for name, state in everything_said("en").items():
        for words in said(view_of(state, "en")):
            assert not KANA.search(words), (name, words)


@pytest.mark.parametrize(
    ("language", "opens", "noon"),
    [
        ("ja", "11月25日（水）6時30分", "12月13日（日）12時"),
        ("en", "Wednesday, 25 November, 06:30", "Sunday, 13 December, 12:00"),
    ],
)
def test_R7_R9_moments_are_said_in_words(language: str, opens: str, noon: str) -> None:
    states = everything_said(language)
    for name, moment in (("closed", opens), ("card_issued_today", opens), ("maintenance", noon)):
        assert any(moment in line for line in view_of(states[name], language).lines), name


def test_R68_one_thing_is_asked_for_after_the_other() -> None:
    states = everything_said("ja")
    titles = {name: view_of(states[name], "ja").title for name in ("receipt", "change")}
    assert titles == {"receipt": "領収書をお取りください", "change": "お金をお取りください"}
    together = view_of(states["all lies there"], "ja")
    assert together.title == "カードをお取りください"
    assert together.lines[:3] == (
        "証明書をお取りください。",
        "領収書をお取りください。",
        "お金をお取りください。",
    )
