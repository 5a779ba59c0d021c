"""The dock's server side: acts to the rig, states and pictures from it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError

from drivers.keypad import Key
from terminal.demo import dock as dock_module
from terminal.demo.dock import Dock, PressKey
from terminal.panel.server import Panel
from tests.terminal.demo.desk_rig import PERSONAS, DeskRig
from tests.terminal.panel.patience import PATIENCE_S, until

SOUNDS = {"chime": ((2700, 100, 0.5), (0, 50, 0.0))}


class Desk:
    def __init__(self) -> None:
        self.rig = DeskRig()
        self.panel = Panel("127.0.0.1", 0, print, print)
        self.panel.add_routes(Dock(self.rig, SOUNDS, poll_s=0.01).routes())
        self.url = ""


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    it = Desk()
    it.url = await it.panel.start()
    yield it
    await it.panel.stop()


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def hand(desk: Desk, client: ClientSession) -> ClientWebSocketResponse:
    """Before the dock, having seen its first state."""
    page = await client.ws_connect(desk.url + "demo/ws")
    await answer(page, "state")
    return page


async def answer(page: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message: dict[str, Any] = json.loads(await page.receive_str())
            if kind in message:
                return message


async def test_a_page_learns_the_cards_the_sounds_and_how_things_lie(
    desk: Desk, client: ClientSession
) -> None:
    page = await client.ws_connect(desk.url + "demo/ws")
    hello = (await answer(page, "hello"))["hello"]
    assert hello["personas"] == PERSONAS
    assert hello["sounds"] == {"chime": [[2700, 100, 0.5], [0, 50, 0.0]]}
    first = await answer(page, "state")
    assert first["state"]["card"] is None
    assert first["pictures"] == []


async def test_what_changes_is_shown(desk: Desk, hand: ClientWebSocketResponse) -> None:
    desk.rig.rearrange(lights={"status": "slow"}, sound="chime")
    state = (await answer(hand, "state"))["state"]
    assert state["lights"] == {"status": "slow"}
    assert state["sound"] == "chime"


@pytest.mark.parametrize(
    ("act", "lies"),
    [
        ({"act": "insert_card", "persona": "person-2"}, {"card": "person-2"}),
        ({"act": "drop_money", "yen": 500}, {"change_yen": 500}),
        ({"act": "set_cover", "is_open": True}, {"cover_open": True}),
        ({"act": "set_paper", "out": True}, {"paper_out": True}),
        ({"act": "set_line", "cut": True}, {"line_cut": True}),
    ],
    ids=lambda value: value.get("act"),
)
async def test_acts_reach_the_rig(
    desk: Desk, hand: ClientWebSocketResponse, act: dict[str, Any], lies: dict[str, Any]
) -> None:
    await hand.send_json(act)
    state = (await answer(hand, "state"))["state"]
    assert {name: state[name] for name in lies} == lies


async def test_taking_leaves_nothing_behind(desk: Desk, hand: ClientWebSocketResponse) -> None:
    desk.rig.rearrange(card="person-1", change_yen=100)
    desk.rig.print_sheets(2)
    desk.rig.print_receipt()
    for act in ("remove_card", "take_change", "take_sheets", "take_receipt"):
        await hand.send_json({"act": act})
    lying = desk.rig
    await until(lambda: not lying.lying.receipt_in_slot)
    assert (lying.lying.card, lying.lying.change_yen, lying.lying.sheets_in_tray) == (None, 0, 0)


async def test_every_key_and_button_can_be_pressed(
    desk: Desk, hand: ClientWebSocketResponse
) -> None:
    for key in Key:
        await hand.send_json({"act": "press_key", "key": key.value})
    await hand.send_json({"act": "press_button", "button": "call_staff"})
    pressed = [*(key.value for key in Key), "call_staff"]
    await until(lambda: desk.rig.pressed == pressed)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ({"act": "remove_card"}, "there is no card on the reader"),
        ({"act": "take_sheets"}, "there is no paper in the tray"),
        ({"act": "fly"}, "does not know this act"),
        ({"act": "press_key", "key": "any"}, "does not know this act"),
        ({"act": "remove_card", "force": True}, "does not know this act"),
    ],
    ids=str,
)
async def test_what_cannot_be_done_comes_back_in_words(
    hand: ClientWebSocketResponse, act: dict[str, Any], words: str
) -> None:
    await hand.send_json(act)
    assert words in (await answer(hand, "refused"))["refused"]


async def test_a_device_that_hangs_is_given_up(
    desk: Desk, hand: ClientWebSocketResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dock_module, "ACT_S", 0.05)
    monkeypatch.setattr(desk.rig, "remove_card", asyncio.Event().wait)
    await hand.send_json({"act": "remove_card"})
    assert "did not take this within" in (await answer(hand, "refused"))["refused"]


async def test_sheets_and_receipt_are_pictures_that_change_their_names(
    desk: Desk, client: ClientSession, hand: ClientWebSocketResponse
) -> None:
    desk.rig.print_sheets(2)
    desk.rig.print_receipt()
    shown = await answer(hand, "state")
    assert len(set(shown["pictures"])) == 2
    assert shown["receipt"] is not None
    for path, picture in (
        ("sheets/1.png", desk.rig.sheet_pngs()[0]),
        ("sheets/2.png", desk.rig.sheet_pngs()[1]),
        ("receipt.png", desk.rig.receipt_png()),
    ):
        async with client.get(f"{desk.url}demo/{path}") as got:
            assert await got.read() == picture
            assert got.content_type == "image/png"
            assert got.headers["Cache-Control"] == "no-store"
    desk.rig.print_sheets(3)
    assert (await answer(hand, "state"))["pictures"][0] not in shown["pictures"]


@pytest.mark.parametrize("path", ["sheets/1.png", "sheets/0.png", "sheets/x.png", "receipt.png"])
async def test_paper_that_is_not_there_is_not_found(
    desk: Desk, client: ClientSession, hand: ClientWebSocketResponse, path: str
) -> None:
    async with client.get(f"{desk.url}demo/{path}") as got:
        assert got.status == 404


async def test_pictures_are_asked_for_only_when_paper_moved(
    desk: Desk, hand: ClientWebSocketResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def sheet_pngs() -> list[bytes]:
        asked.append(desk.rig.lying.sheets_in_tray)
        return []

    monkeypatch.setattr(desk.rig, "sheet_pngs", sheet_pngs)
    for held in range(5):
        desk.rig.rearrange(held_yen=held + 10)
        await answer(hand, "state")
    assert asked == []
    desk.rig.print_sheets(1)
    await answer(hand, "state")
    assert asked == [1]


async def test_no_foreign_page_touches_the_dock(desk: Desk, client: ClientSession) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(desk.url + "demo/ws", headers={"Origin": "http://evil.example"})
    assert refused.value.status == 403


async def test_two_people_at_the_dock_see_the_same(
    desk: Desk, client: ClientSession, hand: ClientWebSocketResponse
) -> None:
    other = await client.ws_connect(desk.url + "demo/ws")
    await answer(other, "state")
    await hand.send_json({"act": "insert_card", "persona": "person-1"})
    assert (await answer(other, "state"))["state"]["card"] == "person-1"
    assert (await answer(hand, "state"))["state"]["card"] == "person-1"


def test_no_digit_in_a_repr() -> None:
    assert "7" not in repr(PressKey(key=Key.D7))
