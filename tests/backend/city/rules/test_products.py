"""The rules about single certificates, row by row, at their edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from backend.city.orders import requests
from backend.city.registry.registers import Notice, RegisterMember
from backend.city.registry.seals import SealStanding
from backend.city.registry.taxes import Hold, TaxStanding
from backend.city.rules.case import Finding, Request
from backend.city.rules.judge import ask_about, judge, judge_visit
from backend.city.rules.products import REGISTER_PRODUCTS
from terminal.link.wire import Product
from tests.backend.city.rules.cases import (
    ADULT,
    CITY,
    ME,
    NOON,
    OTHER,
    TAXES,
    at,
    case,
    judged,
    registered,
)

SEAL, TAXATION, INCOME = Product.SEAL_REGISTRATION, Product.TAXATION, Product.INCOME
TODAY = NOON.date()
ALL = [(product, 2026 if product in {TAXATION, INCOME} else None) for product in Product]


@pytest.mark.parametrize(("product", "year"), ALL)
def test_an_ordinary_adult_may_have_everything(product: Product, year: int | None) -> None:
    assert judged(case(), product, year) is None


# --- R17 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seal", "registered_now"),
    [
        (None, False),
        (SealStanding(TODAY + timedelta(days=1)), False),
        (SealStanding(TODAY), True),
        (SealStanding(date(2016, 5, 2), TODAY + timedelta(days=1)), True),
        (SealStanding(date(2016, 5, 2), TODAY), False),
        (SealStanding(date(2016, 5, 2), TODAY - timedelta(days=1)), False),
    ],
)
def test_R17_a_seal_counts_until_the_day_it_is_abolished(
    seal: SealStanding | None, registered_now: bool
) -> None:
    subject = case(seal=seal)
    assert judged(subject, SEAL) == (None if registered_now else Finding("refused.no_seal", "R17"))
    assert judged(subject, Product.RESIDENCE) is None


# --- R18, R19, R36–R38 -------------------------------------------------------------------------


@pytest.mark.parametrize("product", [TAXATION, INCOME])
def test_R18_R19_only_who_was_taxed_here_in_that_year(product: Product) -> None:
    subject = case(taxes=TAXES[2:])
    assert judged(subject, product, 2026) == Finding("refused.tax_elsewhere", "R18")


@pytest.mark.parametrize("product", [TAXATION, INCOME])
@pytest.mark.parametrize(
    ("now", "years"),
    [
        ("2026-06-09T22:54", [2025]),
        ("2026-06-10T06:30", [2026]),
        ("2027-06-09T12:00", [2026]),
        ("2027-06-10T12:00", [2027]),
    ],
)
def test_R36_the_year_switches_on_the_citys_day(
    product: Product, now: str, years: list[int]
) -> None:
    subject = case(now=at(now))
    assert [request.year for request in requests(subject, product)] == years
    for year in (2025, 2026, 2027):
        finding = judged(subject, product, year)
        assert (finding is None) is (year in years)
        if finding is not None:
            comes = year > max(years)
            reason = "refused.tax_year" if comes else "refused.tax_year_over"
            assert (finding.reason, finding.rule) == (reason, "R36")
            assert (finding.available_from is not None) is comes


def test_R36_the_other_city_has_three_years_and_an_earlier_day() -> None:
    """R71: while the year switches, the older ones only."""
    before = [one.year for one in requests(case(city=OTHER, now=at("2026-05-31T12:00")), TAXATION)]
    after = [one.year for one in requests(case(city=OTHER, now=at("2026-06-01T12:00")), TAXATION)]
    assert (before, after) == ([2025, 2024, 2023], [2026, 2025, 2024])


def test_R36_a_year_that_comes_is_said_with_its_opening() -> None:
    assert judged(case(now=at("2026-06-09T12:00")), TAXATION, 2026) == Finding(
        "refused.tax_year", "R36", at("2026-06-10T06:30")
    )
    assert judged(case(), TAXATION, 2024) == Finding("refused.tax_year_over", "R36")
    nothing = case(now=at("2024-01-10T12:00"), card_issued=date(2020, 1, 1))
    assert [one.year for one in requests(nothing, TAXATION)] == [2024]
    assert judged(nothing, TAXATION, 2024) == Finding(
        "refused.tax_year", "R36", at("2024-06-10T06:30")
    )


def test_R36_after_the_last_year_that_the_city_named_there_is_none() -> None:
    late = case(now=at("2035-01-05T12:00"))
    (request,) = requests(late, TAXATION)
    assert request.year is None
    assert [one.finding for one in ask_about(late, request) if one.finding] == [
        Finding("refused.tax_year_over", "R36")
    ]


def test_R37_nothing_declared() -> None:
    subject = case(taxes=(TaxStanding(2026, declared=False), *TAXES[2:]))
    for product in (TAXATION, INCOME):
        assert judged(subject, product, 2026) == Finding("refused.tax_undeclared", "R37")


@pytest.mark.parametrize(
    ("now", "held"),
    [
        ("2026-11-19T22:54", False),
        ("2026-11-20T06:30", True),
        ("2026-11-30T22:54", True),
        ("2026-12-01T06:30", False),
    ],
)
def test_R38_an_amended_declaration_holds_its_year_on_its_days(now: str, held: bool) -> None:
    hold = Hold(date(2026, 11, 20), date(2026, 11, 30))
    subject = case(now=at(now), taxes=(TaxStanding(2026, declared=True, holds=(hold,)),))
    finding = judged(subject, TAXATION, 2026)
    assert finding == (Finding("refused.tax_hold", "R38") if held else None)


def test_R38_holds_one_year_and_not_the_other() -> None:
    hold = Hold(date(2026, 11, 1), date(2026, 12, 31))
    held = TaxStanding(2026, declared=True, holds=(hold,))
    subject = case(city=OTHER, taxes=(held, *TAXES[2:]))
    assert judged(subject, TAXATION, 2026) == Finding("refused.tax_hold", "R38")
    assert judged(subject, TAXATION, 2025) is None


# --- R20, R21, R25, R54 ------------------------------------------------------------------------


@pytest.mark.parametrize("product", REGISTER_PRODUCTS)
@pytest.mark.parametrize("kept_in", ["wakabano", "shiomi", None])
@pytest.mark.parametrize("lives_in", ["wakabano", "shiomi"])
def test_R25_register_and_residence_must_both_be_here(
    product: Product, kept_in: str | None, lives_in: str
) -> None:
    city = CITY if lives_in == "wakabano" else OTHER
    register = None if kept_in is None else registered(city=kept_in)
    finding = judged(case(city=city, register=register), product)
    both_here = kept_in == lives_in
    assert finding == (None if both_here else Finding("refused.register_elsewhere", "R25"))


@pytest.mark.parametrize("product", REGISTER_PRODUCTS)
@pytest.mark.parametrize(
    ("notice", "available"),
    [
        (Notice(TODAY, None), at("2026-12-15T06:30")),
        (Notice(TODAY - timedelta(days=20), None), at("2026-11-25T06:30")),
        (Notice(TODAY - timedelta(days=21), None), None),
        (Notice(TODAY - timedelta(days=60), TODAY + timedelta(days=1)), None),
    ],
)
def test_R54_from_the_notification_until_it_is_written(
    product: Product, notice: Notice, available: datetime | None
) -> None:
    finding = judged(case(register=registered(notice)), product)
    assert finding == Finding("refused.register_notice", "R54", available)


def test_R54_what_is_written_blocks_no_more_and_never_other_certificates() -> None:
    written = case(register=registered(Notice(date(2026, 11, 1), TODAY)))
    pending = case(register=registered(Notice(TODAY, None)))
    for product in REGISTER_PRODUCTS:
        assert judged(written, product) is None
    for product, year in ALL:
        if product not in REGISTER_PRODUCTS:
            assert judged(pending, product, year) is None


def test_R54_a_death_that_is_known_and_not_yet_written_is_pending() -> None:
    dead = RegisterMember("m2", "b", "試験　花子", "", deceased=True)
    subject = case(register=registered(members=(ME, dead)))
    for product in REGISTER_PRODUCTS:
        assert judged(subject, product) == Finding("refused.register_notice", "R54")
    written = case(register=registered(members=(ME, replace(dead, removed=True))))
    for product in REGISTER_PRODUCTS:
        assert judged(written, product) is None


def test_R50_somebody_withheld_in_the_register() -> None:
    """The whole register is nobody's to take; what leaves the person out is."""
    child = RegisterMember("m2", "b", "試験　花子", "", withheld=True)
    subject = case(register=registered(members=(ME, child)))
    whole = judged(subject, Product.FAMILY_REGISTER)
    assert whole == Finding("refused.person", "R50")
    assert judged(subject, Product.FAMILY_REGISTER_EXTRACT) is None
    assert judged(subject, Product.FAMILY_REGISTER_ADDRESSES) is None
    myself = case(register=registered(members=(replace(ME, withheld=True),)))
    for product in REGISTER_PRODUCTS:
        assert judged(myself, product) == Finding("refused.person", "R50")


# --- R40 and its kin ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("card_issued", "refused.card_issued_today"),
        ("continued_on", "refused.card_changed_today"),
        ("pin_changed_on", "refused.card_changed_today"),
    ],
)
@pytest.mark.parametrize("days", range(3))
def test_R40_the_day_after_each_procedure(what: str, reason: str, days: int) -> None:
    done = TODAY - timedelta(days=days)
    expected = Finding(reason, "R40", at("2026-11-25T06:30"))
    changes: dict[str, Any] = {what: done}
    assert judge_visit(case(**changes)) == (expected if days == 0 else None)


def test_R40_somebody_who_moved_in_today() -> None:
    holder = replace(ADULT, became_resident_on=TODAY)
    assert judge_visit(case(holder=holder)) == Finding(
        "refused.moved_in_today", "R40", at("2026-11-25T06:30")
    )
    assert judge_visit(case(holder=holder, now=NOON + timedelta(days=1))) is None


def test_R40_moving_in_counts_from_the_notification() -> None:
    """Who moved a fortnight ago and said so today waits as one who moved today."""
    holder = replace(
        ADULT, became_resident_on=TODAY - timedelta(days=14), moved_in_notified_on=TODAY
    )
    assert judge_visit(case(holder=holder)) == Finding(
        "refused.moved_in_today", "R40", at("2026-11-25T06:30")
    )
    assert judge_visit(case(holder=holder, now=NOON + timedelta(days=1))) is None


@pytest.mark.parametrize(
    ("what", "waits"),
    [("card_issued", 2), ("continued_on", 2), ("pin_changed_on", 0)],
)
def test_R71_the_other_city_waits_for_other_days(what: str, waits: int) -> None:
    for days in range(4):
        changes: dict[str, Any] = {what: TODAY - timedelta(days=days)}
        finding = judge_visit(case(city=OTHER, **changes))
        assert (finding is None) is (days >= waits), days


def test_R71_a_condition_changes_on_its_day() -> None:
    """The other city's minimum age is 16 from April 2027 on."""
    holder = replace(ADULT, birth=date(2011, 6, 1))
    assert judge_visit(case(city=OTHER, holder=holder, now=at("2027-03-31T12:00"))) is None
    finding = judge_visit(case(city=OTHER, holder=holder, now=at("2027-04-01T12:00")))
    assert finding == Finding("refused.person", "R48")
    assert judge_visit(case(city=OTHER, holder=holder, now=at("2027-05-31T12:00"))) is None


# --- hours by product and site -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        ("2026-11-24T08:59:59", False),
        ("2026-11-24T09:00:00", True),
        ("2026-11-24T16:44:59", True),
        ("2026-11-24T16:45:00", False),
        ("2026-11-23T12:00", False),  # a public holiday
        ("2026-11-28T12:00", False),  # Saturday
        ("2026-11-29T12:00", False),
        ("2026-11-30T12:00", True),
    ],
)
def test_R7_R71_hours_of_a_product(now: str, is_open: bool) -> None:
    subject = case(city=OTHER, now=at(now))
    assert (judged(subject, Product.FAMILY_REGISTER) is None) is is_open
    assert judged(subject, Product.RESIDENCE) is None


def test_R7_an_order_under_way_may_finish_until_the_products_closing() -> None:
    subject = case(city=OTHER, now=at("2026-11-24T16:59:59"), began=at("2026-11-24T16:44:59"))
    assert judged(subject, Product.FAMILY_REGISTER) is None
    late = replace(subject, now=at("2026-11-24T17:00:00"))
    assert judged(late, Product.FAMILY_REGISTER) == Finding(
        "refused.closed", "R7", at("2026-11-25T09:00")
    )


@pytest.mark.parametrize(
    ("now", "site", "opens"),
    [
        ("2026-11-24T20:00", "wakabano-hall", "2026-11-25T08:30"),
        ("2026-11-27T18:00", "wakabano-hall", "2026-11-30T08:30"),
        ("2026-11-24T20:00", None, None),
        ("2026-11-24T20:00", "elsewhere", None),
    ],
)
def test_R7_hours_of_a_site(now: str, site: str | None, opens: str | None) -> None:
    finding = judge_visit(case(now=at(now), site=site))
    assert finding == (None if opens is None else Finding("refused.closed", "R7", at(opens)))


def test_R7_a_sites_new_hours_begin_on_their_day() -> None:
    def is_open(now: str) -> bool:
        return judge_visit(case(city=OTHER, now=at(now), site="shiomi-library")) is None

    assert not is_open("2027-03-31T18:00")
    assert is_open("2027-04-01T18:00")
    assert not is_open("2027-04-05T12:00")  # Monday


def test_R9_maintenance_of_a_site_leaves_the_others() -> None:
    now = at("2027-03-13T12:00")
    finding = judge_visit(case(city=OTHER, now=now, site="shiomi-library"))
    assert finding == Finding("refused.maintenance", "R9", at("2027-03-14T12:00"))
    assert judge_visit(case(city=OTHER, now=now)) is None


# --- permits -------------------------------------------------------------------------------------


def test_no_permit_without_every_rule_having_been_asked() -> None:
    permit = judge(case(), Request(Product.RESIDENCE))
    assert not isinstance(permit, Finding)
    with pytest.raises(ValueError, match="every rule"):
        replace(permit, answers=permit.answers[1:])
    with pytest.raises(ValueError, match="every rule"):
        replace(permit, request=Request(SEAL))
    spoken = replace(permit.answers[0], finding=Finding("refused.person", "R50"))
    with pytest.raises(ValueError, match="against a rule"):
        replace(permit, answers=(spoken, *permit.answers[1:]))


def test_I17_a_refused_person_hears_the_same_of_every_product() -> None:
    holder = replace(ADULT, restricted=True)
    worse = case(holder=holder, seal=None, taxes=(), register=None)
    found = {judged(worse, product, year) for product, year in ALL}
    assert found == {Finding("refused.person", "R50")}


def test_R8_the_other_citys_turn_of_the_year() -> None:
    assert judge_visit(case(city=OTHER, now=at("2026-12-27T20:49"))) is None
    for now in ("2026-12-28T12:00", "2027-01-04T20:49"):
        finding = judge_visit(case(city=OTHER, now=at(now)))
        assert finding == Finding("refused.year_end", "R8", at("2027-01-05T06:30"))


def test_R22_R71_the_tariff_of_the_day() -> None:
    fees = {
        day: OTHER.tariff_on(day).fees[Product.RESIDENCE]
        for day in (date(2027, 3, 31), date(2027, 4, 1), date(2027, 9, 30), date(2027, 10, 1))
    }
    assert list(fees.values()) == [300, 150, 150, 350]


def test_R58_a_free_certificate_cannot_be_written() -> None:
    tariff = msgspec.to_builtins(OTHER.tariffs[0]) | {"fees": {"residence": 0}}
    with pytest.raises(msgspec.ValidationError, match="fees"):
        msgspec.convert(tariff, type(OTHER.tariffs[0]))
