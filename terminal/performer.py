"""Performs the visit's commands as tasks: one visit at a time, one line of acts after the other.

The only place that catches broadly: whatever an act raises becomes an ``ActRefused`` of its visit, and an
event of a visit that is over is dropped and counted (I-7).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, assert_never

from drivers.errors import DriverError
from terminal.acts import card, ending, money, opening, ordering, paper
from terminal.acts.card_session import CardSession
from terminal.acts.desk import Desk, Work
from terminal.acts.failures import LATCHING, refusal_for
from terminal.document.errors import DocumentError
from terminal.document.handle import DocumentWorker
from terminal.health import Health
from terminal.journal import Step
from terminal.visit import commands as c
from terminal.visit import events as e
from terminal.visit.states import Ending, Visit

logger = logging.getLogger(__name__)

Act = Coroutine[Any, Any, None]


class Performer:
    """``emit`` takes what acts have to say; ``health_changed`` is called when incidents change."""

    def __init__(
        self,
        desk: Desk,
        health: Health,
        emit: Callable[[e.Event], None],
        health_changed: Callable[[], None],
    ) -> None:
        self.dropped = 0
        self._desk = desk
        self._health = health
        self._emit = emit
        self._health_changed = health_changed
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: Work | None = None
        self._lines: dict[str, asyncio.Task[None]] = {}
        self._ending: asyncio.Task[None] | None = None
        self._spare: asyncio.Task[DocumentWorker | None] | None = None

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def perform(self, command: c.Command) -> None:
        """Start what the command asks for; returns at once."""
        match command:
            case c.OpenVisit(visit):
                self._begin(visit)
            case c.ClearPin():
                self._desk.pin.wipe()
            case c.EndVisit(visit, how):
                self._end(visit, how)
            case c.RaiseIncident(visit, kind):
                self._task(self._incident(visit, kind))
            case c.ClearTroubles():
                self._task(self._clear())
            case c.ReleaseCard():
                if self._work is not None:
                    self._task(ending.release_card(self._work))
            case _:
                if self._work is not None:
                    self._act(command, self._work)

    def _act(  # one arm per act, in visiting order
        self,
        command: c.ReadCard
        | c.SignIn
        | c.PlaceOrder
        | c.PrepareDocument
        | c.TakeMoney
        | c.PauseMoney
        | c.ReturnMoney
        | c.Print
        | c.KeepMoney,
        work: Work,
    ) -> None:
        desk = self._desk_of(work)
        match command:
            case c.ReadCard():
                self._start("card", card.read_card(desk, work), work)
            case c.SignIn():
                self._start("card", card.sign_in(desk, work), work)
            case c.PlaceOrder(_, person, wish):
                self._start("order", ordering.place_order(desk, work, person, wish), work)
            case c.PrepareDocument():
                self._start("order", ordering.prepare_document(desk, work), work)
            case c.TakeMoney(_, document):
                self._start("purchase", money.take_money(desk, work, document), work)
            case c.PauseMoney():
                self._start("purchase", money.pause_money(desk), work)
            case c.ReturnMoney():
                self._start("purchase", money.return_money(desk, work), work)
            case c.Print(_, document):
                self._start("purchase", paper.print_document(desk, work, document), work)
            case c.KeepMoney(_, document, payment):
                keep = money.keep_money(desk, work, document, payment)
                self._start("purchase", keep, work)
            case _:
                assert_never(command)

    def _desk_of(self, work: Work) -> Desk:
        def emit(event: e.Event) -> None:
            if self._work is work:
                self._emit(event)
            else:
                self.dropped += 1

        return replace(self._desk, emit=emit)

    # --- tasks -------------------------------------------------------------------------------

    def _task(self, act: Act) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._logged(act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _logged(self, act: Act) -> None:
        """For what belongs to no visit any more: nobody can be told but staff."""
        try:
            await act
        except Exception as error:  # noqa: BLE001
            logger.error("%s: %s", type(error).__name__, error)

    def _start(self, line: str, act: Act, work: Work) -> None:
        """A new act of a line first ends what still runs there, then goes on from the journal."""
        self._lines[line] = self._task(self._guarded(act, self._lines.get(line), work))

    async def _guarded(self, act: Act, previous: asyncio.Task[None] | None, work: Work) -> None:
        try:
            await _ended(previous)
            await act
        except Exception as error:  # noqa: BLE001
            if isinstance(error, LATCHING):
                self._task(self._incident(work.visit, "integrity"))
            self._desk_of(work).emit(e.ActRefused(refusal_for(error, work.visit.id)))
        finally:
            act.close()

    # --- a visit's begin and end -------------------------------------------------------------

    def _begin(self, visit: Visit) -> None:
        before = self._ending
        self._work = work = Work(visit, CardSession(self._desk.devices.card_reader))

        async def open_when_alone() -> None:
            await _ended(before, cancel=False)
            spare, self._spare = self._spare, None
            work.worker = await spare if spare is not None else None
            await opening.open_visit(self._desk_of(work), work)

        self._start("order", open_when_alone(), work)

    def _end(self, visit: Visit, how: Ending) -> None:
        work = self._work
        if work is None or work.visit.id != visit.id:
            return
        self._work = None
        acts, self._lines = list(self._lines.values()), {}
        self._ending = self._task(self._finish(work, acts, how))

    async def _finish(self, work: Work, acts: list[asyncio.Task[None]], how: Ending) -> None:
        for act in acts:
            await _ended(act)
        try:
            await ending.end_visit(self._desk, work, how)
        finally:
            self.prepare_spare()

    async def _incident(self, visit: Visit, kind: str) -> None:
        order = self._work.order.order if self._work and self._work.order else None
        await ending.raise_incident(self._desk, visit, kind, order)
        await self.read_incidents()

    async def found_at_start(self) -> None:
        """What lies there at start belongs to nobody and is never given to the next person (I-12)."""
        await self._incident(Visit("-"), "found_at_start")

    async def _clear(self) -> None:
        await self._desk.journal.write(self._desk.clock.now(), "-", Step.CLEARED)
        await self.read_incidents()

    async def read_incidents(self) -> None:
        """Tell Health what no supervisor has cleared yet."""
        entries = await self._desk.journal.incidents()
        self._health.incidents(tuple(str(entry.facts.get("kind")) for entry in entries))
        self._health_changed()

    # --- the spare worker --------------------------------------------------------------------

    def prepare_spare(self) -> None:
        """Start a worker ahead of need: that is the slowest part of opening a visit."""
        if self._spare is None:
            self._spare = asyncio.get_running_loop().create_task(_started_worker())

    async def close(self) -> None:
        """Stop everything. A visit in the middle is wiped; recovery decides at the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._desk.pin.wipe()
        work, self._work = self._work, None
        if work is not None:
            with contextlib.suppress(DriverError):
                await work.card.release()
        workers = [work.worker] if work is not None and work.worker is not None else []
        spare, self._spare = self._spare, None
        if spare is not None:
            started = await spare
            workers += [started] if started is not None else []
        for worker in workers:
            await worker.close()


async def _started_worker() -> DocumentWorker | None:
    worker = DocumentWorker()
    try:
        await worker.start()
    except DocumentError as error:
        logger.error("no document worker ahead of need: %s", error)
        return None
    return worker


async def _ended(task: asyncio.Task[None] | None, *, cancel: bool = True) -> None:
    if task is None or task.done():
        return
    if cancel:
        task.cancel()
    await asyncio.wait([task])
