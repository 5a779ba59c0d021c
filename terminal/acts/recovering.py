"""After a restart: what the journal left open is brought to an end, and never by printing."""

from __future__ import annotations

import logging
from itertools import groupby

from drivers.errors import DriverError
from terminal.acts.desk import Desk
from terminal.acts.ending import raise_incident
from terminal.journal import Entry, Letter, Step
from terminal.link.wire import OrderResult, Outcome, encode
from terminal.recovery import Decision, Fact, Money, decide
from terminal.visit.states import Visit

logger = logging.getLogger(__name__)


async def recover(desk: Desk) -> list[Decision]:
    """Settle every unfinished visit; returns what was decided. Safe to be interrupted and repeated."""
    unfinished = [e for e in await desk.journal.unfinished() if e.visit != "-"]
    if not unfinished:
        return []
    impressions = await _impressions(desk)
    decisions: list[Decision] = []
    by_visit = sorted(unfinished, key=lambda entry: entry.visit)
    for visit, entries in groupby(by_visit, key=lambda entry: entry.visit):
        decision = decide([_fact(entry) for entry in entries], impressions)
        logger.warning("visit %s was interrupted: %s", visit, decision)
        await _settle(desk, Visit(visit), decision)
        decisions.append(decision)
    return decisions


async def _impressions(desk: Desk) -> int | None:
    """The printer's counter; unknown is a lawful answer, and the queue is emptied first (I-12)."""
    try:
        await desk.devices.document_printer.purge()
        return (await desk.devices.document_printer.status()).impressions
    except DriverError as error:
        logger.error("the printer's counter is unknown: %s", error)
        return None


def _fact(entry: Entry) -> Fact:
    facts = entry.facts
    return Fact(
        step=entry.step.value,
        order=_text(facts.get("order")),
        impressions_before=_number(facts.get("impressions_before")),
        sheets=_number(facts.get("sheets")),
        yen=_number(facts.get("yen")) or 0,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


async def _settle(desk: Desk, visit: Visit, decision: Decision) -> None:
    incident = decision.incident
    refunded = 0
    try:
        if decision.money is Money.GIVE_BACK:
            await desk.write(visit, Step.RETURNING, {"order": decision.order, "yen": decision.yen})
            refunded = await desk.devices.payment.give_back()
            await desk.write(visit, Step.RETURNED, {"order": decision.order, "yen": refunded})
        elif decision.money is Money.KEEP:
            await desk.devices.payment.keep(decision.yen)
            await desk.write(visit, Step.KEPT, {"order": decision.order, "yen": decision.yen})
    except DriverError as error:
        logger.error("visit %s: money is not settled: %s", visit.id, error)
        incident = "money_stuck"
    if incident is not None:
        await raise_incident(desk, visit, incident, decision.order)
    letter = None
    if decision.order is not None and decision.outcome is not None:
        result = OrderResult(
            outcome=Outcome(decision.outcome), reason="interrupted", refunded_yen=refunded
        )
        letter = Letter(f"/v1/orders/{decision.order}/result", encode(result))
    await desk.write(visit, Step.DONE, {"ending": "interrupted"}, letter)
