"""R7, R8, R9 and decision b at their edges, and the next opening that the closed screen promises."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.clock import JST
from terminal.hours import closed_now
from terminal.link.wire import Closure, DailyHours, DayOfYear, Product, Service, YearEnd

HOURS = DailyHours(opens=time(6, 30), last_start=time(22, 55), closes=time(23))
YEAR_END = YearEnd(first=DayOfYear(month=12, day=29), last=DayOfYear(month=1, day=3))
MAINTENANCE = Closure(
    starts=datetime(2026, 11, 25, 13, tzinfo=JST), ends=datetime(2026, 11, 25, 15, tzinfo=JST)
)


def service(*closures: Closure) -> Service:
    return Service(
        now=datetime(2026, 11, 24, 12, tzinfo=JST),
        hours=HOURS,
        year_end=YEAR_END,
        closures=closures,
        hotline="0120-00-0000",
        build_allowed=True,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-24T06:29:59", "2026-11-24T06:30"),
        ("2026-11-24T06:30:00", None),
        ("2026-11-24T22:54:59", None),
        ("2026-11-24T22:55:00", "2026-11-25T06:30"),
        ("2026-11-24T23:30:00", "2026-11-25T06:30"),
        ("2026-11-25T00:00:00", "2026-11-25T06:30"),
    ],
)
def test_R7_daily_hours(now: str, opens: str | None) -> None:
    closed = closed_now(service(), at(now))
    if opens is None:
        assert closed is None
    else:
        assert closed is not None
        assert closed.reason == "closed.hours"
        assert closed.opens == at(opens)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("2026-12-28T22:54:00", None),
        ("2026-12-29T12:00:00", "closed.year_end"),
        ("2026-12-31T23:59:59", "closed.year_end"),
        ("2027-01-01T00:00:00", "closed.year_end"),
        ("2027-01-03T22:00:00", "closed.year_end"),
        ("2027-01-04T06:29:59", "closed.hours"),
        ("2027-01-04T06:30:00", None),
        ("2028-02-29T12:00:00", None),
    ],
)
def test_R8_year_end(now: str, reason: str | None) -> None:
    closed = closed_now(service(), at(now))
    assert (closed.reason if closed else None) == reason
    if reason == "closed.year_end":
        assert closed is not None
        assert closed.opens is not None
        assert closed.opens.strftime("%m-%d %H:%M") == "01-04 06:30"


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        ("2026-11-25T12:59:59", False),
        ("2026-11-25T13:00:00", True),
        ("2026-11-25T14:59:59", True),
        ("2026-11-25T15:00:00", False),
    ],
)
def test_R9_maintenance_of_a_part_of_a_day(now: str, *, closed: bool) -> None:
    answer = closed_now(service(MAINTENANCE), at(now))
    assert (answer is not None) is closed
    if answer is not None:
        assert answer.reason == "closed.maintenance"
        assert answer.opens == MAINTENANCE.ends


def test_R9_maintenance_of_one_product_does_not_close_the_terminal() -> None:
    only = Closure(
        starts=MAINTENANCE.starts, ends=MAINTENANCE.ends, product=Product.FAMILY_REGISTER
    )
    assert closed_now(service(only), at("2026-11-25T14:00")) is None


def test_maintenance_over_the_opening_time_opens_when_it_ends() -> None:
    night = Closure(starts=at("2026-11-25T05:00"), ends=at("2026-11-25T09:00"))
    closed = closed_now(service(night), at("2026-11-24T23:10"))
    assert closed is not None
    assert closed.opens == night.ends


@given(minutes=st.integers(0, 3 * 366 * 24 * 60))
def test_the_promised_opening_is_open_and_later(minutes: int) -> None:
    now = at("2026-01-01T00:00") + timedelta(minutes=minutes)
    closed = closed_now(service(MAINTENANCE), now)
    if closed is not None:
        assert closed.opens is not None
        assert closed.opens > now
        assert closed_now(service(MAINTENANCE), closed.opens) is None
