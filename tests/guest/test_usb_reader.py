"""A real libccid with a USB reader that comes and goes, in a booted Debian (``./run guest``)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.drivers.card.cards import new_card
from tests.guest.machine import Machine
from tests.guest.usb_reader import UsbReader

PATIENCE_S = 90.0  # for an emulated machine; what is waited for takes a second or two
WATCH = "python3 /opt/tests/guest/watch_reader.py 433-Swap 2>/run/watch.log"
pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Desk:
    machine: Machine
    reader: UsbReader

    async def told(self) -> dict[str, str]:
        async with asyncio.timeout(PATIENCE_S):
            told: dict[str, str] = json.loads(await self.machine.lines.line())
            return told

    async def kinds(self, count: int) -> list[str]:
        events = [await self.told() for _ in range(count)]
        return [event.get("state", event["event"]) for event in events]

    async def card_is_read(self) -> None:
        told = await self.told()
        size = len(new_card().certificate)
        assert told == {"event": "CardInserted", "card": f"my_number, 3 tries, {size} bytes"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(machine: Machine) -> AsyncIterator[Desk]:
    reader = UsbReader(machine)
    desk = Desk(machine, reader)
    try:
        await reader.plug_in()
        await machine.start(WATCH)
        assert (await desk.told())["state"] == "online", await machine.run("cat /run/watch.log")
        yield desk
    finally:
        await reader.close()


async def test_a_card_on_a_usb_reader_is_noticed_and_read(desk: Desk) -> None:
    desk.reader.insert(new_card())
    await desk.card_is_read()
    desk.reader.remove()
    assert await desk.kinds(1) == ["CardRemoved"]


async def test_a_reader_that_is_unplugged_with_a_card_in_it_comes_back(desk: Desk) -> None:
    desk.reader.insert(new_card())
    await desk.card_is_read()
    await desk.reader.unplug()
    assert await desk.kinds(1) == ["not connected"]
    await desk.reader.plug_in()
    assert await desk.kinds(2) == ["online", "CardRemoved"]
    desk.reader.insert(new_card())
    await desk.card_is_read()
    desk.reader.remove()
    assert await desk.kinds(1) == ["CardRemoved"]


@pytest.mark.parametrize("how", ["systemctl restart pcscd", "systemctl kill -s KILL pcscd"])
async def test_pcscd_under_systemd_may_be_restarted_or_killed(desk: Desk, how: str) -> None:
    desk.reader.insert(new_card())
    await desk.card_is_read()
    await desk.machine.run(how)
    assert await desk.kinds(3) == ["offline", "online", "CardRemoved"]
    await desk.card_is_read()
    desk.reader.remove()
    assert await desk.kinds(1) == ["CardRemoved"]


async def test_a_reader_unplugged_five_times_is_found_five_times(desk: Desk) -> None:
    for _ in range(5):
        await desk.reader.unplug()
        assert await desk.kinds(1) == ["not connected"]
        await desk.reader.plug_in()
        assert await desk.kinds(1) == ["online"]
