"""``python -m drivers.card.vpcd``, as a person types it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from drivers.card import cardfile
from drivers.card.foreign import ForeignCard
from drivers.card.kinds import CardKind
from drivers.card.oddities import (
    PLAIN,
    Certificate,
    MasterFile,
    Moment,
    Oddities,
    Pull,
    Signature,
)
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.software import CONTACTLESS_ATR
from drivers.card.vpcd.__main__ import main
from drivers.card.vpcd.switches import odd_switches
from tests.drivers.card.cards import PIN, new_card, personalised
from tests.own_pcscd import or_skip

PATIENCE_S = 15.0

# Sends the commands it is given to the first card it finds; prints what lies in all readers.
PROGRAM = """
import sys
from smartcard.scard import *
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
_, readers = SCardListReaders(context, [])
wanted, states = int(sys.argv[1]), []
while sum(bool(state & SCARD_STATE_PRESENT) for _, state, _ in states) < wanted:
    known = [(name, state) for name, state, _ in states] or [(name, 0) for name in readers]
    _, states = SCardGetStatusChange(context, 10000, known)
print([(name, bytes(atr).hex()) for name, state, atr in states if state & SCARD_STATE_PRESENT])
_, card, protocol = SCardConnect(context, readers[0], SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_ANY)
for command in sys.argv[2:]:
    _, answer = SCardTransmit(card, protocol, list(bytes.fromhex(command)))
    print(bytes(answer).hex())
"""
SELECT_JPKI = "00A4040C0AD392F000260100000001"
VERIFY = "0020009804" + PIN.encode().hex()


class Started:
    """The command while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.environment: dict[str, str] = {}

    async def line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            return (await self._process.stdout.readline()).decode()

    async def ready(self) -> None:
        while "Ctrl-C" not in (line := await self.line()):
            assert line, "the command has ended"
            name, is_export, value = line.removeprefix("export ").strip().partition("=")
            if is_export:
                self.environment[name] = value

    async def rest(self) -> str:
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_S):
            rest = await self._process.stdout.read()
            assert await self._process.wait() == 0
        return rest.decode()

    async def complaint(self) -> str:
        """What it says when it ends by itself, which must not look like success."""
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            said = await self._process.stderr.read()
            assert await self._process.wait() == 1
        return said.decode()


@asynccontextmanager
async def started(*arguments: str | Path) -> AsyncGenerator[Started, None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "drivers.card.vpcd", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Started(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()


async def seen(environment: dict[str, str], cards: int, *commands: str) -> list[str]:
    """What a PC/SC program sees and is answered, line by line."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(cards), *commands,
        env=os.environ | environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await program.communicate()
    return out.decode().splitlines()


@pytest.fixture
def drawer(tmp_path: Path) -> Path:
    for name in ("sato", "abe"):
        cardfile.save(personalised(), tmp_path / f"{name}.json")
    return tmp_path


@pytest.fixture
async def pcscd() -> AsyncIterator[PrivatePcscd]:
    async with or_skip(PrivatePcscd()) as private:
        yield private


async def test_it_puts_a_card_into_a_running_pcscd(pcscd: PrivatePcscd, drawer: Path) -> None:
    port = str(pcscd.ports[1])
    async with started("--card", drawer / "abe.json", "--port", port) as command:
        assert f"at port {port}" in await command.line()
        await command.ready()
        lying = await seen(pcscd.environment, 1)
        assert lying[0] == str([("Virtual PCD 00 01", new_card().atr.hex())])
        assert await command.rest() == ""


async def test_it_starts_a_pcscd_and_logs_what_it_hears(pcscd: PrivatePcscd, drawer: Path) -> None:
    """The fixture has shown that a private pcscd can be had here; another one is started."""
    switches = ("--persona", "abe", "--cards", drawer, "--pcscd", "--log", "-")
    async with started(*switches) as command:
        await command.ready()
        assert command.environment.keys() == pcscd.environment.keys()
        assert command.environment != pcscd.environment
        _, *answers = await seen(command.environment, 1, SELECT_JPKI, VERIFY, "00B08A0000")
        assert [answer[-4:] for answer in answers] == ["9000", "9000", "9000"]
        log = await command.rest()
    assert "1 00 A4 04 0C 0A D3 92 F0 00 26 01 00 00 00 01 → 9000" in log
    assert "2 00 20 00 98 (5 more) → 9000" in log
    assert "3 00 B0 8A 00 (1 more) → 9000, 256 bytes" in log
    assert PIN not in log
    assert PIN.encode().hex(" ") not in log


async def test_a_log_that_cannot_be_written_ends_it(pcscd: PrivatePcscd, drawer: Path) -> None:
    port = str(pcscd.ports[0])
    async with started(
        "--persona", "abe", "--cards", drawer, "--port", port, "--log", "/dev/full"
    ) as command:
        await command.ready()
        await seen(pcscd.environment, 1, SELECT_JPKI)
        assert "its log cannot be written" in await command.complaint()


async def test_a_second_card_lies_beside_the_first(pcscd: PrivatePcscd, drawer: Path) -> None:
    switches = ("--persona", "abe", "--cards", drawer, "--atr", "contactless")
    port = ("--beside", "licence", "--port", str(pcscd.ports[0]))
    async with started(*switches, *port) as command:
        await command.ready()
        lying, _ = await seen(pcscd.environment, 2, SELECT_JPKI)
    licence = ForeignCard(CardKind.LICENCE).atr.hex()
    assert lying == str(
        [("Virtual PCD 00 00", CONTACTLESS_ATR.hex()), ("Virtual PCD 00 01", licence)]
    )


async def test_it_says_when_the_card_has_been_pulled(pcscd: PrivatePcscd, drawer: Path) -> None:
    switches = ("--persona", "abe", "--cards", drawer, "--pull", "after:2")
    async with started(*switches, "--port", str(pcscd.ports[0])) as command:
        await command.ready()
        answers = (await seen(pcscd.environment, 1, SELECT_JPKI, VERIFY, VERIFY))[1:]
        assert answers == ["9000", "9000", ""]
        assert await command.line() == "The card has been pulled, at its command 2.\n"


async def test_something_mute_lies_there(pcscd: PrivatePcscd) -> None:
    async with started("--kind", "mute", "--port", str(pcscd.ports[0])) as command:
        await command.ready()
        assert (await seen(pcscd.environment, 1))[0] == str([("Virtual PCD 00 00", "")])


# --- what it cannot do -------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_an_unknown_persona_is_answered_with_those_that_exist(drawer: Path) -> None:
    result = run("--persona", "suzuki", "--cards", drawer)
    assert result.exit_code == 1
    assert "no card of “suzuki” here; there are abe, sato" in result.stderr


def test_where_no_pcscd_is_it_says_how_to_have_one(
    drawer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.card.vpcd._NOTICED_LIMIT_S", 0.1)
    with socket.socket() as nobody:  # bound, so that nobody else is; not listening
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        result = run("--persona", "abe", "--cards", drawer, "--port", str(port))
    assert result.exit_code == 1
    for word in (f"port {port}", "systemctl start pcscd", "vsmartcard-vpcd", "add --pcscd"):
        assert word in result.stderr


def test_a_file_that_is_no_card_is_named(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}")
    result = run("--card", tmp_path / "card.json")
    assert result.exit_code == 1
    assert "card.json is not a card file" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say which card"),
        (("--persona", "abe", "--card", "abe.json"), "not both"),
        (("--kind", "my_number"), "name its --persona, too"),
        (("--persona", "abe", "--kind", "mute"), "--silent-at 1"),
        (("--kind", "bank", "--tries", "1"), "has no PIN"),
        (("--kind", "bank", "--beside", "iphone"), "name its --persona, too"),
        (("--kind", "bank", "--pull", "during"), "during:N"),
        (("--kind", "bank", "--pull", "during:0"), "N from 1"),
        (("--kind", "bank", "--atr", "no"), "hexadecimal"),
        (("--kind", "bank", "--atr", "3B"), "2 to 33 bytes"),
        (("--kind", "bank", "--certificate", "lost"), "whole"),
        (("--kind", "bank", "--port", "0"), "1<=x<=65535"),
        (("--kind", "bank", "--log", "nowhere/log"), "nowhere/log"),
    ],
)
def test_a_command_line_that_makes_no_sense(
    drawer: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(drawer)
    result = run("--cards", drawer, *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_its_help_is_for_someone_new() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "any PC/SC program finds it" in result.stdout
    assert "python -m drivers.card.vpcd --persona NAME --pcscd" in result.stdout


# --- its switches ------------------------------------------------------------------------------------


def made_of(*arguments: str) -> Oddities:
    made: list[Oddities] = []

    @click.command()
    @odd_switches
    def command(**odd: object) -> None:
        made.append(Oddities(**odd))  # type: ignore[arg-type]

    result = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return made[0]


def test_without_switches_nothing_is_odd() -> None:
    assert made_of() == PLAIN


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("--locked-word 63c0", Oddities(locked_word=0x63C0)),
        ("--no-pin", Oddities(no_pin=True)),
        ("--certificate truncated", Oddities(certificate=Certificate.TRUNCATED)),
        ("--signature garbage", Oddities(signature=Signature.GARBAGE)),
        ("--master-file leaves", Oddities(master_file=MasterFile.LEAVES)),
        ("--no-short-ids", Oddities(short_ids=False)),
        ("--get-response", Oddities(get_response=True)),
        ("--fails-first", Oddities(fails_first=True)),
        ("--atr contactless", Oddities(atr=CONTACTLESS_ATR)),
        ("--atr 3B80800101", Oddities(atr=bytes.fromhex("3B80800101"))),
        ("--pull before:3", Oddities(pull=Pull(3, Moment.BEFORE))),
        ("--silent-at 4", Oddities(silent_at=4)),
        ("--delay 15", Oddities(apdu_delay_s=0.015)),
        ("--sign-delay 400", Oddities(sign_delay_s=0.4)),
    ],
)
def test_each_switch_makes_its_oddity(switch: str, expected: Oddities) -> None:
    assert made_of(*switch.split()) == expected


def test_every_oddity_has_a_switch() -> None:
    names = {option.name for option in main.params}
    assert names >= set(Oddities.__slots__)
