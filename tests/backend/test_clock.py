"""One clock, in Japan, that can be moved (I-15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.clock import JST, Clock, from_ms, to_ms

NEW_YEAR = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)


def test_it_speaks_japanese_time() -> None:
    clock = Clock(source=lambda: NEW_YEAR)
    assert clock.now() == datetime(2027, 1, 1, tzinfo=JST)
    assert clock.now().isoformat().endswith("+09:00")
    assert clock.today().isoformat() == "2027-01-01"


def test_an_offset_moves_it() -> None:
    clock = Clock(timedelta(seconds=-1), lambda: NEW_YEAR)
    assert clock.today().isoformat() == "2026-12-31"
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(minutes=1)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_stored_moments_come_back_to_the_millisecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=JST)
    assert abs(from_ms(to_ms(aware)) - aware) <= timedelta(milliseconds=0.5)
