"""Hands that do anything at any time: whatever comes of it, money, paper and records agree.

``MONKEY_SEEDS=0-199 pytest …`` looks longer; a failing seed says its number and repeats most of the time.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from drivers.errors import ImpossibleAct, PrinterFault
from terminal.visit import states as s
from tests.terminal.visits.place import Backend, Person, Place, terminal_at

FIRST, LAST = (int(n) for n in os.environ.get("MONKEY_SEEDS", "0-1").split("-"))
SEEDS = range(FIRST, LAST + 1)
ACTS = 50
DELICATE = s.Ordering | s.Preparing | s.ReturningCard | s.Paying | s.Printing | s.HandingOver
LIMITS = {
    "screen_s": 1.0,
    "warning_s": 0.1,
    "pin_s": 1.0,
    "payment_s": 0.6,
    "working_s": 5.0,
    "printing_s": 3.0,
    "left_behind_s": 0.6,
    "farewell_s": 0.05,
}
KEYS = ("1", "2", "3", "8", "9", "0", "ok", "ok", "ok", "back", "cancel", "clear", "language")


class Monkey:
    """Sometimes does what is asked, so that it gets far; sometimes anything else."""

    def __init__(self, place: Place, seed: int) -> None:
        self._place = place
        self._dice = random.Random(seed)
        persona = self._dice.choice(["aoki-haruna", "morita-kenji", "okabe-sachiko"])
        self._person = Person(place, persona, coins=self._dice.choice([(), (500, 500)]))
        self._mischief: dict[str, Callable[[], Awaitable[None]]] = {
            "key": self._key,
            "card": self._card,
            "coin": self._coin,
            "take": self._take,
            "hopper": self._hopper,
            "jam": self._jam,
            "unjam": self._unjam,
            "line": self._line,
            "staff": self._staff,
            "late": self._late,
        }
        self.done: list[str] = []

    async def act(self) -> None:
        if isinstance(self._place.state, s.OutOfService | s.Supervisor):
            self.done.append("put in order")
            await put_in_order(self._place)
        delicate = isinstance(self._place.state, DELICATE)
        sensible = self._dice.random() > (0.5 if delicate else 0.07)
        name = "what is asked" if sensible else self._dice.choice(list(self._mischief))
        self.done.append(f"{type(self._place.state).__name__}: {name}")
        try:
            if sensible:
                async with asyncio.timeout(0.3):
                    await self._person._act(self._place.state)
            else:
                await self._mischief[name]()
        except (ImpossibleAct, AssertionError, TimeoutError):
            pass  # a hand met resistance
        await asyncio.sleep(self._dice.choice([0, 0, 0.001, 0.01, 0.05, 0.2]))

    # --- mischief ----------------------------------------------------------------------------

    async def _key(self) -> None:
        await self._place.press(*self._dice.choices(KEYS, k=self._dice.randint(1, 3)))

    async def _card(self) -> None:
        if self._place.reader.card_present:
            self._place.pull_card()
        else:
            await self._place.rig.insert_card(self._person.persona)

    async def _coin(self) -> None:
        self._place.payment.drop(self._dice.choice([10, 100, 500, 1000, 5]))

    async def _take(self) -> None:
        self._place.take_all()

    async def _hopper(self) -> None:
        if self._place.payment._jammed:
            self._place.payment.clear_jam()
        else:
            self._place.payment.jam()

    async def _jam(self) -> None:
        self._place.printer.jam(self._dice.choice([0, 1]))

    async def _unjam(self) -> None:
        mend_printer(self._place)

    async def _line(self) -> None:
        await self._place.line.set_cut(not self._place.line.cut)

    async def _staff(self) -> None:
        await self._place.turn_key()

    async def _late(self) -> None:
        self._place.terminal.conductor._deadline = 0
        await self._place.press("repeat")


def mend_printer(place: Place) -> None:
    place.printer._due.clear()
    if PrinterFault.PAPER_JAM in place.printer.faults:
        place.printer.clear_jam()


async def put_in_order(place: Place) -> None:
    """Everybody goes home, staff look after the rest; in the end the terminal serves again."""
    if place.payment._jammed:
        place.payment.clear_jam()
    mend_printer(place)
    await place.mend()
    for _ in range(400):
        await asyncio.sleep(0.02)
        if place.reader.card_present:
            place.pull_card()
        place.take_all()
        state = place.state
        if isinstance(state, s.Supervisor):
            await place.press("1")
            await place.turn_key()
        elif isinstance(state, s.OutOfService) and not place.rig._supervised:
            await place.turn_key()
        elif isinstance(state, s.Idle) and not place.terminal.conductor.busy:
            if place.rig._supervised:
                await place.turn_key()
            elif not place.troubles:
                return
    raise AssertionError(f"it does not come to rest: {place.state}, {place.troubles}")


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_hands_do_everything_agrees_in_the_end(
    backend: Backend, here: Path, seed: int
) -> None:
    async with terminal_at(backend, here, LIMITS) as place:
        await place.reach(s.Idle)
        monkey = Monkey(place, seed)
        for _ in range(ACTS):
            await monkey.act()
        await put_in_order(place)
        await place.settled()
        rows = place.rows()
        print("\n".join(monkey.done), *rows, sep="\n")
        orders = {str(f["order"]) for _, step, f in rows if step == "ordered"}
        kept = sum(int(str(f["yen"])) for _, step, f in rows if step == "kept")
        assert (await place.payment.status()).kept_yen == kept
        assert place.payment.held_yen == 0
        for visit in place.visits:
            assert place.steps(visit)[-1] == "done", visit
            assert place.steps(visit).count("done") == 1, visit
        for order in orders:
            check_order(place, order)
        assert not [entry for entry in rows if entry[1] == "printing" and not entry[2]["sheets"]]


def check_order(place: Place, order: str) -> None:
    """Printed and kept, or void and back; anything else only with an incident for staff."""
    backend = place.backend
    steps = [step for _, step, facts in place.rows() if facts.get("order") == order]
    state, ledger = backend.order_state(order), backend.ledger(order)
    known = set(backend.incidents(order))
    assert "result.contradicts" not in known, (order, steps)
    match state:
        case "printed":
            assert "printed" in steps
            assert "returned" not in steps
            assert ledger.keys() == {"taken"}
            assert "kept" in steps or "money_stuck" in known
        case "void":
            assert "kept" not in steps
            assert "printed" not in steps
            owed = ledger.get("owed", 0)
            assert ledger.get("taken", 0) == ledger.get("refunded", 0) + owed
            assert not owed or "money_stuck" in known
        case "suspect":
            assert known & {"sheets_unknown", "money_stuck"}, (order, steps)
        case _:
            raise AssertionError(f"{order} is {state} after {steps}")
