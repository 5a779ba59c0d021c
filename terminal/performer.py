"""Performs the visit's commands as tasks: one visit at a time, one line of acts after the other.

The only place that catches broadly: whatever an act raises becomes an ``ActRefused`` of its visit. What an
act has to say is told together with whether it is still to be listened to: an answer of a visit that is
over, or of an act that another has replaced, is dropped and counted by the conductor (I-7).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from terminal.acts import card, clearing, ending, money, opening, ordering, paper
from terminal.acts.card_session import CardSession
from terminal.acts.desk import Desk, Work
from terminal.acts.failures import LATCHING, refusal_for
from terminal.document.errors import DocumentError
from terminal.document.handle import DocumentWorker
from terminal.health import Health
from terminal.visit import commands as c
from terminal.visit import events as e
from terminal.visit.known import Ending, Visit

logger = logging.getLogger(__name__)

CLOSE_LIMIT_S = 5  # a worker is gone after two seconds at most, whatever it was doing

Act = Coroutine[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act says. ``is_current`` is asked when it is heard, not when it is said."""

    event: e.Event
    is_current: Callable[[], bool] = field(repr=False)


class Performer:
    """``tell`` takes what acts have to say; ``health_changed`` is called when incidents change."""

    def __init__(
        self,
        desk: Desk,
        health: Health,
        tell: Callable[[Answer], None],
        health_changed: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._health = health
        self._tell = tell
        self._health_changed = health_changed
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: Work | None = None
        self._lines: dict[str, asyncio.Task[None]] = {}
        self._acts: set[asyncio.Task[None]] = set()
        self._turns: dict[str, object] = {}
        self._ending: asyncio.Task[None] | None = None
        self._spare: asyncio.Task[DocumentWorker | None] | None = None

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    @property
    def serving(self) -> bool:
        """Is a visit open that has not been ended?"""
        return self._work is not None

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
                self.raise_incident(visit.id, kind)
            case c.ClearTroubles(distrust):
                self._task(lambda: self._clear(distrust=distrust))
            case c.ReleaseCard():
                work = self._work
                if work is not None:
                    self._task(lambda: ending.release_card(work))
            case _:
                if self._work is not None:
                    self._act(command, self._work)

    def _act(  # one arm per act, in visiting order
        self,
        command: c.ReadCard
        | c.SignIn
        | c.SignInAtReader
        | c.PlaceOrder
        | c.PrepareDocument
        | c.TakeMoney
        | c.PauseMoney
        | c.ReturnMoney
        | c.Print
        | c.KeepMoney,
        work: Work,
    ) -> None:
        def start(line: str, act: Callable[[Desk], Act]) -> None:
            self._start(line, act, work)

        if not isinstance(command, c.PauseMoney):
            work.visit = command.visit  # the language may have changed since
        match command:
            case c.ReadCard():
                start("card", lambda desk: card.read_card(desk, work))
            case c.SignIn():
                start("card", lambda desk: card.sign_in(desk, work))
            case c.SignInAtReader():
                start("card", lambda desk: card.sign_in_at_reader(desk, work))
            case c.PlaceOrder(_, person, wish):
                start("order", lambda desk: ordering.place_order(desk, work, person, wish))
            case c.PrepareDocument():
                start("order", lambda desk: ordering.prepare_document(desk, work))
            case c.TakeMoney(_, document):
                start("purchase", lambda desk: money.take_money(desk, work, document))
            case c.PauseMoney():
                start("purchase", money.pause_money)
            case c.ReturnMoney():
                start("purchase", lambda desk: money.return_money(desk, work))
            case c.Print(_, document):
                start("purchase", lambda desk: paper.print_document(desk, work, document))
            case c.KeepMoney(_, document, payment):
                start("purchase", lambda desk: money.keep_money(desk, work, document, payment))
            case _:
                assert_never(command)

    # --- tasks -------------------------------------------------------------------------------

    def _task(self, act: Callable[[], Act]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._logged(act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _logged(self, act: Callable[[], Act]) -> None:
        """For what belongs to no visit any more: nobody can be told but staff."""
        try:
            await act()
        except Exception as error:  # noqa: BLE001
            logger.error("%s: %s", type(error).__name__, error)

    def _start(self, line: str, act: Callable[[Desk], Act], work: Work) -> None:
        """A new act of a line first ends what still runs there, then goes on from the journal."""
        turn = self._turns[line] = object()

        def is_current() -> bool:
            return self._work is work and self._turns.get(line) is turn

        def emit(event: e.Event) -> None:
            self._tell(Answer(event, is_current))

        desk = replace(self._desk, emit=emit)
        previous = self._lines.get(line)
        task = self._lines[line] = self._task(lambda: self._guarded(act, desk, previous, work))
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    async def _guarded(
        self,
        act: Callable[[Desk], Act],
        desk: Desk,
        previous: asyncio.Task[None] | None,
        work: Work,
    ) -> None:
        try:
            await _ended(previous)
            await act(desk)
        except Exception as error:  # noqa: BLE001
            if isinstance(error, LATCHING):
                self.raise_incident(work.visit.id, "integrity")
            desk.emit(e.ActRefused(refusal_for(error, work.visit.id, work.reference)))

    # --- a visit's begin and end -------------------------------------------------------------

    def _begin(self, visit: Visit) -> None:
        before = self._ending
        self._desk.trust.begin()
        self._work = work = Work(visit, CardSession(self._desk.devices.card_reader))

        async def open_when_alone(desk: Desk) -> None:
            await _ended(before, cancel=False)
            work.worker = await self._take_spare()
            await opening.open_visit(desk, work)

        self._start("order", open_when_alone, work)

    def _end(self, visit: Visit, how: Ending) -> None:
        work = self._work
        if work is None or work.visit.id != visit.id:
            return
        self._work = None
        acts, self._lines = list(self._acts), {}
        self._ending = self._task(lambda: self._finish(work, acts, how))

    async def _finish(self, work: Work, acts: list[asyncio.Task[None]], how: Ending) -> None:
        for act in acts:
            await _ended(act)
        try:
            await ending.end_visit(self._desk, work, how)
        finally:
            self.prepare_spare()

    # --- what staff must know ----------------------------------------------------------------

    def raise_incident(self, visit: str, kind: str) -> None:
        """Blocks the next visit from now on; the journal and the operator are told as soon as can be."""
        self._health.raised(kind)
        work = self._work
        order = work.order if work is not None and work.visit.id == visit else None
        order_id = order.order if order is not None else None
        self._task(lambda: self._record(visit, kind, order_id))

    async def _record(self, visit: str, kind: str, order: str | None) -> None:
        await ending.raise_incident(self._desk, visit, kind, order)
        self._health.recorded(kind)
        await self.read_incidents()

    def call_staff(self, visit: str, left: str) -> None:
        self._task(lambda: ending.call_staff(self._desk, visit, left))

    async def _clear(self, *, distrust: bool) -> None:
        if await clearing.clear(self._desk, distrust=distrust):
            self._health.cleared()
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

    async def _take_spare(self) -> DocumentWorker | None:
        """The one that was made ready, if it still lives."""
        spare, self._spare = self._spare, None
        worker = await spare if spare is not None else None
        if worker is None or worker.alive:
            return worker
        logger.warning("the document worker made ready ahead has died; starting another")
        await worker.close()
        return None

    async def close(self) -> None:
        """Stop everything. A visit in the middle is wiped; recovery decides at the next start."""
        work, self._work = self._work, None
        self._lines = {}
        for act in list(self._acts):
            act.cancel()
        # What ends a visit or tells staff is nearly done, and worth a moment.
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_LIMIT_S)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._desk.pin.wipe()
        if work is not None:
            await ending.let_go(work)
        await self._dismiss_spare()

    async def _dismiss_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is None:
            return
        spare.cancel()
        await asyncio.wait([spare])
        worker = spare.result() if not spare.cancelled() and spare.exception() is None else None
        if worker is not None:
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
