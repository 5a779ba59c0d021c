"""The dock: hands for a terminal without hardware, and eyes on what its devices do.

A page beside the terminal's screen. It knows the rig only as somebody standing before it would: cards
to put, keys to press, money to drop, paper to take; lamps to see and a buzzer to hear. A device that
refuses an impossible act answers with its own words.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from aiohttp import web

from drivers.buttons import Button
from drivers.errors import DriverError
from drivers.keypad import Key
from terminal.demo.rig import DockState, Rig
from terminal.panel.feed import Feed

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
ACT_S = 15.0  # a virtual rig's card takes a second or two to reach its reader


class _Act(msgspec.Struct, tag_field="act", forbid_unknown_fields=True):
    pass


class InsertCard(_Act, tag="insert_card"):
    persona: str


class RemoveCard(_Act, tag="remove_card"):
    pass


class PressKey(_Act, tag="press_key"):
    key: Key

    def __repr__(self) -> str:
        return "PressKey(…)"


class PressButton(_Act, tag="press_button"):
    button: Button


class DropMoney(_Act, tag="drop_money"):
    yen: int


class TakeChange(_Act, tag="take_change"):
    pass


class TakeSheets(_Act, tag="take_sheets"):
    pass


class TakeReceipt(_Act, tag="take_receipt"):
    pass


class SetCover(_Act, tag="set_cover"):
    is_open: bool


class SetPaper(_Act, tag="set_paper"):
    out: bool


class SetLine(_Act, tag="set_line"):
    cut: bool


class SetHeadphones(_Act, tag="set_headphones"):
    in_use: bool


Act = (
    InsertCard
    | RemoveCard
    | PressKey
    | PressButton
    | DropMoney
    | TakeChange
    | TakeSheets
    | TakeReceipt
    | SetCover
    | SetPaper
    | SetLine
    | SetHeadphones
)
_ACTS = msgspec.json.Decoder(Act)


async def perform(rig: Rig, act: Act) -> None:
    """Do one thing to the rig. Raises DriverError where a person's hand would meet resistance."""
    match act:
        case InsertCard(persona=persona):
            await rig.insert_card(persona)
        case RemoveCard():
            await rig.remove_card()
        case PressKey(key=key):
            await rig.press_key(key.value)
        case PressButton(button=button):
            await rig.press_button(button.value)
        case DropMoney(yen=yen):
            await rig.drop_money(yen)
        case TakeChange():
            await rig.take_change()
        case TakeSheets():
            await rig.take_sheets()
        case TakeReceipt():
            await rig.take_receipt()
        case SetCover(is_open=is_open):
            await rig.set_cover(is_open=is_open)
        case SetPaper(out=out):
            await rig.set_paper(out=out)
        case SetLine(cut=cut):
            await rig.set_line(cut=cut)
        case SetHeadphones(in_use=in_use):
            await rig.set_headphones(in_use=in_use)


class Dock:
    """The page ``/demo`` for a rig. ``sounds`` are tones of (hertz, milliseconds, loudness 0 to 1)."""

    def __init__(
        self,
        rig: Rig,
        sounds: Mapping[str, Sequence[tuple[int, int, float]]] | None = None,
        poll_s: float = 0.1,
    ) -> None:
        self._rig = rig
        self._sounds = dict(sounds or {})
        self._poll_s = poll_s
        self._state: DockState | None = None
        self._sheets: list[bytes] = []
        self._receipt: bytes | None = None
        self._feed = Feed(self._latest)

    def routes(self) -> list[web.AbstractRouteDef]:
        """For ``Panel.add_routes``: the same server guards both pages."""
        return [
            web.get("/demo", self._page),
            web.get("/demo/ws", self._connect),
            web.get(r"/demo/sheets/{number:[1-9]\d{0,2}}.png", self._sheet),
            web.get("/demo/receipt.png", self._receipt_picture),
            web.static("/demo/static", STATIC),
        ]

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "dock.html")

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        self._look()
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch())
            try:
                return await self._feed.serve(request, self._hear, self._greeting())
            finally:
                watch.cancel()

    def _greeting(self) -> str:
        hello = {"personas": self._rig.personas(), "sounds": self._sounds}
        return msgspec.json.encode({"hello": hello}).decode()

    async def _watch(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(self._poll_s)

    def _look(self) -> None:
        """Take in how things lie. Pictures are asked for only when paper moved: they are large."""
        state = self._rig.state()
        before, self._state = self._state, state
        if state == before:
            return
        if before is None or state.sheets_in_tray != before.sheets_in_tray:
            self._sheets = self._rig.sheet_pngs()
        if before is None or state.receipt_in_slot != before.receipt_in_slot:
            self._receipt = self._rig.receipt_png()
        self._feed.changed()

    def _latest(self) -> str | None:
        if self._state is None:
            return None
        pictures = [_mark(png) for png in self._sheets]
        receipt = None if self._receipt is None else _mark(self._receipt)
        message = {"state": self._state, "pictures": pictures, "receipt": receipt}
        return msgspec.json.encode(message).decode()

    async def _hear(self, message: str) -> str | None:
        """Do what the page asks; what could not be done comes back in words, to that page alone."""
        try:
            act = _ACTS.decode(message)
        except msgspec.DecodeError as error:
            return _refused(f"the dock does not know this act: {error}")
        try:
            async with asyncio.timeout(ACT_S):
                await perform(self._rig, act)
        except TimeoutError:
            return _refused(f"the device did not take this within {ACT_S:g} s")
        except DriverError as error:
            return _refused(str(error))
        finally:
            self._look()
        return None

    async def _sheet(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        if number > len(self._sheets):
            raise web.HTTPNotFound(text=f"there is no sheet {number}\n")
        return web.Response(body=self._sheets[number - 1], content_type="image/png")

    async def _receipt_picture(self, _request: web.Request) -> web.Response:
        if self._receipt is None:
            raise web.HTTPNotFound(text="there is no receipt\n")
        return web.Response(body=self._receipt, content_type="image/png")


def _mark(png: bytes) -> str:
    """Tells one picture from the next, so that a page never shows the sheet before."""
    return hashlib.sha256(png).hexdigest()[:12]


def _refused(words: str) -> str:
    return msgspec.json.encode({"refused": words}).decode()
