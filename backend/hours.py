"""When a service is open: daily hours (R7), the turn of the year (R8), maintenance (R9).

The centre has such a calendar and every city its own, which may be shorter (R71). A visit has to begin
before ``last_start``; once begun, it may be finished until the service closes (decision b).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from backend.clock import JST
from terminal.link import wire

LOOK_AHEAD_DAYS = 45  # longer than any closure that a person would wait for


class Calendar(Protocol):
    """What a service says about its time."""

    @property
    def hours(self) -> wire.DailyHours: ...

    @property
    def year_end(self) -> wire.YearEnd: ...

    @property
    def closures(self) -> tuple[wire.Closure, ...]: ...


class Closed(NamedTuple):
    reason: str
    rule: str


def why_closed(
    calendar: Calendar,
    now: datetime,
    product: wire.Product | None = None,
    *,
    began: datetime | None = None,
) -> Closed | None:
    """Why nothing (or not ``product``) may be done at ``now``.

    ``began`` is when the visit did, as long as its beginning is still to be judged.
    """
    local = now.astimezone(JST)
    if _in_year_end(calendar.year_end, local.date()):
        return Closed("refused.year_end", "R8")
    for closure in calendar.closures:
        if closure.starts <= now < closure.ends and closure.product in {None, product}:
            return Closed("refused.maintenance", "R9")
    last_start = datetime.combine(local.date(), calendar.hours.last_start, JST)
    began_too_late = began is not None and began >= last_start
    if began_too_late or not calendar.hours.opens <= local.time() < calendar.hours.closes:
        return Closed("refused.closed", "R7")
    return None


def next_opening(
    calendar: Calendar, earliest: datetime, product: wire.Product | None = None
) -> datetime | None:
    """The first moment from ``earliest`` on at which a visit may begin; None if none is in sight."""
    first_day = earliest.astimezone(JST).date()
    candidates = [earliest, *(closure.ends for closure in calendar.closures)]
    candidates += [
        datetime.combine(first_day + timedelta(days=days), calendar.hours.opens, JST)
        for days in range(LOOK_AHEAD_DAYS)
    ]
    for moment in sorted(candidates):
        if moment >= earliest and why_closed(calendar, moment, product, began=moment) is None:
            return moment.astimezone(JST)
    return None


def start_of(day: date) -> datetime:
    """Midnight at which ``day`` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=JST)


def contradictions(calendar: Calendar) -> list[str]:
    """What is wrong with a calendar although each of its values is well formed."""
    found: list[str] = []
    if not calendar.hours.opens < calendar.hours.last_start <= calendar.hours.closes:
        found.append("hours: opens, last_start and closes are not in this order")
    found += [
        f"closures[{place}]: starts and ends need an offset such as +09:00 and must be in this order"
        for place, closure in enumerate(calendar.closures)
        if closure.starts.tzinfo is None
        or closure.ends.tzinfo is None
        or closure.starts >= closure.ends
    ]
    return found


def _in_year_end(year_end: wire.YearEnd, day: date) -> bool:
    today = (day.month, day.day)
    first = (year_end.first.month, year_end.first.day)
    last = (year_end.last.month, year_end.last.day)
    if first <= last:
        return first <= today <= last
    return today >= first or today <= last
