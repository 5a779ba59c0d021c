"""The centre closed to a person: a refusal that says when it opens again (R7, R8, R9)."""

from __future__ import annotations

from datetime import datetime

from backend.hours import Calendar, Place, next_opening, why_closed
from backend.refusals import Refused
from terminal.link import wire


def require_open(
    calendar: Calendar,
    now: datetime,
    place: Place,
    *,
    began: datetime | None = None,
) -> None:
    """Raises Refused (P2) with the time at which the service opens next there."""
    closed = why_closed(calendar, now, place, began=began)
    if closed is not None:
        refusal = wire.Refusal(
            kind=wire.RefusalClass.WHEN,
            reason=closed.reason,
            available_from=next_opening(calendar, now, place),
        )
        raise Refused(refusal, closed.rule)
