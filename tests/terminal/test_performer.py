"""Acts as tasks: who is still listened to, and that nothing they raise vanishes (I-7, I-10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from terminal.acts.card_session import CardSession
from terminal.acts.desk import Desk, Work
from terminal.clock import Clock
from terminal.document.errors import Check, IntegrityError
from terminal.health import Health
from terminal.ids import new_id
from terminal.performer import Answer, Performer
from terminal.visit import events as e
from terminal.visit.commands import EndVisit, RaiseIncident
from terminal.visit.known import Ending, Visit
from tests.terminal.acts.desks import an_order, desk_at


class Bench:
    """A performer with a visit begun by hand: no worker and no centre are needed to look at its acts."""

    def __init__(self, desk: Desk) -> None:
        self.told: list[Answer] = []
        self.health = Health(Clock(), desk.trust)
        self.desk = desk
        self.performer = Performer(desk, self.health, self.told.append, lambda: None)
        self.work = Work(Visit(new_id()), CardSession(desk.devices.card_reader))
        self.performer._work = self.work

    async def idle(self) -> None:
        async with asyncio.timeout(5):
            while self.performer.busy:
                await asyncio.sleep(0.001)

    def heard(self) -> list[e.Event]:
        return [answer.event for answer in self.told if answer.is_current()]


@asynccontextmanager
async def bench(folder: Path) -> AsyncGenerator[Bench]:
    async with desk_at(folder) as desk:
        made = Bench(desk)
        made.performer.prepare_spare = lambda: None  # type: ignore[method-assign]
        try:
            yield made
        finally:
            await made.performer.close()


async def says_paid(desk: Desk) -> None:
    desk.emit(e.MoneyHeld(1))


async def waits(_desk: Desk) -> None:
    await asyncio.Event().wait()


async def test_I7_what_a_replaced_act_said_is_not_heard_any_more(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        it.performer._start("purchase", says_paid, it.work)
        await it.idle()
        assert it.heard() == [e.MoneyHeld(1)]
        it.performer._start("purchase", waits, it.work)
        assert it.heard() == [], "said before, and heard too late"
        assert len(it.told) == 1


async def test_I7_what_is_said_of_a_visit_that_has_ended_is_not_heard(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        it.performer._start("purchase", says_paid, it.work)
        await it.idle()
        it.performer.perform(EndVisit(it.work.visit, Ending.CANCELLED))
        assert it.heard() == []
        await it.idle()
        steps = [entry.step.value for entry in await it.desk.journal.entries()]
        assert steps == ["done"]


async def test_a_new_act_of_a_line_waits_for_the_end_of_the_one_before(tmp_path: Path) -> None:
    order: list[str] = []

    async def slow(_desk: Desk) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            order.append("first ended")

    async def next_(_desk: Desk) -> None:
        order.append("second began")

    async with bench(tmp_path) as it:
        it.performer._start("purchase", slow, it.work)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        it.performer._start("purchase", next_, it.work)
        await it.idle()
    assert order == ["first ended", "second began"]


async def test_whatever_an_act_raises_becomes_a_refusal(tmp_path: Path) -> None:
    async def breaks(_desk: Desk) -> None:
        raise ZeroDivisionError

    async with bench(tmp_path) as it:
        it.performer._start("order", breaks, it.work)
        await it.idle()
        (refused,) = it.heard()
        assert isinstance(refused, e.ActRefused)
        assert refused.refusal.reason == "refused.ours"


async def test_I10_an_integrity_error_blocks_in_the_same_moment(tmp_path: Path) -> None:
    async def tampered(_desk: Desk) -> None:
        raise IntegrityError(Check.PAGE, 1, 1)

    async with bench(tmp_path) as it:
        it.performer._start("order", tampered, it.work)
        await it.idle()
        assert "trouble.integrity" in it.health.current().troubles


async def test_an_incident_keeps_its_order_though_the_visit_ends_with_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        visit = it.work.visit
        it.work.order = an_order(visit.id)
        it.performer.perform(RaiseIncident(visit, "money_stuck"))
        it.performer.perform(EndVisit(visit, Ending.INCIDENT))
        assert "trouble.incident" in it.health.current().troubles, "before any row is written"
        await it.idle()
        (incident,) = await it.desk.journal.incidents()
        assert incident.facts == {"kind": "money_stuck", "order": it.work.order.order}


async def test_closing_lets_an_ending_finish(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        it.performer.perform(EndVisit(it.work.visit, Ending.CANCELLED))
        await it.performer.close()
        steps = [entry.step.value for entry in await it.desk.journal.entries()]
        assert steps == ["done"]
