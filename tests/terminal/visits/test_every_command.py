"""The card is pulled, and pcscd killed, at every single command of a visit, over a real pcscd.

What becomes of each visit is in ``every_command.txt``, to be read and judged by a person: no visit hangs,
none goes on that lacks a signature, none tells the person something that is not so. ``GOLDEN=write``
writes that file anew.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from drivers.card.apdu_log import Exchange
from drivers.card.oddities import PLAIN, Moment, Oddities, Pull
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.software import SoftwareCard
from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from drivers.device import DeviceState
from terminal.demo.line import Line
from terminal.demo.rig_simulated import SimulatedRig
from terminal.devices import Devices
from terminal.visit import states as s
from tests.terminal.visits.place import (
    AT_ONCE,
    Backend,
    Person,
    Place,
    _together,
    leaving_nothing,
    terminal_at,
)

GOLDEN = Path(__file__).with_name("every_command.txt")
PERSONA = "aoki-haruna"
TRIES = 2  # a right PIN that the card has heard makes it three
NAMES = {
    "00 A4 04 0C 0A D3 92": "SELECT JPKI",
    "00 B0 86 00": "READ token label",
    "00 B0 8A 00": "READ certificate",
    "00 B0": "READ certificate, on",
    "00 A4 02 0C 02 00 18": "SELECT PIN",
    "00 20 00 80 (": "VERIFY",
    "00 20 00 80": "tries left?",
    "00 A4 02 0C (": "cover the PIN",
    "80 2A 00 97": "SIGN",
}


class TrippingCard(VirtualCard):
    """Something happens when its ``trip_at``-th command arrives, before it is heard."""

    trip_at = 0
    trip: Callable[[], None]
    heard = 0

    def transmit(self, octets: bytes | bytearray) -> bytes:
        self.heard += 1
        if self.heard == self.trip_at:
            self.trip()
        return super().transmit(octets)


@dataclass
class Accident:
    """What befalls the card at its ``command``-th; ``pull`` None: pcscd is killed instead."""

    command: int
    pull: Moment | None = None

    @property
    def oddities(self) -> Oddities:
        return PLAIN if self.pull is None else Oddities(pull=Pull(self.command, self.pull))


class SlotRig(SimulatedRig):
    """A drawer of cards beside a slot of a real pcscd; everything else in memory."""

    def __init__(self, devices: Devices, cards: Path, line: Line, slot: VpcdSlot) -> None:
        super().__init__(devices, cards, line)
        self.slot = slot
        self.accident: Accident | None = None
        self.kill: Callable[[], None] = lambda: None
        self.cards: list[VirtualCard] = []

    def load_card(self, persona: str) -> VirtualCard:
        card = TrippingCard.from_file(self._cards / f"{persona}.json")
        if self.accident is not None and self.accident.pull is None:
            card.trip_at, card.trip = self.accident.command, self.kill
        self.cards.append(card)
        return card

    async def _put(self, card: SoftwareCard) -> None:
        await self.slot.insert(card, PLAIN if self.accident is None else self.accident.oddities)

    async def _pull(self) -> None:
        if self.slot.occupied:
            await self.slot.remove()


class OneCard(Person):
    """Lays the card down once, and goes as far as the visit does."""

    async def _act(self, state: s.State) -> None:
        if isinstance(state, s.EnteringPin):  # a person types more slowly than pcscd looks
            rig, reader = self.place.rig, self.place.terminal.devices.card_reader
            assert isinstance(rig, SlotRig)
            await self.place.until(lambda: reader.card_present is rig.slot.occupied, "noticed")
        if state is self.place.state:
            await super()._act(state)

    async def go_on(self) -> s.AwaitingCard | s.Refused | s.Paying:
        await self.go(s.AwaitingCard)
        await self.place.rig.insert_card(self.persona)
        await self.place.until(lambda: "ReadingCard" in self.place.kinds, "noticed")
        return await self.go(s.AwaitingCard, s.Refused, s.Paying)


@dataclass
class Bench:
    """One slot of the pcscd, and terminals one after the other before it."""

    backend: Backend
    here: Path
    pcscd: PrivatePcscd
    slot: int
    log: list[Exchange] = field(default_factory=list[Exchange])

    async def visit(self, accident: Accident | None) -> str:
        """How a visit ends at which ``accident`` happens, in a few words."""
        self.log.clear()
        folder = self.here / f"{self.slot}-{accident}".replace(" ", "")
        folder.mkdir()
        reader = {"type": "pcsc", "pattern": f"^{self.pcscd.readers[self.slot]}$"}
        async with VpcdSlot(self.pcscd.ports[self.slot], listener=self.log.append) as slot:

            def rig_of(devices: Devices, cards: Path, line: Line) -> SlotRig:
                return SlotRig(devices, cards, line, slot)

            async with terminal_at(
                self.backend, folder, rig_of=rig_of, card_reader=reader
            ) as place:
                rig = place.rig
                assert isinstance(rig, SlotRig)
                rig.accident = accident
                rig.kill = partial(os.kill, self.pcscd.pid, signal.SIGKILL)
                place.card(PERSONA, tries_left=TRIES)
                await place.reach(s.Idle)
                state = await OneCard(place, PERSONA).go_on()
                told = await self._told(place, rig, state)
                if accident is not None and accident.pull is None:
                    await self.pcscd.stop()
                    await self.pcscd.start()
                await self._afterwards(place, rig)
                return told

    async def _told(
        self, place: Place, rig: SlotRig, state: s.AwaitingCard | s.Refused | s.Paying
    ) -> str:
        """What the person sees, and what the card has counted; with what must hold in any case."""
        (card,) = rig.cards
        await place.until(lambda: not card.is_pin_verified, "without a verified PIN")
        verified = [e for e in self.log if e.command.startswith("00 20 00 80 (")]
        assert len(verified) <= 1, "one PIN is one VERIFY"
        tries = f"{card.tries_left} tries"
        match state:
            case s.AwaitingCard():
                assert place.steps() in (["opened"], [])
                return f"asks for the card; {tries}"
            case s.Refused():
                assert "ordered" not in place.steps() or self._signatures() == 2
                return f"{state.refusal.reason}; {tries}"
            case s.Paying():
                assert self._signatures() == 2, "no order without the card's own signature"
                return f"asks for money; {tries}"

    def _signatures(self) -> int:
        """How many the card gave, as far as it could be seen."""
        return sum(e.command.startswith("80 2A") and e.sw == 0x9000 for e in self.log)

    async def _afterwards(self, place: Place, rig: SlotRig) -> None:
        """Whatever happened: the next person is served, and no member of staff is needed."""
        await rig._pull()
        reader = place.terminal.devices.card_reader
        await place.until(
            lambda: reader.state is DeviceState.ONLINE and not reader.card_present, "seen empty"
        )
        if isinstance(place.state, s.AwaitingCard | s.Paying):
            await place.press("cancel")
        for _ in range(3):
            state = await place.reach(s.Refused, s.Farewell, s.Collecting, s.Idle, s.TakingCardBack)
            if isinstance(state, s.Idle):
                break
            await place.press("ok")
            await asyncio.sleep(0.01)
        await place.reach(s.Idle)
        await place.settled()
        assert place.incidents == []


def name_of(exchange: Exchange) -> str:
    return next(name for start, name in NAMES.items() if exchange.command.startswith(start))


async def at_once(jobs: list[Callable[[Bench], Awaitable[None]]], benches: list[Bench]) -> None:
    """Each bench takes the next job as soon as it is free."""
    _together.set(True)
    waiting = list(reversed(jobs))

    async def work(bench: Bench) -> None:
        while waiting:
            await waiting.pop()(bench)

    async with leaving_nothing(), asyncio.TaskGroup() as group:
        for bench in benches:
            group.create_task(work(bench))


async def test_the_card_is_pulled_and_pcscd_killed_at_every_command_of_a_visit(
    backend: Backend, here: Path, pcscd: PrivatePcscd, caplog: pytest.LogCaptureFixture
) -> None:
    benches = [Bench(backend, here, pcscd, slot) for slot in range(AT_ONCE)]
    assert await benches[0].visit(None) == "asks for money; 3 tries"
    commands = [name_of(exchange) for exchange in benches[0].log]
    table = {(number, how): "" for number in range(1, len(commands) + 1) for how in HOW}

    def job(number: int, how: Moment | None) -> Callable[[Bench], Awaitable[None]]:
        async def make(bench: Bench) -> None:
            try:
                table[number, how] = await bench.visit(Accident(number, how))
            except BaseException as error:
                error.add_note(f"command {number}, {how}")
                raise

        return make

    pulls = [job(number, how) for number, how in table if how is not None]
    await at_once(pulls, benches)
    kills = [job(number, how) for number, how in table if how is None]
    await at_once(kills, benches[:1])
    traces = [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]
    assert not traces, "a card that is pulled is an expected result, and no trace"
    text = written(commands, table)
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")


HOW = (Moment.BEFORE, Moment.DURING, Moment.AFTER, None)


def written(commands: list[str], table: dict[tuple[int, Moment | None], str]) -> str:
    head = [
        "",
        "command",
        "pulled before it",
        "pulled during it",
        "pulled after it",
        "pcscd killed",
    ]
    rows = [head] + [
        [str(number), name, *(table[number, how] for how in HOW)]
        for number, name in enumerate(commands, 1)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines) + "\n"
