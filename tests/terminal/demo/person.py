"""Somebody who stands before the demo with eyes, a finger and a keyboard, and nothing else."""

from __future__ import annotations

import io
from typing import Literal

from PIL import Image
from playwright.async_api import Frame, Locator, Page, expect
from yarl import URL

STEP_MS = 20_000.0  # paper comes at the speed of paper
TAKES_TOUCHES = """screen => document.body.dataset.screen === screen
  && !document.querySelector('[inert]')"""
KEYBOARD = {"ok": "Enter", "cancel": "Escape", "back": "Backspace"}

Hand = Literal["finger", "keyboard"]


class Person:
    """``page`` is the demo's page; ``face`` the terminal's screen: in its frame, or a page of its own."""

    def __init__(self, page: Page, face: Frame, hand: Hand) -> None:
        self.page = page
        self._hand = hand
        self._face = face
        self.title = face.get_by_test_id("title")
        self.lines = face.get_by_test_id("lines")

    @classmethod
    async def with_a_finger(cls, page: Page) -> Person:
        housing = await page.query_selector("#screen")
        frame = None if housing is None else await housing.content_frame()
        assert frame is not None
        return cls(page, frame, "finger")

    @classmethod
    def with_a_keyboard(cls, page: Page, kiosk: Page) -> Person:
        return cls(page, kiosk.main_frame, "keyboard")

    # --- seeing ------------------------------------------------------------------------------

    async def sees(self, screen: str) -> None:
        """Waits for a screen of the terminal, and until it takes touches."""
        await self._face.wait_for_function(TAKES_TOUCHES, arg=screen, timeout=STEP_MS)

    def key(self, name: str) -> Locator:
        return self._face.get_by_test_id(f"key-{name}")

    def choice(self, value: str) -> Locator:
        return self._face.get_by_test_id(f"choice-{value}")

    async def everything_in_the_dom(self) -> str:
        """Of the terminal's screen: also what is hidden, and attributes."""
        return await self._face.content()

    async def words(self) -> str:
        """What can be read on the terminal's screen."""
        return await self._face.inner_text("body")

    async def language(self) -> str | None:
        return await self._face.get_attribute("html", "lang")

    async def picture(self, testid: str) -> Image.Image:
        """The paper of that name as it lies there: the same bytes that the page shows."""
        paper = self.page.get_by_test_id(testid)
        await expect(paper).to_be_visible(timeout=STEP_MS)
        shown = paper.locator("img")
        await expect(shown).to_have_js_property("complete", value=True)
        source = await shown.get_attribute("src")
        assert source is not None
        answer = await self.page.request.get(str(URL(self.page.url).join(URL(source))))
        assert answer.ok
        return Image.open(io.BytesIO(await answer.body())).convert("L")

    # --- touching the terminal ---------------------------------------------------------------

    async def press(self, *names: str) -> None:
        """Function keys and digits of the terminal's screen."""
        for name in names:
            if self._hand == "finger":
                await self.key(name).click(timeout=STEP_MS)
            else:
                await self._type(KEYBOARD.get(name, name), self.key(name))

    async def speak(self, language: str) -> None:
        """One of the languages, from their list."""
        await self.key("language").click(timeout=STEP_MS)
        await self._face.get_by_test_id(f"language-{language}").click(timeout=STEP_MS)

    async def choose(self, value: str) -> None:
        """A numbered choice: by touching it, or by typing its number."""
        tile = self.choice(value)
        if self._hand == "finger":
            await tile.click(timeout=STEP_MS)
        else:
            await self._type(await tile.locator(".number").inner_text(), tile)

    async def _type(self, key: str, shown: Locator) -> None:
        await expect(shown).to_be_visible(timeout=STEP_MS)
        await self._face.page.keyboard.press(key)

    async def type_pin(self, pin: str) -> None:
        """Digit by digit: each is a dot, and a digit nowhere."""
        dots = self._face.locator(".dot.typed")
        for typed, digit in enumerate(pin, start=1):
            await self.press(digit)
            await expect(dots).to_have_count(typed)

    # --- touching the dock -------------------------------------------------------------------

    async def use(self, testid: str) -> None:
        """A thing of the dock: a card, a coin, a button."""
        thing = self.page.get_by_test_id(testid)
        if self._hand == "finger":
            await thing.click(timeout=STEP_MS)
        else:
            await expect(thing).to_be_enabled(timeout=STEP_MS)
            await thing.press("Enter", timeout=STEP_MS)

    # --- whole stretches of a visit ----------------------------------------------------------

    async def begin(self, persona: str) -> None:
        """From the idle screen to the PIN."""
        await self.sees("idle")
        await self.choose("services")
        await self.sees("consent")
        await self.press("ok")
        await self.sees("awaiting_card")
        await self.use(f"card-{persona}")
        await self.sees("entering_pin")

    async def sign_in(self, persona: str, pin: str) -> None:
        await self.begin(persona)
        await self.type_pin(pin)
        await self.press("ok")
        await self.sees("choosing_certificate")

    async def put_together(self) -> None:
        """The whole household, with My Number and its notice; to the confirmation."""
        await self.choose("residence")
        await self.sees("choosing_people")
        await self.choose("everyone")
        await expect(self.choice("everyone")).to_have_attribute("aria-pressed", "true")
        await self.press("ok")
        await self.sees("choosing_items")
        await self.choose("my_number")
        await expect(self.choice("my_number")).to_have_attribute("aria-pressed", "true")
        await self.press("ok")
        await self.sees("notice")
        await self.press("ok")
        await self.sees("confirming")

    async def order_and_pay(self, *pieces: int) -> None:
        """From the confirmation to the sheets in the tray."""
        await self.press("ok")
        await self.sees("returning_card")
        await self.use("reader-pull")
        await self.sees("paying")
        await expect(self.page.get_by_test_id("slot")).to_have_attribute("data-open", "true")
        for yen in pieces:
            await self.use(f"coin-{yen}")
        await self.sees("handing_over")

    async def take_everything(self) -> None:
        await self.use("take-sheets")
        await self.use("take-receipt")
        await self.sees("farewell")

    async def give_up(self) -> None:
        """Out of a refusal or a choice, with the card."""
        await self.sees("taking_card_back")
        await self.use("reader-pull")
        await self.sees("farewell")
