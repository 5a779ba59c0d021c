"""The power goes after every row of the journal: the next start settles, and prints nothing (I-12)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from drivers.card_reader.simulated import SimulatedCardReader
from terminal.demo.rig_simulated import simulated
from terminal.journal import Facts, Journal, Letter, Step
from terminal.visit import states as s
from terminal.visit.known import Visit
from tests.terminal.visits.place import Backend, Person, Place, every, terminal_at


def cut_after(place: Place, last: Step) -> asyncio.Event:
    """No row is written after the first one of this step, and nothing that would follow it is done."""
    dark = asyncio.Event()
    journal = place.terminal.journal
    write = journal.write

    async def until_dark(
        at: datetime,
        visit: str,
        step: Step,
        facts: Facts | None = None,
        letter: Letter | None = None,
    ) -> None:
        if dark.is_set():
            await asyncio.Event().wait()
        await write(at, visit, step, facts, letter)
        if step is last:
            dark.set()
            await asyncio.Event().wait()

    journal.write = until_dark  # type: ignore[method-assign]
    return dark


@asynccontextmanager
async def after_a_cut(backend: Backend, here: Path, step: Step) -> AsyncGenerator[Place]:
    """A terminal that was started again, its coins and paper as they lay when the power went."""
    async with terminal_at(backend, here) as before:
        await before.reach(s.Idle)
        dark = cut_after(before, step)
        person = Person(before, coins=(500,))
        going = asyncio.create_task(person.go(s.Farewell))
        async with asyncio.timeout(20):
            await dark.wait()
        going.cancel()
        await asyncio.wait({going})
        assert before.running is not None
        before.running.cancel()
        await asyncio.wait({before.running})
        if before.reader.card_present:
            before.pull_card()

    def as_it_lay(place: Place) -> None:
        place.payment._held_yen = before.payment.held_yen
        place.payment._kept_yen = before.payment._kept_yen
        place.payment._set_cup(before.payment.cup_yen)
        place.printer.impressions = before.printer.impressions
        place.printer.sheets = list(before.printer.sheets)
        place.printer._tell_tray()

    async with terminal_at(backend, here, before=as_it_lay) as place:
        yield place


@every(
    (Step.OPENED, [], None, 0, {}),
    (Step.ORDERED, [], "void", 0, {}),
    (Step.READY, [], "void", 0, {}),
    (Step.PAYING, ["returning", "returned"], "void", 0, {}),
    (Step.PAID, ["returning", "returned"], "void", 0, {"taken": 250, "refunded": 250}),
    (Step.PRINTING, ["returning", "returned"], "void", 0, {"taken": 250, "refunded": 250}),
    (Step.PRINTED, ["kept"], "printed", 250, {"taken": 250}),
    (Step.KEPT, [], "printed", 250, {"taken": 250}),
)
async def test_recovery_after_every_row(
    backend: Backend,
    here: Path,
    step: Step,
    after: list[str],
    state: str | None,
    kept: int,
    ledger: dict[str, int],
) -> None:
    async with after_a_cut(backend, here, step) as place:
        await place.settled()
        steps = place.steps()
        assert steps[steps.index(step.value) + 1 :] == [*after, "done"]
        assert place.payment.held_yen == 0
        assert (await place.payment.status()).kept_yen == kept
        assert not place.printer.taken
        if state is not None:
            assert backend.order_state(place.order) == state
            assert backend.ledger(place.order) == ledger
        interrupted = bool(after) and state == "void"
        assert ("interrupted" in place.incidents) is interrupted
        if interrupted or place.printer.sheets or place.payment.cup_yen:
            await place.reach(s.OutOfService)
            place.take_all()
            await place.clear_by_staff()
        await place.reach(s.Idle)


async def test_recovery_when_the_money_was_kept_and_the_row_was_not_written(
    backend: Backend, here: Path
) -> None:
    """The coin acceptor's own counter tells; nobody is charged twice and no alarm is false."""
    async with after_a_cut(backend, here, Step.PRINTED) as place:
        await place.settled()
        visit, order = place.visits[-1], place.order
        await place.until(lambda: not place.terminal.conductor.busy, "settled")
    # The same journal without its end, as if the power had gone a moment earlier.
    async with Journal(here / "state" / "journal.sqlite3") as journal:
        journal._open_db.execute("DELETE FROM entry WHERE visit = ? AND step = 'done'", (visit,))
        journal._open_db.execute("DELETE FROM entry WHERE visit = ? AND step = 'kept'", (visit,))

    def kept_already(again: Place) -> None:
        again.payment._kept_yen = 250

    async with terminal_at(backend, here, before=kept_already) as again:
        await again.settled()
        assert "money_stuck" not in again.incidents
        assert (await again.payment.status()).kept_yen == 250
        assert backend.order_state(order) == "printed"
        assert backend.incidents(order) == []


async def test_what_lies_there_at_start_is_given_to_nobody(backend: Backend, here: Path) -> None:
    """A card and a sheet of nobody known: out of service until staff have taken them (I-12)."""

    def forgotten(place: Place) -> None:
        reader = simulated(place.terminal.devices.card_reader, SimulatedCardReader)
        reader.insert(place.card("aoki-haruna"))

    async with terminal_at(backend, here, before=forgotten) as place:
        out = await place.reach(s.OutOfService)
        await place.until(lambda: place.incidents == ["found_card"], "found")
        await place.until(
            lambda: (
                isinstance(place.state, s.OutOfService)
                and place.state.troubles == ("trouble.found_card",)
            ),
            "told",
        )
        assert isinstance(out, s.OutOfService)
        await place.press("1")
        place.reader.remove()
        await place.clear_by_staff()
        await place.reach(s.Idle)


async def test_an_incident_outlives_the_journal_it_cannot_be_written_to(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        db = place.terminal.journal._open_db
        db.execute("PRAGMA query_only=ON")  # as a disk that went read-only
        place.terminal.conductor._performer.raise_incident(Visit("-").id, "integrity")
        await place.until(
            lambda: (
                isinstance(place.state, s.OutOfService)
                and set(place.state.troubles) == {"trouble.integrity", "trouble.journal"}
            ),
            "out of service",
        )
        await place.clear_by_staff()
        await place.reach(s.OutOfService)
        db.execute("PRAGMA query_only=OFF")
        await place.clear_by_staff()
        await place.reach(s.Idle)
