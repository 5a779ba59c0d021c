"""The dock's page in a real browser: every device can be touched, seen and heard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from yarl import URL

from drivers.keypad import Key
from drivers.lights import FlashRate, Light
from terminal.demo.dock import Dock
from terminal.panel.server import Panel
from tests.terminal.demo.desk_rig import PERSONAS, DeskRig
from tests.terminal.panel.chromium import OpenPage
from tests.terminal.panel.patience import until
from tests.terminal.panel.samples import IDLE, TAKE_PAPER

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOUNDS = {
    "take_card": ((2700, 120, 1.0), (0, 80, 0.0), (2500, 120, 0.5)),
    "error": ((900, 60, 1.0),),
}
LISTEN = """
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { heard.push(this.frequency.value); start.apply(this, at); };
"""


class Desk:
    def __init__(self) -> None:
        self.rig = DeskRig()
        self.choices: list[str] = []
        self.panel = Panel("127.0.0.1", 0, print, self.choices.append)
        self.panel.add_routes(Dock(self.rig, SOUNDS, poll_s=0.01).routes())
        self.url = ""


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[Desk]:
    it = Desk()
    it.panel.show(IDLE)
    it.url = await it.panel.start()
    yield it
    await it.panel.stop()


async def before(desk: Desk, open_page: OpenPage) -> Page:
    page = await open_page(desk.url + "demo", 1440, 900, script=LISTEN)
    await expect(page.get_by_test_id("card-person-1")).to_be_visible()
    return page


async def test_the_screen_stands_in_its_housing_and_works(desk: Desk, open_page: OpenPage) -> None:
    page = await before(desk, open_page)
    screen = page.frame_locator("#screen")
    await expect(screen.get_by_test_id("title")).to_have_text(IDLE.title)
    await screen.get_by_test_id("choice-services").click()
    await until(lambda: desk.choices == ["services"])
    desk.panel.show(TAKE_PAPER)
    await expect(screen.get_by_test_id("title")).to_have_text(TAKE_PAPER.title)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080), (1280, 800), (800, 900)])
async def test_nothing_runs_out_of_its_place(
    desk: Desk, open_page: OpenPage, width: int, height: int
) -> None:
    page = await before(desk, open_page)
    await page.set_viewport_size({"width": width, "height": height})
    desk.rig.print_sheets(3)
    desk.rig.print_receipt()
    desk.rig.rearrange(card="person-4", held_yen=12_500, change_yen=12_500, line_cut=True)
    await expect(page.get_by_test_id("sheet-3")).to_be_visible()
    outside = await page.evaluate(
        """() => [...document.querySelectorAll('#dock button, #dock dd, #machine > * button, h2')]
          .filter((node) => !node.closest('#cards') && !node.closest('.paper-row'))
          .filter((node) => {
            const [own, room] = [node, node.closest('section, .plate')].map((n) => n.getBoundingClientRect());
            return own.left < room.left - 1 || own.right > room.right + 1
              || own.top < room.top - 1 || own.bottom > room.bottom + 1;
          }).map((node) => node.textContent)"""
    )
    assert outside == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_card_goes_from_the_drawer_to_the_reader_and_back(
    desk: Desk, open_page: OpenPage
) -> None:
    page = await before(desk, open_page)
    await expect(page.get_by_test_id("reader-pull")).to_be_disabled()
    card = page.get_by_test_id("card-person-1")
    await expect(card).to_contain_text(PERSONAS[0]["name"])
    await expect(card).to_contain_text(PERSONAS[0]["note_ja"])
    await expect(card).to_contain_text(f"PIN {PERSONAS[0]['pin']}")
    await card.click()
    await expect(page.get_by_test_id("reader-bed")).to_contain_text(PERSONAS[0]["name"])
    await expect(card).to_be_disabled()
    assert desk.rig.lying.card == "person-1"
    await page.get_by_test_id("reader-pull").click()
    await expect(page.get_by_test_id("reader-bed")).to_be_empty()
    assert desk.rig.lying.card is None


BUTTONS = ("next", "choose", "call_staff", "supervisor")


async def test_every_key_and_button_is_there_to_press(desk: Desk, open_page: OpenPage) -> None:
    page = await before(desk, open_page)
    names = [*(f"key-{key.value}" for key in Key), *(f"button-{name}" for name in BUTTONS)]
    for name in names:
        await page.get_by_test_id(name).click()
    pressed = [*(key.value for key in Key), *BUTTONS]
    await until(lambda: desk.rig.pressed == pressed)


async def test_money_goes_into_the_slot_or_falls_into_the_cup(
    desk: Desk, open_page: OpenPage
) -> None:
    page = await before(desk, open_page)
    await page.get_by_test_id("coin-500").click()
    await expect(page.get_by_test_id("change")).to_have_text("500")
    desk.rig.rearrange(slot_open=True)
    await expect(page.get_by_test_id("slot")).to_have_text("投入口 開")
    for yen in (10, 50, 100, 1000):
        await page.get_by_test_id(f"coin-{yen}").click()
    await expect(page.get_by_test_id("held")).to_have_text("1160")
    await page.get_by_test_id("take-change").click()
    await expect(page.get_by_test_id("change")).to_have_text("0")
    await expect(page.get_by_test_id("take-change")).to_be_disabled()


async def test_sheets_are_pictures_to_enlarge_and_to_take(desk: Desk, open_page: OpenPage) -> None:
    page = await before(desk, open_page)
    desk.rig.print_sheets(3)
    await expect(page.get_by_test_id("sheets-in-tray")).to_have_text("3")
    await page.get_by_test_id("sheet-2").click()
    await expect(page.get_by_test_id("enlarged")).to_be_visible()
    picture = page.locator("#enlarged-picture")
    await expect(picture).to_have_js_property("naturalWidth", 620)
    await expect(picture).to_have_attribute("alt", "2枚目")
    await page.get_by_test_id("enlarged-close").click()
    await expect(page.get_by_test_id("enlarged")).to_be_hidden()
    await page.get_by_test_id("take-sheets").click()
    await expect(page.get_by_test_id("sheets-in-tray")).to_have_text("0")
    await expect(page.get_by_test_id("sheet-3")).to_be_visible()
    await expect(page.get_by_test_id("take-sheets")).to_be_disabled()


async def test_the_receipt_is_a_picture_to_enlarge_and_to_take(
    desk: Desk, open_page: OpenPage
) -> None:
    page = await before(desk, open_page)
    await expect(page.get_by_test_id("receipt")).to_have_count(0)
    desk.rig.print_receipt()
    await page.get_by_test_id("receipt").click()
    await expect(page.locator("#enlarged-picture")).to_have_js_property("naturalWidth", 384)
    await page.keyboard.press("Escape")
    await page.get_by_test_id("take-receipt").click()
    await until(lambda: not desk.rig.lying.receipt_in_slot)


@pytest.mark.parametrize(
    ("name", "field", "on", "off"),
    [
        ("cover", "cover_open", "開", "閉"),
        ("paper", "paper_out", "なし", "あり"),
        ("line", "line_cut", "切断", "接続"),
    ],
)
async def test_faults_can_be_made_and_mended(
    desk: Desk, open_page: OpenPage, name: str, field: str, on: str, off: str
) -> None:
    page = await before(desk, open_page)
    switch = page.get_by_test_id(name)
    await expect(switch).to_contain_text(off)
    await switch.click()
    await expect(switch).to_contain_text(on)
    await expect(switch).to_have_attribute("aria-pressed", "true")
    assert getattr(desk.rig.lying, field) is True
    await switch.click()
    await expect(switch).to_contain_text(off)
    assert getattr(desk.rig.lying, field) is False


async def test_every_light_is_a_lamp_that_never_flashes_above_two_hertz(
    desk: Desk, open_page: OpenPage
) -> None:
    page = await before(desk, open_page)
    for rate in FlashRate:
        flash = rate.name.lower()
        desk.rig.rearrange(lights={light.value: flash for light in Light})
        for light in Light:
            lamp = page.locator(f"[data-light={light.value}]")
            await expect(lamp).to_have_attribute("data-flash", flash)
        periods = await page.evaluate(
            "document.getAnimations().filter(({animationName}) => animationName === 'lamp')"
            ".map(({effect}) => effect.getTiming().duration)"
        )
        half = rate.value
        assert periods == ([2000 * half] * len(Light) if half > 0 else [])
        assert all(period >= 500 for period in periods)
    desk.rig.rearrange(lights={})
    await expect(page.locator(".lamp[data-flash=off]")).to_have_count(len(Light))


async def test_the_buzzer_is_named_and_heard_after_the_first_touch_only(
    desk: Desk, open_page: OpenPage
) -> None:
    page = await before(desk, open_page)
    desk.rig.rearrange(sound="error")
    await expect(page.get_by_test_id("sound")).to_have_text("error")
    assert await page.evaluate("heard") == []
    await page.get_by_test_id("key-1").click()
    await page.wait_for_function("() => heard.includes(900)")
    desk.rig.rearrange(sound="take_card")
    await page.wait_for_function("() => heard.includes(2700) && heard.includes(2500)")
    await expect(page.get_by_test_id("sound")).to_have_text("take_card")
    desk.rig.rearrange(sound=None)
    await expect(page.get_by_test_id("sound")).to_have_text("―")


async def test_a_sound_that_stays_is_repeated_and_mute_ends_it(
    desk: Desk, open_page: OpenPage
) -> None:
    page = await before(desk, open_page)
    await page.get_by_test_id("key-1").click()
    desk.rig.rearrange(sound="error")
    await page.wait_for_function("() => heard.length >= 3")
    await page.get_by_test_id("mute").click()
    await expect(page.get_by_test_id("mute")).to_have_attribute("aria-pressed", "true")
    heard = await page.evaluate("heard.length")
    desk.rig.rearrange(sound="take_card")
    await expect(page.get_by_test_id("sound")).to_have_text("take_card")
    assert await page.evaluate("heard.length") == heard
    await page.get_by_test_id("mute").click()
    await page.wait_for_function("() => heard.includes(2700)")


async def test_what_cannot_be_done_is_said(desk: Desk, open_page: OpenPage) -> None:
    page = await before(desk, open_page)
    desk.rig.rearrange(card="person-1")
    await expect(page.get_by_test_id("reader-pull")).to_be_enabled()
    await page.get_by_test_id("card-person-2").click()
    await expect(page.get_by_test_id("toasts")).to_have_text(
        "there is a card on the reader already"
    )


async def test_a_dock_without_a_terminal_says_so_and_finds_it_again(
    desk: Desk, open_page: OpenPage
) -> None:
    page = await open_page(desk.url + "demo", 1440, 900, quiet=False)
    await expect(page.get_by_test_id("gone")).to_be_hidden()
    port = URL(desk.url).port
    assert port is not None
    await desk.panel.stop()
    await expect(page.get_by_test_id("gone")).to_be_visible()
    desk.panel = Panel("127.0.0.1", port, print, print)
    desk.panel.add_routes(Dock(desk.rig, SOUNDS, poll_s=0.01).routes())
    await desk.panel.start()
    await expect(page.get_by_test_id("gone")).to_be_hidden()
    await page.get_by_test_id("card-person-3").click()
    await until(lambda: desk.rig.lying.card == "person-3")
