"""The page itself, in a real browser: what a person sees, touches, types and hears read out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from yarl import URL

from terminal.panel.server import Panel
from terminal.panel.view import PanelView
from tests.terminal.panel.chromium import OpenPage
from tests.terminal.panel.measure import DRAWN, SIZES, faults
from tests.terminal.panel.patience import until
from tests.terminal.panel.samples import (
    AWAITING_CARD,
    CERTIFICATES,
    CONFIRMING,
    FAREWELL,
    GUIDE,
    IDLE,
    ITEMS,
    KINDS,
    NOTICE,
    OUT_OF_SERVICE,
    PAYING,
    PEOPLE,
    PIN,
    PIN_WRONG,
    PRINTING,
    TAKE_CARD,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Terminal:
    """A panel, what was pressed on it, and a PIN buffer as the conductor keeps one."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.choices: list[str] = []
        self.languages: list[str] = []
        self.panel = Panel(
            "127.0.0.1", 0, self.keys.append, self.choices.append, self.languages.append
        )
        self.url = ""

    async def heard(self, *keys: str) -> None:
        """Exactly these keys: the last one shows that nothing came of those before it."""
        await until(lambda: len(self.keys) >= len(keys))
        assert self.keys == list(keys)


@pytest_asyncio.fixture(loop_scope="session")
async def terminal() -> AsyncIterator[Terminal]:
    it = Terminal()
    it.url = await it.panel.start()
    yield it
    await it.panel.stop()


TOUCHABLE = "() => !document.querySelector('[inert]')"


async def drawn(terminal: Terminal, page: Page, view: PanelView) -> None:
    """Put a view on and wait until it is drawn."""
    terminal.panel.show(view)
    await page.wait_for_function(DRAWN, arg=view.screen)
    await expect(page.get_by_test_id("title")).to_have_text(view.title)


async def shown(terminal: Terminal, page: Page, view: PanelView) -> None:
    """Put a view on and wait until it takes touches."""
    await drawn(terminal, page, view)
    await page.wait_for_function(TOUCHABLE)


# --- what it looks like ----------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_everything_fits_and_can_be_read_and_hit(
    terminal: Terminal, open_page: OpenPage, width: int, height: int
) -> None:
    page = await open_page(terminal.url, width, height)
    await page.emulate_media(reduced_motion="reduce")
    wrong: dict[str, Any] = {}
    for name, view in KINDS.items():
        await drawn(terminal, page, view)
        if found := await faults(page):
            wrong[name] = found
    assert wrong == {}


async def test_every_word_of_a_view_is_on_the_page(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    for view in KINDS.values():
        await drawn(terminal, page, view)
        said = await page.locator("body").inner_text()
        for words in (*view.lines, *view.attention, *(choice.label for choice in view.choices)):
            assert words in said
        buttons = await page.locator("button").evaluate_all(
            "(all) => all.map((one) => one.dataset.testid)"
        )
        assert set(buttons) == {
            *(f"choice-{choice.value}" for choice in view.choices),
            *(f"key-{key.key}" for key in view.keys),
            *(f"key-{digit}" for digit in range(10) if view.pin_length is not None),
        }


async def test_a_choice_shows_its_number_and_its_detail(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await drawn(terminal, page, CERTIFICATES)
    tile = page.get_by_test_id("choice-seal_registration")
    await expect(tile).to_have_text("2印鑑登録証明書ご利用いただけません（理由を見る）")


async def test_the_page_speaks_the_language_of_its_view(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, msgspec.structs.replace(IDLE, language="en", title="Certificates"))
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_every_language_can_be_chosen_in_its_own_words(
    terminal: Terminal, open_page: OpenPage
) -> None:
    many = (("ja", "日本語"), ("en", "English"), ("zh", "中文"), ("vi", "Tiếng Việt"))
    page = await open_page(terminal.url, 800, 480)
    await shown(terminal, page, msgspec.structs.replace(IDLE, languages=many, language="zh"))
    await page.get_by_test_id("key-language").click()
    for code, name in many:
        tile = page.get_by_test_id(f"language-{code}")
        await expect(tile.locator(f"[lang={code}]")).to_have_text(name)
    await expect(page.get_by_test_id("language-zh")).to_have_attribute("aria-current", "true")
    await page.get_by_test_id("language-vi").click()
    await until(lambda: terminal.languages == ["vi"])
    await expect(page.get_by_test_id("languages")).to_be_hidden()


async def test_the_list_of_languages_can_be_left_as_it_was(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url, 800, 480)
    await shown(terminal, page, IDLE)
    await page.get_by_test_id("key-language").click()
    await page.get_by_test_id("language-close").click()
    await expect(page.get_by_test_id("languages")).to_be_hidden()
    assert terminal.languages == []


@pytest.mark.parametrize(
    "urgent", [{"warning": True}, {"attention": ("カードをお取りください。",)}]
)
async def test_the_list_of_languages_hides_nothing_urgent(
    terminal: Terminal, open_page: OpenPage, urgent: dict[str, Any]
) -> None:
    page = await open_page(terminal.url, 800, 480)
    await shown(terminal, page, IDLE)
    await page.get_by_test_id("key-language").click()
    await expect(page.get_by_test_id("languages")).to_be_visible()
    terminal.panel.show(msgspec.structs.replace(IDLE, **urgent))
    await expect(page.get_by_test_id("languages")).to_be_hidden()


async def test_R27_progress_is_drawn_as_sheets(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, PRINTING)
    progress = page.get_by_test_id("progress")
    await expect(progress.locator("i")).to_have_count(3)
    await expect(progress.locator("i.done")).to_have_count(1)
    await expect(progress).to_have_attribute("aria-valuenow", "1")
    await shown(terminal, page, PAYING)
    await expect(progress).to_have_class("bar")
    await expect(progress).to_have_attribute("aria-valuemax", "250")


async def test_R66_what_was_left_behind_is_called_out(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, IDLE)
    await expect(page.get_by_test_id("attention")).to_be_hidden()
    await shown(terminal, page, TAKE_CARD)
    attention = page.get_by_test_id("attention")
    await expect(attention).to_be_visible()
    await expect(attention).to_have_attribute("role", "alert")
    await expect(attention.locator("p")).to_have_text(list(TAKE_CARD.attention))


async def test_R59_nothing_of_the_screen_before_stays_on_the_page(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, PEOPLE)
    await shown(terminal, page, IDLE)
    left = await page.content()
    assert not any(choice.label in left for choice in PEOPLE.choices)
    kept = "Object.keys(localStorage).length + Object.keys(sessionStorage).length"
    assert await page.evaluate(kept) == 0


async def test_nothing_flashes_faster_than_two_hertz_or_comes_from_elsewhere(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    for view in KINDS.values():
        await drawn(terminal, page, view)
        periods = await page.evaluate(
            "document.getAnimations().map(({effect}) => effect.getTiming())"
            ".filter(({iterations}) => iterations === Infinity).map(({duration}) => duration)"
        )
        assert all(period >= 500 for period in periods), view.screen
    assert len(asked) > len({view.picture for view in KINDS.values()})
    assert all(url.startswith(terminal.url) for url in asked)


async def test_who_asks_for_less_motion_gets_none(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await page.emulate_media(reduced_motion="reduce")
    for view in (TAKE_CARD, PAYING, AWAITING_CARD):
        await shown(terminal, page, view)
        assert await page.evaluate("document.getAnimations().length") == 0


# --- touching --------------------------------------------------------------------------------


async def test_touching_a_choice_says_its_value(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, IDLE)
    await page.get_by_test_id("choice-services").click()
    await until(lambda: terminal.choices == ["services"])
    assert terminal.keys == []


async def test_touching_a_key_says_its_name(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, NOTICE)
    for key in ("more_time", "back", "cancel", "ok"):
        await page.get_by_test_id(f"key-{key}").click()
    await terminal.heard("more_time", "back", "cancel", "ok")


async def test_a_choice_that_is_off_says_nothing(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, CONFIRMING)
    await page.get_by_test_id("choice-fewer").click(force=True)
    await page.get_by_test_id("choice-more").click()
    await until(lambda: len(terminal.choices) > 0)
    assert terminal.choices == ["more"]


async def test_a_hurried_second_tap_does_not_land_on_the_next_screen(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, CERTIFICATES)
    await page.evaluate(
        "() => { window.seen = [];"
        " new MutationObserver(() => seen.push(document.getElementById('keys').inert))"
        ".observe(document.getElementById('keys'), {attributeFilter: ['inert']}); }"
    )
    await shown(terminal, page, ITEMS)
    assert await page.evaluate("seen") == [True, False]
    more = msgspec.structs.replace(ITEMS, lines=("同じ画面",))
    terminal.panel.show(more)
    await expect(page.get_by_test_id("lines")).to_have_text("同じ画面")
    assert await page.evaluate("seen") == [True, False]


async def test_R14_R45_the_pin_is_shown_as_dots_only(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    fresh = msgspec.structs.replace(PIN, pin_length=0)
    await shown(terminal, page, fresh)
    await expect(page.get_by_text("あと3回まちがえるとロックされます。")).to_be_visible()
    for typed, digit in enumerate("7391", start=1):
        await page.get_by_test_id(f"key-{digit}").click()
        await until(lambda typed=typed: len(terminal.keys) == typed)  # type: ignore[misc]
        terminal.panel.show(msgspec.structs.replace(PIN, pin_length=typed))
        await expect(page.locator(".dot.typed")).to_have_count(typed)
    assert terminal.keys == list("7391")
    await expect(page.get_by_test_id("pin")).to_have_text("")
    await expect(page.get_by_test_id("pin")).to_have_attribute("aria-label", "4 / 4")
    assert await page.locator("input, textarea, [contenteditable]").count() == 0
    assert "7391" not in await page.content()


async def test_ok_comes_when_the_pin_is_whole(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, PIN)
    await expect(page.get_by_test_id("key-ok")).to_have_count(0)
    terminal.panel.show(PIN_WRONG)
    await page.get_by_test_id("key-ok").click()
    await terminal.heard("ok")


# --- typing ----------------------------------------------------------------------------------


async def test_the_keyboard_does_what_the_keys_do(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, ITEMS)
    for key in ("2", "Enter", "Backspace", "Escape"):
        await page.keyboard.press(key)
    await terminal.heard("2", "ok", "back", "cancel")


async def test_backspace_corrects_a_pin(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, PIN)
    for key in ("0", "9", "Backspace"):
        await page.keyboard.press(key)
    await terminal.heard("0", "9", "clear")


async def test_keys_that_a_screen_does_not_offer_do_nothing(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, GUIDE)
    for key in ("5", "Enter", "Escape", "x", "Control+Backspace", "Backspace"):
        await page.keyboard.press(key)
    await terminal.heard("back")


async def test_a_choice_reached_by_tab_is_pressed_by_enter(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, ITEMS)
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("choice-head_and_relationship")).to_be_focused()
    await page.keyboard.press("Enter")
    await until(lambda: terminal.choices == ["head_and_relationship"])
    assert terminal.keys == []


async def test_after_a_touch_enter_is_ok_again(terminal: Terminal, open_page: OpenPage) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, ITEMS)
    await page.get_by_test_id("choice-my_number").click()
    await page.keyboard.press("Enter")
    await terminal.heard("ok")
    assert terminal.choices == ["my_number"]


# --- what is read out ------------------------------------------------------------------------


async def test_a_new_screen_takes_the_focus_to_its_title_and_a_change_leaves_it(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, ITEMS)
    title = page.get_by_test_id("title")
    await expect(title).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    first, second, third = ITEMS.choices
    toggled = msgspec.structs.replace(second, selected=True)
    terminal.panel.show(msgspec.structs.replace(ITEMS, choices=(first, toggled, third)))
    tile = page.get_by_test_id("choice-registered_domicile")
    await expect(tile).to_have_attribute("aria-pressed", "true")
    await expect(tile).to_be_focused()
    await shown(terminal, page, NOTICE)
    await expect(title).to_be_focused()


async def test_title_and_lines_are_announced_and_pictures_are_not(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, AWAITING_CARD)
    live = page.locator("[aria-live=polite]")
    await expect(live.get_by_test_id("title")).to_have_count(1)
    await expect(live.get_by_test_id("lines")).to_have_count(1)
    await expect(page.locator("#picture")).to_have_attribute("aria-hidden", "true")
    await shown(terminal, page, ITEMS)
    for choice in ITEMS.choices:
        tile = page.get_by_test_id(f"choice-{choice.value}")
        await expect(tile).to_have_attribute("aria-pressed", str(choice.selected).lower())
    name = f"1 {ITEMS.choices[0].label} {ITEMS.choices[0].detail}"
    await expect(page.get_by_role("button", name=name)).to_be_visible()


async def test_the_last_seconds_are_counted_and_announced_once(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url)
    await shown(terminal, page, AWAITING_CARD)
    await expect(page.get_by_test_id("warning")).to_be_hidden()
    await expect(page.locator("#time")).to_be_visible()
    terminal.panel.show(PAYING)
    warning = page.get_by_test_id("warning")
    await expect(warning).to_contain_text("秒で終了します")
    await expect(page.locator("#seconds")).to_have_attribute("aria-live", "off")
    seconds = int(await page.locator("#seconds").inner_text())
    assert 15 <= seconds <= 18
    await expect(page.locator("#seconds")).to_have_text(str(seconds - 1))
    await page.get_by_test_id("key-more_time").click()
    await terminal.heard("more_time")
    await shown(terminal, page, FAREWELL)
    await expect(warning).to_be_hidden()
    await expect(page.locator("#time")).to_be_hidden()


# --- the line to the terminal ----------------------------------------------------------------


async def test_a_broken_line_is_unmistakable_hides_everything_and_mends_itself(
    terminal: Terminal, open_page: OpenPage
) -> None:
    page = await open_page(terminal.url, quiet=False)
    await shown(terminal, page, PEOPLE)
    veil = page.get_by_test_id("veil")
    await expect(veil).to_be_hidden()
    port = URL(terminal.url).port
    assert port is not None
    await terminal.panel.stop()
    await expect(veil).to_be_visible()
    await expect(veil).to_contain_text("画面を更新しています")
    await expect(veil).to_contain_text("Reconnecting")
    assert "見本" not in await page.content()
    await page.keyboard.press("Enter")

    terminal.panel = Panel("127.0.0.1", port, terminal.keys.append, terminal.choices.append)
    terminal.panel.show(CERTIFICATES)
    await terminal.panel.start()
    await shown(terminal, page, CERTIFICATES)
    await expect(veil).to_be_hidden()
    await page.get_by_test_id("choice-residence").click()
    await until(lambda: terminal.choices == ["residence"])
    assert terminal.keys == []


async def test_two_pages_show_the_same(terminal: Terminal, open_page: OpenPage) -> None:
    first, second = await open_page(terminal.url), await open_page(terminal.url, 800, 480)
    await shown(terminal, first, OUT_OF_SERVICE)
    await shown(terminal, second, OUT_OF_SERVICE)
