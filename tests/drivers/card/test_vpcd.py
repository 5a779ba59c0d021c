"""The slot and the private pcscd, seen from outside; the slot's own line against a scripted driver."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.card import private_pcscd
from drivers.card.apdu_log import Exchange
from drivers.card.oddities import PLAIN, Moment, Oddities, Pull
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from drivers.errors import DeviceUnavailable, ImpossibleAct
from tests.drivers.card.cards import WRONG_PIN, new_card
from tests.own_pcscd import or_skip

PATIENCE_S = 15.0
SELECT_JPKI = bytes.fromhex("00A4040C0AD392F000260100000001")
WRONG_VERIFY = bytes.fromhex("0020009804") + WRONG_PIN.encode()

# Prints the answer to reset of the first card that lies in a reader, and the reader's name.
LOOK = """
from smartcard.scard import *
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
_, readers = SCardListReaders(context, [])
known = [(reader, SCARD_STATE_EMPTY) for reader in readers]
code, states = SCardGetStatusChange(context, 10000, known)
print([(name, bytes(atr).hex()) for name, state, atr in states if state & SCARD_STATE_PRESENT])
"""


class Driver:
    """vpcd's side of the line, listening like it."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        self.lines = asyncio.Queue()
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def listen(self) -> asyncio.Server:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append(writer)
            await self.lines.put((reader, writer))

        server = await asyncio.start_server(accepted, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()


@pytest.fixture
async def driver() -> AsyncIterator[Driver]:
    driver = Driver()
    server = await driver.listen()
    yield driver
    driver.hang_up()
    server.close()


async def ask(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], message: bytes) -> bytes:
    reader, writer = line
    writer.write(len(message).to_bytes(2, "big"))
    writer.write(message)
    async with asyncio.timeout(PATIENCE_S):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


async def laid_down(
    slot: VpcdSlot,
    driver: Driver,
    card: VirtualCard | None = None,
    oddities: Oddities = PLAIN,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The line to a card that the driver has noticed."""
    inserting = asyncio.create_task(slot.insert(card or new_card(), oddities))
    async with asyncio.timeout(PATIENCE_S):
        line = await driver.lines.get()
        await ask(line, b"\x04")
        await inserting
    return line


async def test_a_card_answers_orders_and_commands(driver: Driver) -> None:
    card = new_card()
    async with VpcdSlot(driver.port) as slot:
        inserting = asyncio.create_task(slot.insert(card))
        line = await driver.lines.get()
        assert await ask(line, b"\x04") == card.atr
        await inserting
        assert await ask(line, bytes.fromhex("00A40000")) == b""  # without power nothing answers
        line[1].write(b"\0\x01\x01")
        assert await ask(line, bytes.fromhex("00A40000")) == b"\x6a\x86"
        await slot.remove()
        assert await line[0].read() == b""


async def test_a_card_stays_in_the_slot_when_the_line_is_lost(driver: Driver) -> None:
    async with VpcdSlot(driver.port) as slot:
        inserting = asyncio.create_task(slot.insert(new_card()))
        line = await driver.lines.get()
        await ask(line, b"\x04")
        await inserting
        driver.hang_up()
        async with asyncio.timeout(PATIENCE_S):
            line = await driver.lines.get()
        assert await ask(line, b"\x04") == new_card().atr


async def test_a_slot_without_a_reader_is_said(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.card.vpcd._NOTICED_LIMIT_S", 0.1)
    async with VpcdSlot(driver.port) as slot:
        with pytest.raises(DeviceUnavailable, match="is pcscd running"):
            await slot.insert(new_card())
        assert not slot.occupied
        with pytest.raises(ImpossibleAct):
            await slot.remove()


async def test_a_second_card_does_not_fit(driver: Driver) -> None:
    async with VpcdSlot(driver.port) as slot:
        await laid_down(slot, driver)
        with pytest.raises(ImpossibleAct, match="already"):
            await slot.insert_mute()


@pytest.mark.parametrize("moment", list(Moment))
async def test_a_card_is_pulled_at_the_command_that_was_named(
    driver: Driver, moment: Moment
) -> None:
    """The line ends then, and the slot is free for the next card."""
    told: list[Exchange] = []
    card = new_card()
    async with VpcdSlot(driver.port, listener=told.append) as slot:
        line = await laid_down(slot, driver, card, Oddities(pull=Pull(2, moment)))
        line[1].write(b"\0\x01\x01")
        assert await ask(line, SELECT_JPKI) == b"\x90\x00"
        assert (slot.occupied, slot.commands) == (True, 1)
        line[1].write(len(WRONG_VERIFY).to_bytes(2, "big") + WRONG_VERIFY)
        answer = await line[0].read()
        async with asyncio.timeout(PATIENCE_S):
            await slot.emptied()
        assert (slot.occupied, slot.commands) == (False, 2)
        assert answer == (b"\0\x02\x63\xc2" if moment is Moment.AFTER else b"")
        assert card.tries_left == (3 if moment is Moment.BEFORE else 2)
        assert not card.is_powered
        assert [exchange.sw for exchange in told] == [
            0x9000,
            0x63C2 if moment is Moment.AFTER else None,
        ]
        with pytest.raises(ImpossibleAct):
            await slot.remove()
        await laid_down(slot, driver)
        assert (slot.occupied, slot.commands) == (True, 0)


async def test_commands_are_counted_from_when_the_card_was_laid_down(driver: Driver) -> None:
    """Neither a power cut nor a lost line begins the count anew."""
    async with VpcdSlot(driver.port) as slot:
        line = await laid_down(slot, driver, None, Oddities(pull=Pull(3, Moment.BEFORE)))
        for order in (b"\x01", b"\0", b"\x01"):
            line[1].write(b"\0\x01" + order)
            if order != b"\0":
                await ask(line, SELECT_JPKI)
        driver.hang_up()
        async with asyncio.timeout(PATIENCE_S):
            line = await driver.lines.get()
        line[1].write(b"\0\x01\x01")
        line[1].write(len(SELECT_JPKI).to_bytes(2, "big") + SELECT_JPKI)
        assert await line[0].read() == b""
        async with asyncio.timeout(PATIENCE_S):
            await slot.emptied()


async def test_a_silent_card_answers_nothing_until_it_is_taken_away(driver: Driver) -> None:
    told: list[Exchange] = []
    async with VpcdSlot(driver.port, listener=told.append) as slot:
        line = await laid_down(slot, driver, None, Oddities(silent_at=2))
        line[1].write(b"\0\x01\x01")
        assert await ask(line, SELECT_JPKI) == b"\x90\x00"
        line[1].write(len(SELECT_JPKI).to_bytes(2, "big") + SELECT_JPKI)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line[0].read(1), 0.2)
        assert slot.occupied
        await slot.remove()
        assert await line[0].read() == b""
    assert [(exchange.number, exchange.sw) for exchange in told] == [(1, 0x9000), (2, None)]


async def test_a_card_takes_its_time_and_says_so(driver: Driver) -> None:
    told: list[Exchange] = []
    async with VpcdSlot(driver.port, sign_delay_s=0.2, listener=told.append) as slot:
        line = await laid_down(slot, driver, None, Oddities(apdu_delay_s=0.1, sign_delay_s=0.2))
        line[1].write(b"\0\x01\x01")
        await ask(line, SELECT_JPKI)
        await ask(line, bytes.fromhex("802A009700"))
    select, sign = (exchange.seconds for exchange in told)
    assert select >= 0.1
    assert sign >= 0.5  # the command's, the card's, the slot's


# --- a pcscd of one's own ----------------------------------------------------------------------------


@pytest.fixture
async def two_of_them() -> AsyncIterator[tuple[PrivatePcscd, PrivatePcscd]]:
    async with or_skip(PrivatePcscd()) as one, or_skip(PrivatePcscd()) as other:
        yield one, other


async def output(*command: str, environment: dict[str, str]) -> str:
    program = await asyncio.create_subprocess_exec(
        *command, env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE_S):
        text, _ = await program.communicate()
    return text.decode().strip()


async def test_each_private_pcscd_has_its_own_readers(
    two_of_them: tuple[PrivatePcscd, PrivatePcscd],
) -> None:
    one, other = two_of_them
    assert len({*one.ports, *other.ports}) == 4
    card = new_card()
    async with VpcdSlot(other.ports[1]) as slot:
        await slot.insert(card)
        seen = await output(sys.executable, "-c", LOOK, environment=other.environment)
    assert seen == str([("Virtual PCD 00 01", card.atr.hex())])
    script = LOOK.replace("10000", "0")
    assert await output(sys.executable, "-c", script, environment=one.environment) == "[]"


def _nowhere(_name: str, *, path: str) -> None:
    assert "/usr/sbin" in path


async def test_missing_programs_are_named_as_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", _nowhere)
    monkeypatch.setattr(private_pcscd, "DRIVER", Path("/nonexistent"))
    with pytest.raises(DeviceUnavailable, match=r"apt install .*pcscd .*vsmartcard-vpcd"):
        async with PrivatePcscd():
            pass


async def test_where_no_namespace_can_be_made_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_pcscd, "_need_programs", lambda: None)
    monkeypatch.setattr(private_pcscd, "_options", lambda: "")
    monkeypatch.setattr(private_pcscd, "_NAMESPACES", (("--no-such-option",),))
    with pytest.raises(DeviceUnavailable, match=r"no namespace .* \(unshare: .*no-such-option"):
        async with PrivatePcscd():
            pass


async def test_a_pcscd_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_pcscd, "_need_programs", lambda: None)
    monkeypatch.setattr(private_pcscd, "_options", lambda: "")
    monkeypatch.setattr(private_pcscd, "_namespace", lambda: ())
    monkeypatch.setattr(private_pcscd, "_SCRIPT", "echo no mount for you >&2; exit 32")
    with pytest.raises(DeviceUnavailable, match="did not start: no mount for you"):
        async with PrivatePcscd():
            pass
