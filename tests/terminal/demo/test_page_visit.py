"""Whole visits through the page of the demo, by the hands and eyes of a person alone.

Backend, terminal and devices are the real program; nothing is called behind the page's back.
"""

from __future__ import annotations

import re

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.terminal.demo.person import STEP_MS, Person
from tests.terminal.panel.chromium import OpenPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

PERSONA, PIN = "morita-kenji", "1234"
HOUSEHOLD = ("森田", "健二")
A4 = 297 / 210
STORED = "() => Object.keys(localStorage).length + Object.keys(sessionStorage).length"
KANA = re.compile(r"[ぁ-ゖァ-ヺ]")


async def stands_before(stage: str, open_page: OpenPage) -> Person:
    page = await open_page(stage, 1440, 900)
    await expect(page.get_by_test_id(f"card-{PERSONA}")).to_be_visible(timeout=STEP_MS)
    return await Person.with_a_finger(page)


def is_written_on(paper: Image.Image) -> bool:
    """Some ink, and far from all of it."""
    dark = sum(paper.histogram()[:100]) / (paper.width * paper.height)
    return 0.005 < dark < 0.5


async def test_R59_a_whole_visit_by_touch_leaves_nothing_personal_on_the_screen(
    stage: str, open_page: OpenPage
) -> None:
    person = await stands_before(stage, open_page)
    await person.sign_in(PERSONA, PIN)
    await person.put_together()
    await expect(person.lines).to_contain_text("森田　健二")
    await expect(person.lines).to_contain_text("マイナンバー（個人番号）")
    await expect(person.lines).to_contain_text("250円 × 1通 ＝ 250円")
    assert "森田　健二" in await person.everything_in_the_dom()
    await person.order_and_pay(500)
    await expect(person.title).to_have_text("証明書をお取りください　全1枚")
    assert_anonymous(await person.everything_in_the_dom())

    sheet = await person.picture("sheet-1")
    assert sheet.height / sheet.width == pytest.approx(A4, abs=0.01)
    assert is_written_on(sheet)
    assert is_written_on(await person.picture("receipt"))
    await person.use("sheet-1")
    await expect(person.page.get_by_test_id("enlarged")).to_be_visible()
    await person.use("enlarged-close")

    await person.use("take-sheets")
    await expect(person.title).to_have_text("領収書をお取りください")
    await person.use("take-receipt")
    await expect(person.title).to_have_text("お金をお取りください")
    await expect(person.page.get_by_test_id("change")).to_have_text("250")
    await person.use("take-change")
    await expect(person.title).to_have_text("ご利用ありがとうございました")
    assert_anonymous(await person.everything_in_the_dom())
    await person.sees("idle")
    assert_anonymous(await person.everything_in_the_dom())
    assert await person.page.evaluate(STORED) == 0


async def test_a_whole_visit_by_the_keyboard(stage: str, open_page: OpenPage) -> None:
    dock = await open_page(stage, 1440, 900)
    kiosk = await open_page(stage.removesuffix("demo"), 1024, 600)
    person = Person.with_a_keyboard(dock, kiosk)
    await person.sign_in(PERSONA, PIN)
    await person.put_together()
    await person.press("back")
    await person.sees("choosing_items")
    await person.press("ok")
    await person.sees("notice")
    await person.press("ok")
    await person.sees("confirming")
    await person.choose("more")
    await expect(person.lines).to_contain_text("250円 × 2通 ＝ 500円")
    await person.order_and_pay(500)
    await expect(person.title).to_have_text("証明書をお取りください　全2枚")
    await person.take_everything()


async def test_a_whole_visit_in_english(stage: str, open_page: OpenPage) -> None:
    person = await stands_before(stage, open_page)
    await person.sees("idle")
    await person.speak("en")
    await expect(person.title).to_have_text("Certificates")
    assert await person.language() == "en"
    untranslated: list[str] = []
    for step in (
        person.sign_in(PERSONA, PIN),
        person.put_together(),
        person.order_and_pay(100, 100, 50),
        person.take_everything(),
    ):
        await step
        untranslated += KANA.findall(await person.words())
    assert untranslated == []
    await expect(person.title).to_have_text("Thank you")
    await person.sees("idle")
    await expect(person.title).to_have_text(
        "証明書の交付"
    )  # the next person is greeted in Japanese


async def test_R14_R45_a_wrong_pin_leaves_no_digit_and_says_how_many_tries_are_left(
    stage: str, open_page: OpenPage
) -> None:
    person = await stands_before(stage, open_page)
    await person.begin(PERSONA)
    await expect(person.lines).to_contain_text("あと3回")
    for tries in (2, 1):
        before = digits_of(await person.everything_in_the_dom())
        await person.type_pin("9876")
        assert digits_of(await person.everything_in_the_dom()) == before
        await person.press("ok")
        if tries == 1:
            await person.sees("last_try")
            await expect(person.title).to_have_text("入力できるのは、あと1回です")
            await person.press("ok")
            await person.sees("entering_pin")
        await expect(person.title).to_have_text("暗証番号が違います")
        await expect(person.lines).to_contain_text(f"あと{tries}回")
    await person.type_pin(PIN)
    await person.press("ok")
    await person.sees("choosing_certificate")
    await person.press("cancel")
    await person.give_up()


def digits_of(markup: str) -> list[str]:
    """Digits a person could read, or a page could keep: all but the clock, the dots and the time."""
    markup = re.sub(r'(data-typed|aria-label|style)="[^"]*"', "", markup)
    return re.findall(r"\d", re.sub(r"\d\d:\d\d", "", markup))


def assert_anonymous(markup: str) -> None:
    assert [name for name in HOUSEHOLD if name in markup] == []


async def test_R66_a_cut_line_ends_the_visit_with_words_and_the_card(
    stage: str, open_page: OpenPage
) -> None:
    person = await stands_before(stage, open_page)
    await person.sign_in(PERSONA, PIN)
    await person.put_together()
    await person.use("line")
    await person.press("ok")
    await person.sees("refused")
    await expect(person.title).to_have_text("申し訳ありません")
    await expect(person.lines).to_contain_text("通信ができないため、手続きを中止しました。")
    await expect(person.lines).to_contain_text("料金はいただいていません。")
    await person.use("line")
    await person.press("ok")
    await person.give_up()


async def test_without_paper_the_terminal_says_so_and_comes_back(
    stage: str, open_page: OpenPage
) -> None:
    person = await stands_before(stage, open_page)
    await person.sees("idle")
    await person.use("paper")
    await person.sees("out_of_service")
    await expect(person.lines).to_contain_text("用紙がありません。")
    await person.use("paper")
    await person.sees("idle")


async def test_a_person_who_may_not_is_told_when_they_may(stage: str, open_page: OpenPage) -> None:
    """R40: who got the card today is told the day and the hour in words."""
    person = await stands_before(stage, open_page)
    await person.begin("kimura-yui")
    await person.type_pin(PIN)
    await person.press("ok")
    await person.sees("refused")
    await expect(person.lines).to_contain_text(
        re.compile(r"\d{1,2}月\d{1,2}日（[月火水木金土日]）6時30分からご利用いただけます。")
    )
    await person.press("ok")
    await person.give_up()
