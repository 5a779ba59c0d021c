"""Is the service open, and when does it open next (R7, R8, R9, decision b)? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from terminal.link.wire import DayOfYear, Service, YearEnd

SEARCH_DAYS = 30  # longer than any closure a calendar announces in one piece


@dataclass(frozen=True, slots=True)
class ClosedNow:
    """``reason`` is a text id; ``opens`` None when no opening is known."""

    reason: str
    opens: datetime | None


def closed_now(service: Service, now: datetime) -> ClosedNow | None:
    """None while a new visit may begin; otherwise why not, and the next opening."""
    reason = _reason(service, now)
    if reason is None:
        return None
    return ClosedNow(reason, _next_opening(service, now))


def _reason(service: Service, now: datetime) -> str | None:
    if _in_year_end(service.year_end, now.date()):
        return "closed.year_end"
    if not service.hours.opens <= now.time() < service.hours.last_start:
        return "closed.hours"
    if any(c.product is None and c.starts <= now < c.ends for c in service.closures):
        return "closed.maintenance"
    return None


def _in_year_end(year_end: YearEnd, day: date) -> bool:
    key = (day.month, day.day)
    first, last = _key(year_end.first), _key(year_end.last)
    if first <= last:
        return first <= key <= last
    return key >= first or key <= last


def _key(day: DayOfYear) -> tuple[int, int]:
    return (day.month, day.day)


def _next_opening(service: Service, now: datetime) -> datetime | None:
    """The earliest later moment at which nothing is closed: an opening time or a closure's end."""
    openings = [
        datetime.combine(now.date() + timedelta(days=n), service.hours.opens, now.tzinfo)
        for n in range(SEARCH_DAYS)
    ]
    ends = [closure.ends.astimezone(now.tzinfo) for closure in service.closures]
    later = sorted(moment for moment in [*openings, *ends] if moment > now)
    return next((moment for moment in later if _reason(service, moment) is None), None)
