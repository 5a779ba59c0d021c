"""After a restart: what the journal left open is brought to an end, and never by printing."""

from __future__ import annotations

import logging
from itertools import groupby

from drivers.errors import DriverError
from terminal.acts.desk import Desk
from terminal.acts.ending import raise_incident, refund
from terminal.journal import Entry, Letter, Step
from terminal.link.wire import OrderResult, Outcome, encode
from terminal.recovery import Decision, Fact, Money, decide
from terminal.visit.known import Visit

logger = logging.getLogger(__name__)


async def recover(desk: Desk) -> list[Decision]:
    """Settle every unfinished visit; returns what was decided. Safe to be interrupted and repeated."""
    unfinished = [e for e in await desk.journal.unfinished() if e.visit != "-"]
    if not unfinished:
        return []
    impressions, kept = await _impressions(desk), await _kept(desk)
    decisions: list[Decision] = []
    by_visit = sorted(unfinished, key=lambda entry: entry.visit)
    for visit, entries in groupby(by_visit, key=lambda entry: entry.visit):
        decision = decide([_fact(entry) for entry in entries], impressions, kept)
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


async def _kept(desk: Desk) -> int | None:
    """The coin acceptor's lifetime counter: was the money kept before the row said so?"""
    try:
        return (await desk.devices.payment.status()).kept_yen
    except DriverError as error:
        logger.error("the coin acceptor's counter is unknown: %s", error)
        return None


def _fact(entry: Entry) -> Fact:
    facts = entry.facts
    return Fact(
        step=entry.step.value,
        order=_text(facts.get("order")),
        impressions_before=_number(facts.get("impressions_before")),
        sheets=_number(facts.get("sheets")),
        yen=_number(facts.get("yen")) or 0,
        kept_before=_number(facts.get("kept_before")),
        serials=_texts(facts.get("serials")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


async def _settle(desk: Desk, visit: Visit, decision: Decision) -> None:
    incident = decision.incident
    returned = decision.returned_yen
    try:
        if decision.money is Money.GIVE_BACK:
            await desk.write(
                visit, Step.RETURNING, {"order": decision.order, "yen": decision.held_yen}
            )
            returned = await desk.devices.payment.give_back()
            await desk.write(visit, Step.RETURNED, {"order": decision.order, "yen": returned})
        elif decision.money is Money.KEEP:
            await desk.devices.payment.keep(decision.due_yen)
            await desk.write(visit, Step.KEPT, {"order": decision.order, "yen": decision.due_yen})
    except DriverError as error:
        logger.error("visit %s: money is not settled: %s", visit.id, error)
        incident = "money_stuck"
    if incident is not None:
        await raise_incident(desk, visit.id, incident, decision.order)
    await desk.write(visit, Step.DONE, {"ending": "interrupted"}, _result(decision, returned))


def _result(decision: Decision, returned_yen: int) -> Letter | None:
    if decision.order is None or decision.outcome is None:
        return None
    result = OrderResult(
        outcome=Outcome(decision.outcome),
        reason="interrupted",
        serials=decision.serials,
        sheets_out=decision.sheets_out,
        impressions_before=decision.impressions_before,
        refunded_yen=refund(returned_yen, decision.due_yen),
    )
    return Letter(f"/v1/orders/{decision.order}/result", encode(result))
