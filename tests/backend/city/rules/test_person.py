"""The restrictions, row by row, at their edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.city.registry.people import Standing, unknown
from backend.city.rules import judge as judging
from backend.city.rules.case import Case, Finding, Request, Rule
from backend.city.rules.judge import judge_visit
from backend.city.rules.people import household_members, printable_members
from backend.city.rules.person import PERSON_RULES, has_reached
from backend.clock import JST
from backend.hours import Closure, Place, next_opening, start_of, why_closed
from terminal.link import wire
from terminal.link.wire import Product
from tests.backend.city.rules.cases import ADULT, CITY, NOON, OTHER, at, case, judged


@pytest.mark.parametrize(
    ("time", "starts", "finishes"),
    [
        ("06:29:59.999999", False, False),
        ("06:30:00", True, True),
        ("22:54:59", True, True),
        ("22:55:00", False, True),
        ("22:59:59.999999", False, True),
        ("23:00:00", False, False),
        ("00:00:00", False, False),
    ],
)
def test_R7_hours(time: str, starts: bool, finishes: bool) -> None:
    now = at(f"2026-11-24T{time}")
    assert (judge_visit(case(now=now)) is None) is starts
    under_way = case(now=now, began=at("2026-11-24T22:54:59"))
    assert (judge_visit(under_way) is None) is finishes


def test_R7_a_visit_that_began_too_late_stays_so_until_tomorrow() -> None:
    began = at("2026-11-24T22:55")
    finding = judge_visit(case(now=at("2026-11-24T22:56"), began=began))
    assert finding == Finding("refused.closed", "R7", at("2026-11-25T06:30"))
    assert judge_visit(case(now=at("2026-11-25T06:30"), began=began)) is None


def test_R7_is_japanese_time_whatever_the_offset_of_the_clock() -> None:
    assert judge_visit(case(now=datetime(2026, 11, 23, 21, 30, tzinfo=UTC))) is None
    finding = judge_visit(case(now=datetime(2026, 11, 24, 14, 0, tzinfo=UTC)))
    assert finding == Finding("refused.closed", "R7", at("2026-11-25T06:30"))


def test_R71_the_other_city_keeps_its_own_hours() -> None:
    now = at("2026-11-24T20:55")
    assert judge_visit(case(now=now)) is None
    finding = judge_visit(case(city=OTHER, now=now))
    assert finding == Finding("refused.closed", "R7", at("2026-11-25T06:30"))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-12-28T22:54:59", True),
        ("2026-12-29T06:30:00", False),
        ("2026-12-31T12:00:00", False),
        ("2027-01-01T12:00:00", False),
        ("2027-01-03T22:54:00", False),
        ("2027-01-04T06:30:00", True),
        ("2028-02-29T12:00:00", True),
        ("2028-12-29T12:00:00", False),
    ],
)
def test_R8_turn_of_the_year(moment: str, is_open: bool) -> None:
    finding = judge_visit(case(now=at(moment)))
    assert (finding is None) is is_open
    if finding is not None:
        year = 2027 if moment < "2028" else 2029
        assert finding == Finding("refused.year_end", "R8", at(f"{year}-01-04T06:30"))


def test_R8_a_break_within_one_year() -> None:
    summer = wire.YearEnd(
        first=wire.DayOfYear(month=8, day=13), last=wire.DayOfYear(month=8, day=15)
    )
    city = msgspec.structs.replace(CITY, year_end=summer)
    assert judge_visit(case(city=city, now=at("2026-08-12T12:00"))) is None
    assert judge_visit(case(city=city, now=at("2026-08-15T12:00"))) is not None
    assert judge_visit(case(city=city, now=at("2026-12-31T12:00"))) is None


def test_R9_part_day_maintenance() -> None:
    finding = judge_visit(case(now=at("2026-12-12T18:00")))
    assert finding == Finding("refused.maintenance", "R9", at("2026-12-13T12:00"))
    assert judge_visit(case(now=at("2026-12-12T17:59:59"))) is None
    assert judge_visit(case(now=at("2026-12-13T12:00"))) is None


def test_R9_maintenance_of_one_product_leaves_the_visit() -> None:
    now = at("2027-02-20T08:00")
    assert judge_visit(case(now=now)) is None
    finding = judged(case(now=now), Product.RESIDENCE)
    assert finding == Finding("refused.maintenance", "R9", at("2027-02-20T09:00"))
    assert why_closed(CITY, now, Place(Product.TAXATION), began=now) is None


def test_R9_maintenance_that_ends_at_night_reopens_in_the_morning() -> None:
    now = at("2026-12-20T12:00")
    finding = judge_visit(case(city=OTHER, now=now))
    assert finding == Finding("refused.maintenance", "R9", at("2026-12-21T06:30"))


def test_no_opening_in_sight_is_said_as_none() -> None:
    forever = Closure(starts=at("2026-01-01T00:00"), ends=at("2028-01-01T03:00"))
    city = msgspec.structs.replace(CITY, closures=(forever,))
    assert next_opening(city, NOON) is None


@pytest.mark.parametrize(
    ("now", "usable"),
    [
        ("2026-11-24T06:30", False),
        ("2026-11-24T22:54:59", False),
        ("2026-11-25T06:30", True),
    ],
)
def test_R40_the_card_works_from_the_day_after(now: str, usable: bool) -> None:
    finding = judge_visit(case(now=at(now), card_issued=date(2026, 11, 24)))
    expected = Finding("refused.card_issued_today", "R40", at("2026-11-25T06:30"))
    assert finding == (None if usable else expected)


def test_R40_at_the_turn_of_the_year_waits_for_the_opening() -> None:
    finding = judge_visit(case(now=at("2026-12-28T12:00"), card_issued=date(2026, 12, 28)))
    assert finding is not None
    assert finding.available_from == at("2027-01-04T06:30")


@pytest.mark.parametrize(
    ("birth", "day", "birthday_rule", "eve_rule"),
    [
        (date(2011, 11, 25), date(2026, 11, 23), False, False),
        (date(2011, 11, 25), date(2026, 11, 24), False, True),
        (date(2011, 11, 25), date(2026, 11, 25), True, True),
        (date(2012, 2, 29), date(2027, 2, 27), False, False),
        (date(2012, 2, 29), date(2027, 2, 28), False, True),
        (date(2012, 2, 29), date(2027, 3, 1), True, True),
        (date(2012, 1, 1), date(2026, 12, 31), False, True),
    ],
)
def test_R48_age_on_the_birthday(
    birth: date, day: date, birthday_rule: bool, eve_rule: bool
) -> None:
    assert has_reached(15, birth, day, counts_from="birthday") is birthday_rule
    assert has_reached(15, birth, day, counts_from="eve") is eve_rule


def test_R48_a_leap_day_birthday_in_a_leap_year() -> None:
    assert not has_reached(16, date(2012, 2, 29), date(2028, 2, 28), counts_from="birthday")
    assert has_reached(16, date(2012, 2, 29), date(2028, 2, 29), counts_from="birthday")


PERSONAL = {
    "R31": replace(ADULT, deceased_on=date(2026, 11, 1)),
    "R31 unknown": unknown("a"),
    "R34": replace(ADULT, in_transit_by_birth=True),
    "R48": replace(ADULT, birth=date(2015, 6, 21)),
    "R49": replace(ADULT, under_guardianship=True),
    "R50": replace(ADULT, restricted=True),
    "R50 support": replace(ADULT, support_measures=True),
    "R51": replace(ADULT, moving_out_on=date(2026, 12, 10)),
    "R51 past": replace(ADULT, moving_out_on=date(2026, 1, 10)),
}


@pytest.mark.parametrize("row", PERSONAL)
def test_R34_R48_R49_R50_R51_persons_rows(row: str) -> None:
    finding = judge_visit(case(holder=PERSONAL[row]))
    assert finding == Finding("refused.person", row.split(maxsplit=1)[0])


def test_I17_persons_reasons_look_the_same_to_screen_and_audit() -> None:
    refusals = {
        (wire.encode(refused.refusal), refused.rule, str(refused))
        for holder in PERSONAL.values()
        if (finding := judge_visit(case(holder=holder))) is not None
        for refused in [finding.refused(CITY)]
    }
    assert len(refusals) == 1
    assert refusals.pop()[1:] == ("P4", "refused.person (P4)")


def test_I17_every_rule_is_asked_whatever_the_first_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def spy(place: int, rule: Rule) -> Rule:
        def ask(subject: Case, request: Request) -> Finding | None:
            asked.append(place)
            return rule.ask(subject, request)

        return replace(rule, ask=ask)

    spies = tuple(spy(place, rule) for place, rule in enumerate(PERSON_RULES))
    monkeypatch.setattr(judging, "PERSON_RULES", spies)
    judge_visit(case(now=at("2026-11-24T03:00"), holder=PERSONAL["R50"]))
    assert asked == list(range(len(spies)))


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        ("2026-11-24T12:00", False),
        ("2026-12-09T12:00", False),
        ("2026-12-10T22:54", False),
        ("2026-12-11T06:30", True),
    ],
)
def test_R52_R53_a_members_move(now: str, is_open: bool) -> None:
    mover = replace(ADULT, id="b", moving_out_on=date(2026, 12, 10))
    subject = case(now=at(now), others=(mover,))
    expected = Finding("refused.household_moving", "R52", at("2026-12-11T06:30"))
    assert judge_visit(subject) is None
    assert judged(subject, Product.RESIDENCE) == (None if is_open else expected)
    assert judged(subject, Product.SEAL_REGISTRATION) is None
    assert (mover not in household_members(subject)) is is_open


@pytest.mark.parametrize("flag", ["restricted", "support_measures", "in_transit_by_birth"])
def test_R50_R52_the_move_of_somebody_withheld_is_not_told(flag: str) -> None:
    """Neither that there is one nor its day: whoever asks may be whom the person moves away from."""
    plain = replace(ADULT, id="b", moving_out_on=date(2026, 12, 20))
    flags: dict[str, Any] = {flag: True}
    hidden = replace(plain, id="c", moving_out_on=date(2026, 12, 10), **flags)
    for others in ((hidden,), (plain, hidden)):
        assert judged(case(others=others), Product.RESIDENCE) == Finding("refused.person", "R52")
    over = case(others=(hidden,), now=at("2026-12-11T12:00"))
    assert judged(over, Product.RESIDENCE) is None


def test_R53_the_waiting_days_are_the_citys() -> None:
    conditions = msgspec.structs.replace(CITY.conditions[0], household_move_waits_days=3)
    city = msgspec.structs.replace(CITY, conditions=(conditions,))
    mover = replace(ADULT, id="b", moving_out_on=date(2026, 12, 4))
    subject = case(city=city, now=at("2026-12-06T12:00"), others=(mover,))
    finding = judged(subject, Product.RESIDENCE)
    assert finding is not None
    assert finding.available_from == at("2026-12-07T06:30")


def test_R52_waits_for_the_last_of_several_moves() -> None:
    movers = [replace(ADULT, id=str(day), moving_out_on=date(2026, 12, day)) for day in (16, 4, 9)]
    finding = judged(case(others=movers), Product.RESIDENCE)
    assert finding is not None
    assert finding.available_from == at("2026-12-17T06:30")


def test_members_who_are_never_printed() -> None:
    baby = replace(ADULT, id="b", in_transit_by_birth=True)
    withheld = replace(ADULT, id="c", restricted=True)
    late = replace(ADULT, id="d", deceased_on=date(2020, 1, 1))
    gone = replace(ADULT, id="e", moving_out_on=date(2020, 1, 1))
    subject = case(others=(baby, withheld, late, gone))
    assert household_members(subject) == (ADULT, baby, withheld)
    assert printable_members(subject) == (ADULT,)


_DAYS = st.dates(date(1930, 1, 1), date(2027, 12, 31))
_STANDINGS = st.builds(
    Standing,
    id=st.just("a"),
    household=st.just("h"),
    name=st.just("試験"),
    birth=_DAYS,
    became_resident_on=_DAYS,
    moved_in_notified_on=_DAYS,
    is_known=st.booleans(),
    under_guardianship=st.booleans(),
    restricted=st.booleans(),
    support_measures=st.booleans(),
    in_transit_by_birth=st.booleans(),
    deceased_on=st.none() | _DAYS,
    moving_out_on=st.none() | _DAYS,
)


@given(
    holder=_STANDINGS,
    issued=_DAYS,
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
)
def test_no_permit_while_any_row_forbids(holder: Standing, issued: date, now: datetime) -> None:
    moment = now.replace(tzinfo=JST)
    permitted = judge_visit(case(holder=holder, now=moment, card_issued=issued)) is None
    born = holder.birth
    years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    minutes = now.hour * 60 + now.minute
    maintained = any(closure.starts <= moment < closure.ends for closure in CITY.closures[:1])
    assert permitted == (
        6 * 60 + 30 <= minutes < 22 * 60 + 55
        and (1, 3) < (now.month, now.day) < (12, 29)
        and not maintained
        and years >= 15
        and issued < now.date()
        and holder.is_known
        and holder.became_resident_on < now.date()
        and holder.moved_in_notified_on < now.date()
        and holder.deceased_on is None
        and holder.moving_out_on is None
        and not (holder.under_guardianship or holder.restricted)
        and not (holder.support_measures or holder.in_transit_by_birth)
    )


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_the_next_opening_is_open_and_none_is_missed(naive: datetime) -> None:
    moment = naive.replace(tzinfo=JST)
    opening = next_opening(CITY, moment)
    assert opening is not None
    assert opening >= moment
    assert why_closed(CITY, opening, began=opening) is None
    step = moment
    while step < opening:
        assert why_closed(CITY, step, began=step) is not None
        step += timedelta(hours=1, minutes=7)


def test_a_day_starts_at_midnight_in_japan() -> None:
    assert start_of(date(2026, 5, 1)).astimezone(UTC) == datetime(2026, 4, 30, 15, tzinfo=UTC)
