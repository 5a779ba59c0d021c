"""Paper: what fails before, during and after printing, and what is left in the tray (R26–R29, R68)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.printer.simulated import SimulatedDocumentPrinter
from terminal.link import wire
from terminal.visit import states as s
from terminal.visit.known import Belongings
from tests.terminal.visits.place import PAPER, Backend, Person, terminal_at, workers

Act = Callable[[SimulatedDocumentPrinter], None]
VOID = [
    *("opened", "ordered", "ready", "paying", "paid", "printing", "returning", "returned", "done")
]


def out_of_paper(printer: SimulatedDocumentPrinter) -> None:
    printer.run_out_of_paper()


def load(printer: SimulatedDocumentPrinter) -> None:
    printer.load_paper()


def open_cover(printer: SimulatedDocumentPrinter) -> None:
    printer.open_cover()


def close_cover(printer: SimulatedDocumentPrinter) -> None:
    printer.close_cover()


@pytest.mark.parametrize(
    ("breaks", "mends", "trouble"),
    [
        (out_of_paper, load, "trouble.paper_out"),
        (open_cover, close_cover, "trouble.cover_open"),
    ],
)
async def test_R29_a_printer_that_cannot_print_is_known_before_anybody_begins(
    backend: Backend, here: Path, breaks: Act, mends: Act, trouble: str
) -> None:
    async with terminal_at(backend, here, before=lambda place: breaks(place.printer)) as place:
        await place.until(
            lambda: isinstance(place.state, s.OutOfService) and place.state.troubles == (trouble,),
            trouble,
        )
        mends(place.printer)
        await place.reach(s.Idle)
        breaks(place.printer)
        await place.reach(s.OutOfService)
        mends(place.printer)
        await place.reach(s.Idle)


async def test_R29_paper_out_while_the_card_is_taken_asks_for_no_money(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.ReturningCard)
        place.printer.run_out_of_paper()
        await person.go(s.Refused)
        assert place.words()[1:3] == [
            "refused.printer_not_ready",
            "refused.printer_not_ready.next",
        ]
        await place.settled()
        assert place.steps() == ["opened", "ordered", "ready", "done"]
        assert backend.order_state(place.order) == "void"
        assert not place.receipts.receipts
        await place.press("ok")
        await place.reach(s.OutOfService)


@pytest.mark.parametrize("sheets_out", [0, 1])
async def test_R57_a_jam_gives_the_money_back_whole_and_void_sheets_to_staff(
    backend: Backend, here: Path, sheets_out: int
) -> None:
    """On the first sheet, and on the second of two."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place, "morita-kenji", people=("1", "ok"), items=("ok",), copies=2)
        place.on_enter[s.Printing] = lambda: place.printer.jam(sheets_out)
        await person.go(s.Collecting)
        assert place.payment.cup_yen == 500
        await place.settled()
        place.payment.take_change()
        place.receipts.take()
        refused = await place.reach(s.Refused)
        assert refused.refusal.reason == "refused.print_failed"
        assert "refused.no_charge" in place.words()
        begun = sheets_out > 0  # what is noticed before the first sheet is not begun
        assert place.steps() == [step for step in VOID if begun or step != "printing"]
        assert place.incidents == (["sheets_void"] if sheets_out else [])
        assert backend.order_state(place.order) == "void"
        assert backend.ledger(place.order) == {"taken": 500, "refunded": 500}
        assert backend.incidents(place.order) == place.incidents
        await place.press("ok")
        await place.reach(s.OutOfService)
        if sheets_out:
            place.printer.clear_jam()
            await place.clear_by_staff()
            await place.reach(s.OutOfService)  # the void sheet lies there still
            place.printer.take()
            await place.clear_by_staff()
            await place.reach(s.Idle)


async def test_a_power_cut_of_the_printer_leaves_nobody_knows_how_many_sheets(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        place.on_enter[s.Printing] = place.printer.switch_off
        place.printer.seconds_per_sheet = 0.05
        await person.go(s.Collecting)
        await place.settled()
        assert backend.order_state(place.order) in {"void", "suspect"}
        assert place.payment.cup_yen == 250
        place.printer.switch_on()


async def test_printing_that_stalls_ends_as_suspect_with_the_money_back(
    backend: Backend, here: Path
) -> None:
    limits = {"printing_s": 0.2, "sheet_s": 0.1}
    async with terminal_at(backend, here, limits) as place:
        await place.reach(s.Idle)
        place.printer.seconds_per_sheet = 30
        person = Person(place)
        await person.go(s.Collecting)
        await place.settled()
        assert place.incidents == ["sheets_unknown"]
        assert place.steps() == VOID
        assert backend.order_state(place.order) == "suspect"
        assert place.payment.cup_yen == 250
        assert (await place.printer.status()).jobs_queued == 0
        await person.go(s.OutOfService)


async def test_R68_sheets_that_are_not_taken_keep_the_next_person_out(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.HandingOver)
        await place.until(lambda: bool(place.receipts.receipts), "receipt")
        await place.settled()
        await place.time_out()
        out = await place.reach(s.OutOfService)
        assert out.troubles == ("trouble.left_behind",)
        await place.settled()
        assert place.steps() == PAPER
        assert place.incidents == ["sheets_left"]
        assert backend.order_state(place.order) == "printed"
        assert backend.incidents(place.order) == ["sheets_left"]
        place.take_all()
        await place.clear_by_staff()
        await place.reach(s.Idle)


async def test_R68_a_receipt_alone_is_told_as_a_receipt(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.HandingOver)
        await place.until(lambda: bool(place.receipts.receipts), "receipt")
        await place.settled()
        place.printer.take()
        await place.until(
            lambda: (
                isinstance(place.state, s.HandingOver)
                and place.state.belongings == Belongings(receipt=True)
            ),
            "seen that the sheets are gone",
        )
        await place.time_out()
        await place.reach(s.OutOfService)
        await place.settled()
        assert place.incidents == ["receipt_left"]


async def test_a_receipt_printer_out_of_paper_stops_nothing(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        place.on_enter[s.Printing] = place.receipts.run_out_of_paper
        person = Person(place)
        await person.go(s.Farewell)
        await place.settled()
        assert place.steps() == PAPER
        await place.reach(s.OutOfService)


async def test_I16_a_worker_that_is_killed_ends_the_visit_without_charge(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)

        def kill() -> None:
            work = place.terminal.conductor._performer._work
            assert work is not None
            assert work.worker is not None
            assert work.worker.pid is not None
            os.kill(work.worker.pid, signal.SIGKILL)

        place.on_enter[s.Preparing] = kill
        person = Person(place)
        await person.go(s.Refused)
        assert place.words()[1:3] == ["refused.ours", "refused.ours.next"]
        assert "refused.no_charge" in place.words()
        await person.go(s.Idle)
        await place.settled()
        assert place.steps() == ["opened", "ordered", "done"]
        assert backend.order_state(place.order) == "void"
        await person.go(s.Farewell)  # the next visit has a worker of its own
        await place.settled()
        assert place.steps() == PAPER


async def test_a_worker_that_died_while_it_waited_is_not_the_next_persons_trouble(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await place.until(lambda: bool(workers()), "a worker made ready ahead")
        spare = place.terminal.conductor._performer._spare
        assert spare is not None
        worker = await asyncio.shield(spare)
        assert worker is not None
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        await place.until(lambda: not worker.alive, "dead")
        await Person(place).go(s.Farewell)
        await place.settled()
        assert place.steps() == PAPER


async def test_I10_a_document_that_was_tampered_with_closes_the_terminal(
    backend: Backend, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with terminal_at(backend, here) as place:
        get = place.terminal.centre.get

        async def tampered(
            path: str, answer: type[wire.Message], timeout_s: float | None = None
        ) -> wire.Message:
            message = await get(path, answer, timeout_s)
            if isinstance(message, wire.SealedDocument):
                flipped = bytes([message.sealed[-1] ^ 1])
                return wire.SealedDocument(
                    order=message.order, copy=message.copy, sealed=message.sealed[:-1] + flipped
                )
            return message

        monkeypatch.setattr(place.terminal.centre, "get", tampered)
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Refused)
        assert place.words()[1:3] == ["refused.document_check", "refused.document_check.next"]
        out = await person.go(s.OutOfService)
        assert out.troubles == ("trouble.integrity",)
        await place.settled()
        assert place.steps() == ["opened", "ordered", "done"]
        assert place.incidents == ["integrity"]
        assert backend.incidents(place.order) == ["integrity"]
        assert backend.order_state(place.order) == "void"
        service = place.terminal.health._service
        assert service is not None
        place.terminal._told(service)  # a later success does not reopen it
        await place.until(place.terminal.conductor._queue.empty, "heard")
        assert isinstance(place.state, s.OutOfService)
        monkeypatch.undo()
        await place.clear_by_staff()
        await place.reach(s.Idle)
