"""What is left of a PIN in pcscd's memory, which is searched for it (R14)."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.card.oddities import Moment, Oddities, Pull
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from tests.drivers.card.cards import PIN, new_card
from tests.drivers.card.memory import hits, shapes
from tests.own_pcscd import or_skip

PROJECT = Path(__file__).parents[3]
PATIENCE_S = 30.0
CANDIDATES = ("8317", "6029", "7394", "5816")
VERIFY_AT = 3  # after SELECT of the application and of the PIN


class Search:
    """A pcscd with a card in it, and a PIN that is nowhere in its memory yet."""

    def __init__(self, pcscd: PrivatePcscd, slot: VpcdSlot, pin: str) -> None:
        self.pin = pin
        self.slot = slot
        self._pcscd = pcscd

    def hits(self) -> dict[str, int]:
        return hits(self._pcscd.pid, self.pin)

    @asynccontextmanager
    async def sent(self, way: str, limit_s: float = PATIENCE_S) -> AsyncGenerator[Sender, None]:
        """The PIN is sent, the connection still open; see ``tests.drivers.card.pin_sender``."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.drivers.card.pin_sender", way, self.pin, str(limit_s),
            cwd=PROJECT, env=os.environ | self._pcscd.environment,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            sender = Sender(process)
            word, sender.error = await sender.line()
            assert word == "held"
            yield sender
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


class Sender:
    """Has sent the PIN. ``error`` is what came of it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.error = ""
        self._process = process

    async def line(self) -> list[str]:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            return (await self._process.stdout.readline()).decode().split()

    async def leave(self) -> None:
        """Return when the connection is closed; the program lives on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        assert (await self.line())[0] == "left"


@pytest.fixture
async def search() -> AsyncIterator[Search]:
    async with or_skip(PrivatePcscd()) as pcscd:
        try:
            pin = next(pin for pin in CANDIDATES if not hits(pcscd.pid, pin))
        except PermissionError as error:
            pytest.skip(f"this process may not look into another's memory: {error}")
        async with VpcdSlot(pcscd.ports[0]) as slot:
            yield Search(pcscd, slot, pin)


def card_of(search: Search, *, right: bool = True, tries_left: int = 3) -> VirtualCard:
    return new_card(pin=search.pin if right else PIN, tries_left=tries_left)


async def test_the_search_finds_a_pin_that_was_not_covered(search: Search) -> None:
    """The control: without this, finding nothing below would mean nothing."""
    await search.slot.insert(card_of(search))
    assert search.hits() == {}
    async with search.sent("bare") as sender:
        assert sender.error == "-"
        assert search.hits().keys() >= {"VERIFY", "ASCII"}


@pytest.mark.parametrize(
    ("right", "tries_left", "error"),
    [(True, 3, "-"), (False, 3, "PinIncorrect"), (False, 1, "PinBlocked"), (True, 0, "PinBlocked")],
)
async def test_R14_nothing_is_left_of_a_pin_that_the_driver_has_sent(
    search: Search, right: bool, tries_left: int, error: str
) -> None:
    """Already while the connection is open, and in no shape."""
    await search.slot.insert(card_of(search, right=right, tries_left=tries_left))
    async with search.sent("covered") as sender:
        assert sender.error == error
        assert search.slot.commands == VERIFY_AT + 1
        assert search.hits() == {}
        await sender.leave()
        assert search.hits() == {}


@pytest.mark.parametrize("moment", list(Moment))
async def test_R14_nothing_is_left_when_the_card_was_pulled_and_the_connection_left(
    search: Search, moment: Moment
) -> None:
    """No command can cover the PIN then. To leave is what ends the thread of pcscd that has it."""
    await search.slot.insert(card_of(search), Oddities(pull=Pull(VERIFY_AT, moment)))
    async with search.sent("covered") as sender:
        assert sender.error == "NoCard"
        assert (
            search.hits() or moment is Moment.AFTER
        )  # the covering command met no card, and covered
        await sender.leave()
        assert search.hits() == {}


async def test_R14_nothing_is_left_when_the_card_was_silent_and_is_taken_away(
    search: Search,
) -> None:
    """Until then pcscd waits for the answer, with the command in its hands."""
    await search.slot.insert(card_of(search), Oddities(silent_at=VERIFY_AT))
    async with search.sent("covered", limit_s=3.0) as sender:
        assert sender.error == "DeviceTimeout"
        assert search.hits().keys() >= {"VERIFY", "ASCII"}
        await search.slot.remove()
        await sender.leave()
        async with asyncio.timeout(PATIENCE_S):
            while search.hits():
                await asyncio.sleep(0.05)


def test_every_shape_is_found_where_it_is() -> None:
    found = shapes("8317")
    assert found["VERIFY"] == b"\x00\x20\x00\x80\x048317"
    assert found["spaced HEX"] == b"38 33 31 37"
    assert found["decimal list"] == b"56, 51, 49, 55"
    assert found["ISO 9564 format 2"].hex() == "248317ffffffffff"
    assert found["utf-16-le"] == b"8\x003\x001\x007\x00"
    assert b"8317" in found["ASCII"]
    assert {len(found[f"base64 at {at}"]) for at in range(3)} == {4, 5}
