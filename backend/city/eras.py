"""Dates in the Japanese calendar, from one table (I-15).

The table is data and is handed in: a new era is a new row, known before its first day, never a
matter of when a machine was last started.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Era:
    name: str
    first_day: date
    year_one: int


# Meiji starts here where Japan took up the Gregorian calendar: earlier days need another one.
ERAS = (
    Era("明治", date(1873, 1, 1), 1868),
    Era("大正", date(1912, 7, 30), 1912),
    Era("昭和", date(1926, 12, 25), 1926),
    Era("平成", date(1989, 1, 8), 1989),
    Era("令和", date(2019, 5, 1), 2019),
)


def era_date(day: date, eras: tuple[Era, ...] = ERAS) -> str:
    """``day`` as an official document writes it: 令和元年5月1日. ValueError before the first era."""
    return f"{era_year(day, eras)}年{day.month}月{day.day}日"


def era_year(day: date, eras: tuple[Era, ...] = ERAS) -> str:
    """The year of ``day`` in its era: 令和8, 令和元. ValueError before the first era."""
    for era in reversed(eras):
        if day >= era.first_day:
            year = day.year - era.year_one + 1
            return f"{era.name}{'元' if year == 1 else year}"
    raise ValueError(f"{day} is before the first era of the table, {eras[0].first_day}")


def western_date(day: date) -> str:
    """``day`` as it is written for residents without Japanese nationality: 1988年4月12日."""
    return f"{day.year}年{day.month}月{day.day}日"
