"""When a service is open: daily hours (R7), the turn of the year (R8), maintenance (R9).

The centre has such a calendar and every city its own, which may be shorter (R71), and shorter still for
some products, sites or days. A visit has to begin before ``last_start``; once begun, it may be finished
until the service closes (decision b).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import NamedTuple, Protocol

from msgspec import Struct

from backend.clock import JST
from terminal.link import wire

_LEAP_YEAR = 2024
LOOK_AHEAD_DAYS = 45  # longer than any closure that a person would wait for


class Weekday(Enum):
    """In the order of ``date.weekday``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Scope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What something about time is about. Nothing named is everything: all products, all sites."""

    products: tuple[wire.Product, ...] = ()
    sites: tuple[wire.Short, ...] = ()

    def concerns(self, product: wire.Product | None, site: str | None) -> bool:
        """Whether it is about this product at this site; without a product, about all of them."""
        return (not self.products or product in self.products) and (
            not self.sites or site in self.sites
        )


class Closure(Scope, frozen=True, kw_only=True):
    """A maintenance window (R9), part of a day or many days; ``ends`` is open again."""

    starts: datetime
    ends: datetime


class Limit(Scope, frozen=True, kw_only=True):
    """Hours within the daily ones, on the days from ``valid_from`` to ``valid_to``.

    On a day that is not one of ``weekdays``, or is a holiday unless ``holidays``, there are none.
    """

    opens: time
    last_start: time
    closes: time
    weekdays: tuple[Weekday, ...] = tuple(Weekday)
    holidays: bool = True
    valid_from: date = date.min
    valid_to: date = date.max

    def allows(self, day: date, *, is_holiday: bool) -> bool:
        """Whether there are any hours on ``day``."""
        return tuple(Weekday)[day.weekday()] in self.weekdays and (self.holidays or not is_holiday)


class Daily(Protocol):
    """The hours of a day."""

    @property
    def opens(self) -> time: ...

    @property
    def last_start(self) -> time: ...

    @property
    def closes(self) -> time: ...


class Calendar(Protocol):
    """What a service says about its time."""

    @property
    def hours(self) -> wire.DailyHours: ...

    @property
    def year_end(self) -> wire.YearEnd: ...

    @property
    def closures(self) -> tuple[Closure, ...]: ...

    @property
    def limits(self) -> tuple[Limit, ...]: ...

    @property
    def holidays(self) -> frozenset[date]: ...


class Closed(NamedTuple):
    reason: str
    rule: str


class Place(NamedTuple):
    """Where and for what somebody asks; None is nowhere or nothing in particular."""

    product: wire.Product | None = None
    site: str | None = None


ANYWHERE = Place()


def why_closed(
    calendar: Calendar,
    now: datetime,
    place: Place = ANYWHERE,
    *,
    began: datetime | None = None,
) -> Closed | None:
    """Why nothing may be done there at ``now``.

    ``began`` is when the visit did, as long as its beginning is still to be judged.
    """
    local = now.astimezone(JST)
    if _in_year_end(calendar.year_end, local.date()):
        return Closed("refused.year_end", "R8")
    for closure in calendar.closures:
        if closure.starts <= now < closure.ends and closure.concerns(*place):
            return Closed("refused.maintenance", "R9")
    if not all(_is_within(daily, local, began) for daily in _daily(calendar, local.date(), place)):
        return Closed("refused.closed", "R7")
    return None


def next_opening(
    calendar: Calendar, earliest: datetime, place: Place = ANYWHERE
) -> datetime | None:
    """The first moment from ``earliest`` on at which a visit may begin; None if none is in sight."""
    first_day = earliest.astimezone(JST).date()
    openings = {calendar.hours.opens, *(limit.opens for limit in calendar.limits)}
    candidates = [earliest, *(closure.ends for closure in calendar.closures)]
    candidates += [
        datetime.combine(first_day + timedelta(days=days), opens, JST)
        for days in range(LOOK_AHEAD_DAYS)
        for opens in openings
    ]
    for moment in sorted(candidates):
        if moment >= earliest and why_closed(calendar, moment, place, began=moment) is None:
            return moment.astimezone(JST)
    return None


def start_of(day: date) -> datetime:
    """Midnight at which ``day`` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=JST)


def contradictions(calendar: Calendar) -> list[str]:
    """What is wrong with a calendar although each of its values is well formed."""
    found = [f"hours: {problem}" for problem in _disorder(calendar.hours)]
    for place, limit in enumerate(calendar.limits):
        found += [f"limits[{place}]: {problem}" for problem in _disorder(limit)]
        if limit.valid_from > limit.valid_to:
            found.append(f"limits[{place}]: valid_to is before valid_from")
    for place, closure in enumerate(calendar.closures):
        found += [f"closures[{place}].{problem}" for problem in _closure_disorder(closure)]
    for name, day in (("first", calendar.year_end.first), ("last", calendar.year_end.last)):
        if day.day > monthrange(_LEAP_YEAR, day.month)[1]:
            found.append(f"year_end.{name}: there is no day {day.day} of month {day.month}")
    return found


def _closure_disorder(closure: Closure) -> Iterator[str]:
    for name, moment in (("starts", closure.starts), ("ends", closure.ends)):
        if moment.tzinfo is None:
            yield f"{name}: {moment.isoformat()} needs an offset such as +09:00"
            return
    if closure.starts >= closure.ends:
        yield f"ends: {closure.ends.isoformat()} is not after starts"


def _disorder(daily: Daily) -> Iterator[str]:
    if not daily.opens < daily.last_start <= daily.closes:
        yield "opens, last_start and closes are not in this order"


class _Never(NamedTuple):
    """A day without hours."""

    opens: time = time.max
    last_start: time = time.min
    closes: time = time.min


def _daily(calendar: Calendar, day: date, place: Place) -> Iterator[Daily]:
    """All hours that must be kept that day: the service's own and each limit on them."""
    yield calendar.hours
    for limit in calendar.limits:
        if limit.valid_from <= day <= limit.valid_to and limit.concerns(*place):
            open_that_day = limit.allows(day, is_holiday=day in calendar.holidays)
            yield limit if open_that_day else _Never()


def _is_within(daily: Daily, local: datetime, began: datetime | None) -> bool:
    last_start = datetime.combine(local.date(), daily.last_start, JST)
    began_too_late = began is not None and began >= last_start
    return not began_too_late and daily.opens <= local.time() < daily.closes


def _in_year_end(year_end: wire.YearEnd, day: date) -> bool:
    today = (day.month, day.day)
    first = (year_end.first.month, year_end.first.day)
    last = (year_end.last.month, year_end.last.day)
    if first <= last:
        return first <= today <= last
    return today >= first or today <= last
