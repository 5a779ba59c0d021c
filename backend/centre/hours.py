"""When the whole service is open: daily hours (R7), the turn of the year (R8), maintenance (R9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from backend.clock import JST
from backend.refusals import Refused
from terminal.link import wire

LOOK_AHEAD_DAYS = 45  # longer than any closure that a person would wait for


class Calendar(Struct, frozen=True, forbid_unknown_fields=True):
    """The centre's own hours; a city's may be shorter and are the city's to enforce (R71)."""

    hours: wire.DailyHours
    year_end: wire.YearEnd
    closures: tuple[wire.Closure, ...] = ()

    def __post_init__(self) -> None:
        if not self.hours.opens < self.hours.last_start <= self.hours.closes:
            raise ValueError("hours: opens, last_start and closes are not in this order")
        for closure in self.closures:
            if closure.starts.tzinfo is None or closure.ends.tzinfo is None:
                raise ValueError("closures: starts and ends need an offset such as +09:00")


class Closed(NamedTuple):
    reason: str
    rule: str


def why_closed(
    calendar: Calendar, now: datetime, product: wire.Product | None, *, to_start: bool
) -> Closed | None:
    """Why nothing (or not ``product``) may be done at ``now``; ``to_start`` asks about new visits.

    A visit under way may finish until the service closes; a new one starts earlier (decision b).
    """
    local = now.astimezone(JST)
    if _in_year_end(calendar.year_end, local.date()):
        return Closed("refused.year_end", "R8")
    for closure in calendar.closures:
        if closure.starts <= now < closure.ends and closure.product in {None, product}:
            return Closed("refused.maintenance", "R9")
    end = calendar.hours.last_start if to_start else calendar.hours.closes
    if not calendar.hours.opens <= local.time() < end:
        return Closed("refused.closed", "R7")
    return None


def next_opening(
    calendar: Calendar, earliest: datetime, product: wire.Product | None = None
) -> datetime | None:
    """The first moment from ``earliest`` on at which a visit may start; None if none is in sight."""
    first_day = earliest.astimezone(JST).date()
    candidates = [earliest, *(closure.ends for closure in calendar.closures)]
    candidates += [
        datetime.combine(first_day + timedelta(days=days), calendar.hours.opens, JST)
        for days in range(LOOK_AHEAD_DAYS)
    ]
    for moment in sorted(candidates):
        if moment >= earliest and why_closed(calendar, moment, product, to_start=True) is None:
            return moment.astimezone(JST)
    return None


def require_open(
    calendar: Calendar, now: datetime, product: wire.Product | None = None, *, to_start: bool
) -> None:
    """Raises Refused (P2) with the time at which the service opens next."""
    closed = why_closed(calendar, now, product, to_start=to_start)
    if closed is not None:
        raise Refused(
            wire.Refusal(
                kind=wire.RefusalClass.WHEN,
                reason=closed.reason,
                available_from=next_opening(calendar, now, product),
            ),
            closed.rule,
        )


def _in_year_end(year_end: wire.YearEnd, day: date) -> bool:
    today = (day.month, day.day)
    first = (year_end.first.month, year_end.first.day)
    last = (year_end.last.month, year_end.last.day)
    if first <= last:
        return first <= today <= last
    return today >= first or today <= last
