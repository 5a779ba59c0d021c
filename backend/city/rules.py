"""The restrictions of requirements.md, as pure functions from a case to a finding, or none.

Every rule looks at the whole case and says nothing but its own row. All rules are asked, always,
and only then is the first finding taken: what a person may have never depends on a rule that was
not reached, and no answer comes sooner because an early rule spoke (I-17).
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.city.configuration import Conditions, Configuration
from backend.city.residents import Standing
from backend.clock import JST
from backend.hours import next_opening, start_of, why_closed
from backend.refusals import Refused
from terminal.link import wire
from terminal.link.wire import Product, RefusalClass

# Every reason a city gives, and its class (requirements.md, refusal classes).
REASONS = {
    "refused.closed": RefusalClass.WHEN,
    "refused.year_end": RefusalClass.WHEN,
    "refused.maintenance": RefusalClass.WHEN,
    "refused.card_issued_today": RefusalClass.WHEN,
    "refused.person": RefusalClass.PERSON,
    "refused.household_moving": RefusalClass.PRODUCT,
    "refused.tariff_changed": RefusalClass.PRODUCT,
    "refused.characters": RefusalClass.PRODUCT,
    "refused.too_long": RefusalClass.PRODUCT,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Why not: the text the person sees, and the row of the requirements."""

    reason: str
    rule: str
    available_from: datetime | None = None

    def refused(self, city: Configuration) -> Refused:
        return Refused(self.refusal(city), self.rule)

    def refusal(self, city: Configuration) -> wire.Refusal:
        return wire.Refusal(
            kind=REASONS[self.reason],
            reason=self.reason,
            available_from=self.available_from,
            contact=city.contact,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """All that the rules may look at. ``household`` includes the holder.

    ``began``: when the visit did, for a sign-in; an order's visit was let in before (decision b).
    """

    city: Configuration
    holder: Standing
    household: tuple[Standing, ...]
    card_issued: date
    now: datetime
    began: datetime | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(JST).date()


Rule = Callable[[Case], Finding | None]
ProductRule = Callable[[Case, Product], Finding | None]


def judge_visit(case: Case) -> Finding | None:
    """Whether this person may use the service at all now."""
    return _first([rule(case) for rule in _VISIT_RULES])


def judge_product(case: Case, product: Product) -> Finding | None:
    """Whether this product may be issued now, given that the visit may go on."""
    return _first([rule(case, product) for rule in _PRODUCT_RULES])


def household_members(case: Case) -> tuple[Standing, ...]:
    """Who still belongs on the household's sheet: neither deceased nor moved away (R31, R53)."""
    return tuple(
        member
        for member in case.household
        if member.deceased_on is None
        and (member.moving_out_on is None or case.today < _move_is_over(case.city, member))
    )


def printable_members(case: Case) -> tuple[Standing, ...]:
    """Those of the household whose entry may be issued here (R34, R50, support measures)."""
    return tuple(
        member
        for member in household_members(case)
        if not (member.restricted or member.support_measures or member.in_transit_by_birth)
    )


def has_reached(age: int, birth: date, day: date, *, counts_from: str) -> bool:
    """Whether somebody born on ``birth`` is ``age`` on ``day`` (R48, decision c).

    The law ends a year of age with the day before the birthday ("eve"); who was born on
    29 February has no birthday in a common year and reaches the age on 1 March.
    """
    year = birth.year + age
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        birthday = date(year, 3, 1)
    else:
        birthday = birth.replace(year=year)
    return day >= (birthday - timedelta(days=1) if counts_from == "eve" else birthday)


# --- the visit -------------------------------------------------------------------------------


def _r7_r8_r9_open(case: Case) -> Finding | None:
    closed = why_closed(case.city, case.now, began=case.began)
    if closed is None:
        return None
    return Finding(closed.reason, closed.rule, next_opening(case.city, case.now))


def _r34_in_transit(case: Case) -> Finding | None:
    return _person("R34") if case.holder.in_transit_by_birth else None


def _r40_card_issued(case: Case) -> Finding | None:
    usable_from = case.card_issued + timedelta(days=case.city.conditions.card_waits_days)
    if case.today >= usable_from:
        return None
    return Finding(
        "refused.card_issued_today", "R40", next_opening(case.city, start_of(usable_from))
    )


def _r48_age(case: Case) -> Finding | None:
    conditions: Conditions = case.city.conditions
    old_enough = has_reached(
        conditions.minimum_age,
        case.holder.birth,
        case.today,
        counts_from=conditions.age_counts_from,
    )
    return None if old_enough else _person("R48")


def _r49_guardianship(case: Case) -> Finding | None:
    return _person("R49") if case.holder.under_guardianship else None


def _r50_restricted(case: Case) -> Finding | None:
    return _person("R50") if case.holder.restricted or case.holder.support_measures else None


def _r51_moving_out(case: Case) -> Finding | None:
    return _person("R51") if case.holder.moving_out_on is not None else None


def _r31_deceased(case: Case) -> Finding | None:
    return _person("R31") if case.holder.deceased_on is not None else None


_VISIT_RULES: tuple[Rule, ...] = (
    _r7_r8_r9_open,
    _r31_deceased,
    _r34_in_transit,
    _r48_age,
    _r49_guardianship,
    _r50_restricted,
    _r51_moving_out,
    _r40_card_issued,
)


# --- one product -----------------------------------------------------------------------------


def _r9_product_open(case: Case, product: Product) -> Finding | None:
    closed = why_closed(case.city, case.now, product, began=case.began)
    if closed is None:
        return None
    return Finding(closed.reason, closed.rule, next_opening(case.city, case.now, product))


def _r52_household_moving(case: Case, product: Product) -> Finding | None:
    """R52, R53: until the last announced move of a member is over."""
    if product is not Product.RESIDENCE:
        return None
    moves = [
        _move_is_over(case.city, member)
        for member in case.household
        if member.moving_out_on is not None and member.deceased_on is None
    ]
    over = max(moves, default=case.today)
    if case.today >= over:
        return None
    return Finding("refused.household_moving", "R52", next_opening(case.city, start_of(over)))


_PRODUCT_RULES: tuple[ProductRule, ...] = (_r9_product_open, _r52_household_moving)


def _move_is_over(city: Configuration, member: Standing) -> date:
    """The first day on which a move no longer counts (R53, decision a)."""
    assert member.moving_out_on is not None
    return member.moving_out_on + timedelta(days=city.conditions.household_move_waits_days)


def _person(rule: str) -> Finding:
    return Finding("refused.person", rule)


def _first(findings: list[Finding | None]) -> Finding | None:
    return next((finding for finding in findings if finding is not None), None)
