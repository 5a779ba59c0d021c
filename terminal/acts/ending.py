"""End a visit on every side (I-7, I-16): card off, worker wiped, order printed or void, journal done."""

from __future__ import annotations

import logging

from drivers.errors import DriverError
from terminal.acts.desk import Desk, Work
from terminal.attention import Left
from terminal.document.errors import DocumentError
from terminal.ids import new_id
from terminal.journal import Facts, Letter, Step
from terminal.link.wire import Incident, OrderResult, Outcome, encode
from terminal.translation import SEEN_BY
from terminal.visit.known import Ending

logger = logging.getLogger(__name__)


async def end_visit(desk: Desk, work: Work, ending: Ending) -> None:
    """The order's result goes into the outbox in the same transaction as the journal's last row."""
    desk.pin.wipe()
    await let_go(work)
    letter = _result_letter(work, ending)
    await desk.write(work.visit, Step.DONE, {"ending": ending.value}, letter)
    await _judge_sensors(desk)


async def _judge_sensors(desk: Desk) -> None:
    readings = {left: desk.devices.sensors.read(sensor) for left, sensor in SEEN_BY.items()}
    for left in desk.trust.judge(readings):
        await report_sensor(desk, left)


async def let_go(work: Work) -> None:
    """Card unpowered, worker wiped. Whatever became of them, the order must still be settled."""
    await release_card(work)
    if work.worker is None:
        return
    try:
        await work.worker.close()
    except (DocumentError, OSError) as error:
        logger.error("visit %s: the document worker: %s", work.visit.id, error)


def _result_letter(work: Work, ending: Ending) -> Letter | None:
    if work.order is None:
        return None
    serials = work.document.serials if work.document is not None else ()
    result = OrderResult(
        outcome=_outcome(work),
        reason=ending.value,
        serials=tuple(serials),
        sheets_out=work.sheets_out,
        impressions_before=work.impressions_before,
        impressions_after=work.impressions_after,
        refunded_yen=refund(work.returned_yen, work.order.fee_yen * work.order.copies),
    )
    return Letter(f"/v1/orders/{work.order.order}/result", encode(result))


def refund(returned_yen: int, due_yen: int) -> int:
    """What came back of the order's own price: coins beyond it were never the centre's."""
    return min(returned_yen, due_yen)


def _outcome(work: Work) -> Outcome:
    if work.finished and not work.returned_yen:
        return Outcome.PRINTED
    if work.finished or (work.printing and work.sheets_out is None):
        return Outcome.SUSPECT
    return Outcome.VOID


async def raise_incident(desk: Desk, visit: str, kind: str, order: str | None) -> None:
    """Into the journal and to the operator; blocks the next visit until a supervisor clears it."""
    now = desk.clock.now()
    letter = _incident_letter(Incident(kind=kind, at=now, order=order))
    await desk.journal.write(now, visit, Step.INCIDENT, {"kind": kind, "order": order}, letter)


async def call_staff(desk: Desk, visit: str, left: str) -> None:
    """Something has lain there for 30 s: the operator is told, and nothing is blocked (decision i)."""
    now = desk.clock.now()
    letter = _incident_letter(Incident(kind="call_staff", at=now, detail=left))
    await desk.journal.write(now, visit, Step.CALLED, {"left": left}, letter)


async def report_sensor(desk: Desk, left: Left) -> None:
    """A sensor is not believed any more: the operator is told which and why; nobody is kept out."""
    now, doubt = desk.clock.now(), desk.trust.doubts[left]
    logger.error("the sensor of %s is not believed: it %s", left.value, doubt.value)
    detail = f"{left.value}: {doubt.value}"
    letter = _incident_letter(Incident(kind="sensor", at=now, detail=detail))
    facts: Facts = {"left": left.value, "doubt": doubt.name.lower()}
    await desk.journal.write(now, "-", Step.CALLED, facts, letter)


def _incident_letter(incident: Incident) -> Letter:
    return Letter(f"/v1/incidents/{new_id()}", encode(incident))


async def release_card(work: Work) -> None:
    try:
        await work.card.release()
    except DriverError as error:
        # The reader is gone, and with it the card's power: that is what release is for.
        logger.warning("visit %s: the card was not released: %s", work.visit.id, error)
