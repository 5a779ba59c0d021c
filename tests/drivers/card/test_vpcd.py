"""The slot and the private pcscd, seen from outside; the slot's own line against a scripted driver."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.card import cardfile, private_pcscd
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.vpcd import VpcdSlot
from drivers.errors import DeviceUnavailable, ImpossibleAct
from tests.drivers.card.cards import new_card, personalised

PATIENCE_S = 15.0

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


# --- a pcscd of one's own ----------------------------------------------------------------------------


@pytest.fixture
async def two_of_them() -> AsyncIterator[tuple[PrivatePcscd, PrivatePcscd]]:
    pytest.importorskip("smartcard.scard", reason="pyscard is not installed")
    try:
        async with PrivatePcscd() as one, PrivatePcscd() as other:
            yield one, other
    except DeviceUnavailable as error:
        pytest.skip(f"no virtual card reader can be had: {error.advice}")


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


async def test_the_command_puts_a_card_into_a_running_pcscd(
    two_of_them: tuple[PrivatePcscd, PrivatePcscd], tmp_path: Path
) -> None:
    pcscd, _ = two_of_them
    path = tmp_path / "card.json"
    cardfile.save(personalised(), path)
    command = ("-m", "drivers.card.vpcd", "--card", str(path), "--port", str(pcscd.ports[0]))
    program = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert b"The card lies in the reader" in await program.stdout.readline()
        seen = await output(sys.executable, "-c", LOOK, environment=pcscd.environment)
        assert new_card().atr.hex() in seen
    finally:
        program.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_S):
            assert await program.wait() == 0


async def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text("{}")
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "drivers.card.vpcd",
        "--card",
        str(path),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        _, errors = await program.communicate()
    assert program.returncode == 1
    assert b"is not a card file" in errors
    assert b"Traceback" not in errors


def _nowhere(_name: str, *, path: str) -> None:
    assert "/usr/sbin" in path


async def test_missing_programs_are_named_as_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", _nowhere)
    monkeypatch.setattr(private_pcscd, "_DRIVER", Path("/nonexistent"))
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
