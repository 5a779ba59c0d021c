"""R71: the same suite for every city there is. Each edge is taken from the city's own file and stood on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from backend.city import configuration
from backend.city.configuration import TAX_PRODUCTS, Configuration
from backend.city.opening import SAMPLE
from backend.city.orders import requests
from backend.city.rules.case import Request
from backend.city.rules.judge import judge_visit
from backend.city.rules.person import PERSON_RULES
from backend.clock import JST
from backend.hours import Place, next_opening, why_closed
from terminal.link.wire import Product
from tests.backend.city.counter import Counter
from tests.backend.city.rules.cases import ADULT, TAXES, case, judged

CITIES = [configuration.load(path) for path in sorted(SAMPLE.glob("*/city.toml"))]
each_city = pytest.mark.parametrize("city", CITIES, ids=lambda city: city.code)
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)
# An ordinary Wednesday, with no closure anywhere near.
WEDNESDAY = date(2026, 11, 25)


def on(day: date, at: time) -> datetime:
    return datetime.combine(day, at, JST)


def open_hour(city: Configuration, day: date) -> datetime:
    """Some moment of that day at which everything is open, or of the first such day after it."""
    moment = on(day, time(0))
    while any(why_closed(city, moment, Place(one), began=moment) for one in city.products):
        moment += timedelta(minutes=30)
    return moment


@each_city
def test_there_are_cities_that_differ(city: Configuration) -> None:
    assert len(CITIES) >= 2
    assert all(other is city or other.hours != city.hours for other in CITIES)


@each_city
def test_R7_opens_starts_last_and_closes(city: Configuration) -> None:
    hours = city.hours
    for at, starts, finishes in (
        (on(WEDNESDAY, hours.opens) - MOMENT, False, False),
        (on(WEDNESDAY, hours.opens), True, True),
        (on(WEDNESDAY, hours.last_start) - MOMENT, True, True),
        (on(WEDNESDAY, hours.last_start), False, True),
        (on(WEDNESDAY, hours.closes) - MOMENT, False, True),
        (on(WEDNESDAY, hours.closes), False, False),
    ):
        assert (why_closed(city, at, began=at) is None) is starts, at
        assert (why_closed(city, at) is None) is finishes, at


@each_city
@pytest.mark.parametrize("year", range(2026, 2034))
def test_R8_the_turn_of_each_year_leap_years_too(city: Configuration, year: int) -> None:
    first = date(year, city.year_end.first.month, city.year_end.first.day)
    last = date(year + 1, city.year_end.last.month, city.year_end.last.day)
    noon = time(12)
    assert why_closed(city, on(first - DAY, noon)) is None
    assert why_closed(city, on(last + DAY, noon)) is None
    day = first
    while day <= last:
        closed = why_closed(city, on(day, noon))
        assert closed is not None
        assert closed.rule == "R8"
        day += DAY
    opening = next_opening(city, on(first, noon))
    assert opening == on(last + DAY, city.hours.opens)


@each_city
def test_R9_each_closure_from_its_first_to_its_last_moment(city: Configuration) -> None:
    for closure in city.closures:
        place = Place(next(iter(closure.products), None), next(iter(closure.sites), None))
        for at, within in (
            (closure.starts - MOMENT, False),
            (closure.starts, True),
            (closure.ends - MOMENT, True),
            (closure.ends, False),
        ):
            closed = why_closed(city, at, place)
            assert (closed is not None and closed.rule == "R9") is within, at
        if closure.products or closure.sites:
            elsewhere = why_closed(city, closure.starts)
            assert elsewhere is None or elsewhere.rule == "R7"


@each_city
def test_R7_each_limit_on_its_days_and_no_others(city: Configuration) -> None:
    for limit in city.limits:
        place = Place(next(iter(limit.products), None), next(iter(limit.sites), None))
        begin = max(limit.valid_from, WEDNESDAY)
        for number in range(14):
            day = begin + number * DAY
            if day > limit.valid_to or why_closed(city, on(day, time(12))) is not None:
                continue
            allowed = limit.allows(day, is_holiday=day in city.holidays)
            opens = on(day, max(limit.opens, city.hours.opens))
            assert (why_closed(city, opens, place) is None) is allowed, day
            if allowed:
                assert why_closed(city, on(day, limit.closes), place) is not None
                assert why_closed(city, on(day, limit.closes) - MOMENT, place) is None


@each_city
def test_R16_to_R22_an_ordinary_adult_may_have_all_that_is_offered(city: Configuration) -> None:
    now = open_hour(city, WEDNESDAY)
    subject = case(city=city, now=now)
    for product in city.products:
        for request in requests(subject, product):
            if request.year in {None, *(tax.year for tax in TAXES)}:
                assert judged(subject, product, request.year) is None
    for tariff in city.tariffs:
        assert all(yen > 0 for yen in tariff.fees.values())


@each_city
def test_R22_each_tariff_from_its_first_to_its_last_day(city: Configuration) -> None:
    for tariff in city.tariffs:
        assert city.tariff_on(tariff.valid_from).id == tariff.id
        if tariff.valid_to is not None:
            assert city.tariff_on(tariff.valid_to).id == tariff.id
            assert city.tariff_on(tariff.valid_to + DAY).id != tariff.id


@each_city
def test_R36_each_year_from_its_first_to_its_last_day(city: Configuration) -> None:
    for product in TAX_PRODUCTS & city.products.keys():
        for entry in city.tax_years:
            for day, issued in (
                (entry.issued_from - DAY, False),
                (entry.issued_from, True),
                (entry.issued_to, True),
                (entry.issued_to + DAY, False),
            ):
                subject = case(city=city, now=on(day, time(12)))
                years = {request.year for request in requests(subject, product)}
                assert (entry.year in city.tax_years_on(day)) is issued
                assert not issued or entry.year in years
    newest = sorted(city.tax_years, key=lambda entry: entry.year)
    assert all(one.issued_from < other.issued_from for one, other in pairwise(newest))


@each_city
@pytest.mark.parametrize(
    ("field", "waits"),
    [
        ("card_issued", "card_waits_days"),
        ("continued_on", "card_continued_waits_days"),
        ("pin_changed_on", "pin_changed_waits_days"),
        ("became_resident_on", "move_in_waits_days"),
    ],
)
def test_R40_waits_as_many_days_as_the_city_says(
    city: Configuration, field: str, waits: str
) -> None:
    now = open_hour(city, WEDNESDAY)
    days = getattr(city.conditions_on(now.date()), waits)
    for passed in range(days + 2):
        done = now.date() - timedelta(days=passed)
        changes: dict[str, Any] = {field: done}
        if field == "became_resident_on":
            changes = {"holder": replace(ADULT, became_resident_on=done)}
        assert (judge_visit(case(city=city, now=now, **changes)) is None) is (passed >= days)


@each_city
@pytest.mark.parametrize("birthday", [(2, 29), (3, 1), (11, 25), (12, 31), (1, 1)])
def test_R48_on_the_day_that_the_city_counts(
    city: Configuration, birthday: tuple[int, int]
) -> None:
    """Every day of three years, asked of the rule alone: the turn of the year is closed."""
    (rule,) = (one for one in PERSON_RULES if one.row == "R48")
    holder = replace(ADULT, birth=date(2012, *birthday))
    for number in range(3 * 365):
        day = date(2026, 6, 1) + number * DAY
        conditions = city.conditions_on(day)
        counted = day + DAY if conditions.age_counts_from == "eve" else day
        age = counted.year - 2012 - ((counted.month, counted.day) < birthday)
        subject = case(city=city, now=on(day, time(12)), holder=holder)
        young = rule.ask(subject, Request(Product.RESIDENCE)) is not None
        assert young is (age < conditions.minimum_age), day


@each_city
def test_R53_a_members_move_is_over_on_the_citys_day(city: Configuration) -> None:
    now = open_hour(city, WEDNESDAY)
    waits = city.conditions_on(now.date()).household_move_waits_days
    for passed in range(-1, waits + 2):
        moved = now.date() - timedelta(days=passed)
        mover = replace(ADULT, id="b", moving_out_on=moved)
        finding = judged(case(city=city, now=now, others=(mover,)), Product.RESIDENCE)
        assert (finding is None) is (passed >= waits)


@each_city
def test_R28_I14_every_product_of_the_city_is_made_in_its_mayors_name(
    counter: Counter, city: Configuration
) -> None:
    resident = {"wakabano": "w-0201", "shiomi": "s-0302"}[city.code]
    mayor = "".join(city.mayor_on(date(2026, 11, 24)).name.split())
    for product in city.products:
        for text in counter.pages(resident, city.code, product=product):
            assert mayor in text
            assert "見本" in text
