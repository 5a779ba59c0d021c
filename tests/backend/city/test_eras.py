from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.city.eras import ERAS, Era, era_date, western_date


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(1873, 1, 1), "明治6年1月1日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1927, 1, 1), "昭和2年1月1日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(2026, 11, 24), "令和8年11月24日"),
    ],
)
def test_I15_era_edges(day: date, written: str) -> None:
    assert era_date(day) == written


def test_I15_a_new_era_is_one_more_row() -> None:
    eras = (*ERAS, Era("試元", date(2040, 4, 1), 2040))
    assert era_date(date(2040, 3, 31), eras) == "令和22年3月31日"
    assert era_date(date(2040, 4, 1), eras) == "試元元年4月1日"


def test_a_day_before_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="1872-12-31 is before the first era"):
        era_date(date(1872, 12, 31))


@given(st.dates(date(1873, 1, 1), date(2100, 1, 1)))
def test_I15_no_two_days_are_written_alike(day: date) -> None:
    assert era_date(day) != era_date(day + timedelta(days=1))


def test_foreign_residents_dates_are_western() -> None:
    assert western_date(date(1996, 2, 14)) == "1996年2月14日"
