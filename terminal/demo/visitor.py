"""A person who makes one whole visit by keypad, card, coins and hands, and says what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from PIL import Image

from terminal.demo.rig import Rig
from terminal.link.wire import RefusalClass
from terminal.strings.catalogue import catalogue
from terminal.visit import states as s
from terminal.visit.screens import screen_of
from terminal.visit.states import State

NOTES = (1000, 500, 100, 50, 10)
VISIT_LIMIT_S = 180
GLANCE_S = 0.01
PATIENCE_S = 10


class VisitFailed(Exception):
    """The visit did not end with the certificate in hand; the message is the terminal's own words."""


class CardFailed(VisitFailed):
    """It is about the card: another one may do."""


@dataclass(frozen=True, slots=True)
class Took:
    """What the person carries home."""

    sheets: list[Image.Image]
    receipt: Image.Image | None


class Visitor:
    """``say`` gets one line a step. Reacts to states the way a person reacts to screens."""

    def __init__(self, rig: Rig, persona: str, pin: str, say: Callable[[str], None]) -> None:
        self._rig = rig
        self._persona = persona
        self._pin = pin
        self._say = say
        self._states: asyncio.Queue[State] = asyncio.Queue()
        self._took = Took([], None)

    def watch(self, state: State) -> None:
        """Give every state of the conductor to this; repeats are harmless."""
        self._states.put_nowait(state)

    async def make_visit(self) -> Took:
        """From the idle screen to the farewell. Raises VisitFailed, TimeoutError."""
        answers: dict[type, Callable[[], Awaitable[None]]] = {
            s.Idle: self._choose_service,
            s.Consent: self._agree,
            s.AwaitingCard: self._place_card,
            s.ChoosingCertificate: self._choose_certificate,
            s.ChoosingYear: self._choose_year,
            s.ChoosingPeople: self._choose_people,
            s.ChoosingItems: self._choose_items,
            s.Notices: self._acknowledge,
            s.Confirming: self._confirm,
            s.ReturningCard: self._take_card,
            s.Printing: self._wait_for_paper,
            s.HandingOver: self._take_paper,
        }
        last: type | None = None
        async with asyncio.timeout(VISIT_LIMIT_S):
            while True:
                state = await self._next_state()
                if isinstance(state, s.Farewell):
                    self._say("goes home")
                    return self._took
                _give_up_on(state)
                if type(state) is last:
                    continue
                last = type(state)
                if isinstance(state, s.Paying):
                    await self._pay(state.document.total_yen)
                elif isinstance(state, s.EnteringPin):
                    await self._type_pin(last_try=state.card.tries_left == 1)
                elif last in answers:
                    await answers[last]()

    async def _next_state(self) -> State:
        """A terminal that stays out of service is not waited for longer than people would."""
        state = await self._states.get()
        if isinstance(state, s.OutOfService):
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while isinstance(state, s.OutOfService):
                        state = await self._states.get()
            except TimeoutError:
                raise VisitFailed(_words(state)) from None
        return state

    async def _press(self, *keys: str) -> None:
        for key in keys:
            await self._rig.press_key(key)

    async def _choose_service(self) -> None:
        self._say("chooses 行政サービス on the main menu")
        await self._press("1")

    async def _agree(self) -> None:
        self._say("agrees to the terms")
        await self._press("ok")

    async def _place_card(self) -> None:
        self._say(f"places the card of “{self._persona}” on the reader")
        await self._rig.insert_card(self._persona)

    async def _type_pin(self, *, last_try: bool) -> None:
        if last_try:
            self._say("is told that one try is left, and goes on")
            await self._press("ok")
        self._say("types the PIN")
        await self._press(*self._pin, "ok")

    async def _choose_certificate(self) -> None:
        self._say("chooses 住民票の写し")
        await self._press("1")

    async def _choose_year(self) -> None:
        self._say("chooses the newest year")
        await self._press("1")

    async def _choose_people(self) -> None:
        self._say("chooses the whole household")
        await self._press("8", "ok")

    async def _choose_items(self) -> None:
        self._say("chooses the first two items to be printed")
        await self._press("1", "2", "ok")

    async def _acknowledge(self) -> None:
        self._say("acknowledges the notice")
        await self._press("ok")

    async def _confirm(self) -> None:
        self._say("confirms the order; the card signs it")
        await self._press("ok")

    async def _take_card(self) -> None:
        self._say("the certificate is checked and ready; takes the card back")
        await self._rig.remove_card()

    async def _pay(self, yen: int) -> None:
        while not self._rig.state().slot_open:  # noqa: ASYNC110 - a person looks, too
            await asyncio.sleep(GLANCE_S)
        self._say(f"pays {yen} yen")
        left = yen
        for piece in NOTES:
            while left >= piece:
                await self._rig.drop_money(piece)
                left -= piece

    async def _wait_for_paper(self) -> None:
        self._say("waits for the paper")

    async def _take_paper(self) -> None:
        while not self._rig.state().receipt_in_slot:  # noqa: ASYNC110
            await asyncio.sleep(GLANCE_S)
        state = self._rig.state()
        self._took = Took(self._rig.sheets(), self._rig.receipt())
        self._say(f"takes {state.sheets_in_tray} sheet(s) and the receipt")
        await self._rig.take_sheets()
        await self._rig.take_receipt()
        if state.change_yen:
            await self._rig.take_change()


def _give_up_on(state: State) -> None:
    """Raises VisitFailed where a person can only go home."""
    match state:
        case s.Refused(refusal=refusal) if refusal.kind is RefusalClass.CARD:
            raise CardFailed(_words(state))
        case s.AwaitingCard(fault=fault) if fault is not None:
            raise CardFailed(_words(state))
        case s.Refused() | s.Closed() | s.Settling():
            raise VisitFailed(_words(state))
        case _:
            pass


def _words(state: State) -> str:
    screen = screen_of(state)
    words = catalogue("en")
    told = [words.lookup(text).rstrip(".") for text in (screen.title, *screen.lines)]
    return ". ".join(told) + "."
