"""A sign-in at a slow card: ours, beside what OpenSC needs for the same at the same card, in turns.

Each command takes the card 15 ms, as over a contactless line. Between the card and any program there are
the virtual reader, pcscd and a thread to be woken in each of them for each command; what that costs is
measured by sending the same commands one after the other from a single thread that does nothing else, over
a line to pcscd that was there before. That, with the card's own 15 ms, is the card as a program meets it
(``card.bare_wall_ms``), and ``card.overhead_ms`` is what our reader code adds. What lies between the card's
own clock and that bare program is told beside it (``card.line_ms``), and both together, with nothing taken
off, as ``card.above_card_ms``.

All of them run on one core: waking an idle second one takes a virtual machine up to a third of a
millisecond, for each thread and command, which is neither ours nor OpenSC's.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from drivers.card import jpki
from drivers.card.apdu import Response
from drivers.card.files import Steps
from drivers.card.jpki import CardSummary
from drivers.card.oddities import Oddities
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.software import CONTACTLESS_ATR
from drivers.card_reader.pcsc import PcscCardReader
from drivers.card_reader.scard import Scard
from tests.drivers.card.cards import PIN, card_of_size, run_over
from tests.interop.desk import MESSAGE, Desk

ROUNDS = 9
SLOW = Oddities(atr=CONTACTLESS_ATR, apdu_delay_s=0.015)
# A real certificate of JPKI's has about this size; its root's, with two long names and a distribution
# point, was estimated.
CERTIFICATE_SIZE, ISSUER_SIZE = 1295, 1100
_T = TypeVar("_T")
JPKI_ONLY = "card_drivers = jpki;"


@dataclass(frozen=True)
class Round:
    """One sign-in, seen from the program and from the card."""

    wall_ms: float
    card_ms: float
    apdus: int
    octets: int


@dataclass
class Rounds:
    """By who signed in."""

    ours: list[Round] = field(default_factory=list[Round])
    bare: list[Round] = field(default_factory=list[Round])
    jpki_only: list[Round] = field(default_factory=list[Round])
    default: list[Round] = field(default_factory=list[Round])


async def measure() -> dict[str, float]:
    """``card.apdus``, ``card.wall_ratio_opensc`` (against OpenSC with its JPKI driver only),
    ``card.overhead_ms``; and beside them what they come from."""
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as name, _one_core():
        async with PrivatePcscd() as pcscd:
            desk = Desk(pcscd, Path(name))
            os.environ.update(pcscd.environment)  # before this process' first call of libpcsclite
            async with desk.slot, PcscCardReader("card reader") as reader:
                await desk.slot.insert(card_of_size(CERTIFICATE_SIZE, ISSUER_SIZE), SLOW)
                return _figures(await _rounds(desk, reader, Bare(pcscd.readers[0])))


@contextmanager
def _one_core() -> Generator[None]:
    """For this process and those it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def _rounds(desk: Desk, reader: PcscCardReader, bare: Bare) -> Rounds:
    """In turns, so that whatever else this machine does meets all of them."""
    rounds = Rounds()
    for _ in range(ROUNDS):
        rounds.ours.append(await _timed(desk, lambda: _sign_in(reader)))
        rounds.bare.append(await _timed(desk, lambda: asyncio.to_thread(bare.sign_in)))
        desk.configure(JPKI_ONLY)
        rounds.jpki_only.append(await _timed(desk, lambda: desk.opensc_signature(PIN)))
        desk.configure("")
        rounds.default.append(await _timed(desk, lambda: desk.opensc_signature(PIN)))
    return rounds


async def _timed(desk: Desk, act: Callable[[], Awaitable[bytes]]) -> Round:
    desk.heard.clear()
    began = time.perf_counter()
    await act()
    wall_ms = (time.perf_counter() - began) * 1000
    return Round(
        wall_ms,
        sum(each.seconds for each in desk.heard) * 1000,
        len(desk.heard),
        sum(each.sent + each.received for each in desk.heard),
    )


async def _sign_in(reader: PcscCardReader) -> bytes:
    """Both conversations of a visit, as terminal/acts/card.py has them, and the card's power off."""
    async with reader.connect() as connection:
        card = await jpki.run(connection, jpki.read_card(connection.atr))
    async with reader.connect() as connection:
        return await jpki.run(connection, _met_again(card))


class Bare:
    """The same commands, and no event loop, no thread to hand them to, no time limit."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._context = Scard(reader).establish()

    def sign_in(self) -> bytes:
        card = self._session(jpki.read_card)
        return self._session(lambda _atr: _met_again(card))

    def _session(self, steps: Callable[[bytes], Steps[_T]]) -> _T:
        handle = self._context.connect(self._reader)
        try:
            return run_over(
                steps(handle.atr()),
                lambda command: Response.decode(handle.transmit(command.encode())),
            )
        finally:
            handle.unpower()


def _met_again(card: CardSummary) -> Steps[bytes]:
    return jpki.sign_in(card, bytearray(PIN.encode()), MESSAGE.encode())


def _figures(rounds: Rounds) -> dict[str, float]:
    def median(these: list[Round], of: Callable[[Round], float]) -> float:
        return statistics.median(map(of, these))

    wall_ms = median(rounds.ours, lambda each: each.wall_ms)
    bare_wall_ms = median(rounds.bare, lambda each: each.wall_ms)
    opensc_wall_ms = median(rounds.jpki_only, lambda each: each.wall_ms)
    return {
        "card.apdus": median(rounds.ours, lambda each: each.apdus),
        "card.wall_ratio_opensc": wall_ms / opensc_wall_ms,
        "card.overhead_ms": wall_ms - bare_wall_ms,
        "card.above_card_ms": median(rounds.ours, lambda each: each.wall_ms - each.card_ms),
        "card.line_ms": median(rounds.bare, lambda each: each.wall_ms - each.card_ms),
        "card.bare_wall_ms": bare_wall_ms,
        "card.bytes": median(rounds.ours, lambda each: each.octets),
        "card.wall_ms": wall_ms,
        "card.opensc_apdus": median(rounds.jpki_only, lambda each: each.apdus),
        "card.opensc_bytes": median(rounds.jpki_only, lambda each: each.octets),
        "card.opensc_wall_ms": opensc_wall_ms,
        "card.opensc_default_apdus": median(rounds.default, lambda each: each.apdus),
        "card.opensc_default_bytes": median(rounds.default, lambda each: each.octets),
        "card.opensc_default_wall_ms": median(rounds.default, lambda each: each.wall_ms),
    }
