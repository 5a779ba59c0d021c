"""Many terminals' readers at one pcscd, each with a card that signs in again and again.

``python -m tests.drivers.card.crowd READER SIGN_INS`` is one of them: a process of its own, as in the
field. It prints a JSON object after a quarter of its sign-ins and another after all: how many it has made
and how much memory it has, in kB; then it stays until its standard input ends. One process for all readers
will not do: libpcsclite (1.9.9, and upstream's code today) changes the list of one thread's cards while
other threads search it, and crashes within some ten thousand connections.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from drivers.card import jpki
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card_reader.pcsc import PcscCardReader
from tests.drivers.card.cards import PIN

PROJECT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Report:
    """What one terminal has done so far."""

    made: int
    resident_kb: int


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


class Terminal:
    """One of the crowd, seen from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, pcscd: PrivatePcscd, reader: str, sign_ins: int) -> Terminal:
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.drivers.card.crowd", reader, str(sign_ins),
                cwd=PROJECT, env=os.environ | pcscd.environment, stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )
        )  # fmt: skip

    async def report(self) -> Report:
        """The next; raises AssertionError with what the process said if it has failed instead."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = await self._process.stdout.readline()
        if not line:
            errors = await self._process.stderr.read()
            raise AssertionError(f"{await self._process.wait()}: {errors.decode()}")
        return Report(**json.loads(line))

    async def leave(self) -> int:
        """Let it end; its return code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return await self._process.wait()

    def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


# --- the process ---------------------------------------------------------------------------------


async def sign_in(reader: PcscCardReader, message: bytes) -> None:
    """Both conversations of a visit, as terminal/acts/card.py has them."""
    async with reader.connect() as connection:
        card = await jpki.run(connection, jpki.read_card(connection.atr))
    async with reader.connect() as connection:
        await jpki.run(connection, jpki.meet_again(card))
        await jpki.run(connection, jpki.verify_pin(bytearray(PIN.encode())))
        await jpki.run(connection, jpki.sign(message, card))


async def keep_signing_in(name: str, sign_ins: int) -> None:
    async with PcscCardReader(name, f"^{re.escape(name)}$") as reader:
        for made in range(1, sign_ins + 1):
            await sign_in(reader, f"{name} {made}".encode())
            if made in {sign_ins // 4, sign_ins}:
                report = {"made": made, "resident_kb": resident_kb(os.getpid())}
                print(json.dumps(report), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(keep_signing_in(sys.argv[1], int(sys.argv[2])))
