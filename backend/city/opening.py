"""When a city's service is open: daily hours (R7), the turn of the year (R8), maintenance (R9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from backend.city.configuration import Configuration
from backend.clock import JST
from terminal.link import wire

LOOK_AHEAD_DAYS = 45


class Closed(NamedTuple):
    reason: str
    rule: str


def why_closed(
    city: Configuration, now: datetime, product: wire.Product | None, *, to_start: bool
) -> Closed | None:
    """Why nothing (or not ``product``) is issued at ``now``; ``to_start`` asks about new visits.

    A visit under way may finish until the service closes; a new one must start a little earlier
    (decision b).
    """
    local = now.astimezone(JST)
    if _in_year_end(city.year_end, local.date()):
        return Closed("refused.year_end", "R8")
    for closure in city.closures:
        if closure.starts <= now < closure.ends and closure.product in {None, product}:
            return Closed("refused.maintenance", "R9")
    end = city.hours.last_start if to_start else city.hours.closes
    if not city.hours.opens <= local.time() < end:
        return Closed("refused.closed", "R7")
    return None


def next_opening(
    city: Configuration, earliest: datetime, product: wire.Product | None = None
) -> datetime | None:
    """The first moment from ``earliest`` on at which a visit may start; None if none is in sight."""
    first_day = earliest.astimezone(JST).date()
    candidates = [earliest, *(closure.ends for closure in city.closures)]
    candidates += [
        datetime.combine(first_day + timedelta(days=days), city.hours.opens, JST)
        for days in range(LOOK_AHEAD_DAYS)
    ]
    for moment in sorted(candidates):
        if moment >= earliest and why_closed(city, moment, product, to_start=True) is None:
            return moment.astimezone(JST)
    return None


def start_of(day: date) -> datetime:
    """Midnight at which ``day`` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=JST)


def _in_year_end(year_end: wire.YearEnd, day: date) -> bool:
    today = (day.month, day.day)
    first = (year_end.first.month, year_end.first.day)
    last = (year_end.last.month, year_end.last.day)
    if first <= last:
        return first <= today <= last
    return today >= first or today <= last
