"""End a visit on every side (I-7, I-16): card off, worker wiped, order printed or void, journal done."""

from __future__ import annotations

from drivers.errors import DriverError
from terminal.acts.desk import Desk, Work
from terminal.ids import new_id
from terminal.journal import Letter, Step
from terminal.link.wire import Incident, OrderResult, Outcome, encode
from terminal.visit.states import Ending, Visit


async def end_visit(desk: Desk, work: Work, ending: Ending) -> None:
    """The order's result goes into the outbox in the same transaction as the journal's last row."""
    desk.pin.wipe()
    await work.card.release()
    if work.worker is not None:
        await work.worker.close()
    letter = _result_letter(work, ending)
    await desk.write(work.visit, Step.DONE, {"ending": ending.value}, letter)


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
        refunded_yen=work.refunded_yen,
    )
    return Letter(f"/v1/orders/{work.order.order}/result", encode(result))


def _outcome(work: Work) -> Outcome:
    if work.finished:
        return Outcome.PRINTED
    if work.printing and work.sheets_out is None:
        return Outcome.SUSPECT
    return Outcome.VOID


async def raise_incident(desk: Desk, visit: Visit, kind: str, order: str | None) -> None:
    """Into the journal and to the operator; blocks the next visit until a supervisor clears it."""
    now = desk.clock.now()
    incident = Incident(kind=kind, at=now, order=order)
    letter = Letter(f"/v1/incidents/{new_id()}", encode(incident))
    await desk.write(visit, Step.INCIDENT, {"kind": kind, "order": order}, letter)


async def release_card(work: Work) -> None:
    try:
        await work.card.release()
    except DriverError:
        # The reader is gone, and with it the card's power: that is what release is for.
        return
