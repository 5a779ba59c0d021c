"""The rules about one product, given that the visit may go on."""

from __future__ import annotations

from datetime import date, timedelta

from backend.city.configuration import TAX_PRODUCTS
from backend.city.registry.people import Standing
from backend.city.registry.taxes import TaxStanding
from backend.city.rules.case import Case, Finding, Request, Rule, person
from backend.hours import Place, next_opening, why_closed
from terminal.link.wire import Product

REGISTER_PRODUCTS = frozenset(
    {
        Product.FAMILY_REGISTER,
        Product.FAMILY_REGISTER_EXTRACT,
        Product.FAMILY_REGISTER_ADDRESSES,
    }
)


def move_is_over(case: Case, member: Standing) -> date:
    """The first day on which an announced move no longer counts (R53, decision a)."""
    assert member.moving_out_on is not None
    return member.moving_out_on + timedelta(days=case.conditions.household_move_waits_days)


def _open(case: Case, request: Request) -> Finding | None:
    place = Place(request.product, case.site)
    closed = why_closed(case.city, case.now, place, began=case.began)
    if closed is None:
        return None
    return Finding(closed.reason, closed.rule, next_opening(case.city, case.now, place))


def _household_moving(case: Case, request: Request) -> Finding | None:
    """R52, R53: until the last announced move of a member is over.

    Of somebody whose entry is withheld nobody learns here that there is a move, or when.
    """
    moving = [
        member
        for member in case.household
        if member.moving_out_on is not None
        and member.deceased_on is None
        and case.today < move_is_over(case, member)
    ]
    if any(member.is_withheld for member in moving):
        return person("R52")
    if not moving:
        return None
    over = max(move_is_over(case, member) for member in moving)
    return Finding("refused.household_moving", "R52", case.opening_from(over, request.product))


def _seal_registered(case: Case, _request: Request) -> Finding | None:
    seal = case.seal
    if (
        seal is None
        or seal.registered_on > case.today
        or (seal.abolished_on is not None and seal.abolished_on <= case.today)
    ):
        return Finding("refused.no_seal", "R17")
    return None


def _year_issued(case: Case, request: Request) -> Finding | None:
    """R36: the year's certificates are issued on some days; before them only the older year's."""
    if request.year in case.city.tax_years_on(case.today):
        return None
    for entry in case.city.tax_years:
        if entry.year == request.year and entry.issued_from > case.today:
            opens = case.opening_from(entry.issued_from, request.product)
            return Finding("refused.tax_year", "R36", opens)
    return Finding("refused.tax_year_over", "R36")


def _taxed_here(case: Case, request: Request) -> Finding | None:
    if request.year is None or _tax(case, request) is not None:
        return None
    return Finding("refused.tax_elsewhere", "R18")


def _declared(case: Case, request: Request) -> Finding | None:
    tax = _tax(case, request)
    return Finding("refused.tax_undeclared", "R37") if tax and not tax.declared else None


def _tax_held(case: Case, request: Request) -> Finding | None:
    tax = _tax(case, request)
    holds = () if tax is None else tax.holds
    if any(hold.first_day <= case.today <= hold.last_day for hold in holds):
        return Finding("refused.tax_hold", "R38")
    return None


def _tax(case: Case, request: Request) -> TaxStanding | None:
    return next((tax for tax in case.taxes if tax.year == request.year), None)


def _register_kept_here(case: Case, _request: Request) -> Finding | None:
    """R25: 本籍 and 住民票 both here. Who signs in here has the latter."""
    if case.register is not None and case.register.city == case.city.code:
        return None
    return Finding("refused.register_elsewhere", "R25")


def _register_written(case: Case, request: Request) -> Finding | None:
    """R54: from the notification until it is written, however long that takes.

    A death that the city of residence knows of and that is not yet written is such a thing, too.
    """
    members = case.register.members if case.register is not None else ()
    if any(member.deceased and not member.removed for member in members):
        return Finding("refused.register_notice", "R54")
    pending = [
        notice
        for notice in (case.register.notices if case.register is not None else ())
        if notice.recorded_on is None or notice.recorded_on > case.today
    ]
    if not pending:
        return None
    expected = max(notice.notified_on for notice in pending) + timedelta(
        days=case.conditions.register_notice_days
    )
    # A guess that has passed helps nobody.
    hint = case.opening_from(expected, request.product) if expected > case.today else None
    return Finding("refused.register_notice", "R54", hint)


def _register_withheld(case: Case, request: Request) -> Finding | None:
    """R50 in a register: the holder's own entry, and on the whole register anybody's."""
    if case.register is None:
        return None
    concerned = [
        member
        for member in case.register.members
        if request.product is Product.FAMILY_REGISTER or member.resident == case.holder.id
    ]
    return person("R50") if any(member.withheld for member in concerned) else None


PRODUCT_RULES = (
    Rule("R7–R9", "closed for this product here now", _open, frozenset(Product)),
    Rule(
        "R52",
        "somebody of the household is about to move",
        _household_moving,
        frozenset({Product.RESIDENCE}),
    ),
    Rule(
        "R17",
        "no registered seal",
        _seal_registered,
        frozenset({Product.SEAL_REGISTRATION}),
    ),
    Rule("R36", "the year is not issued today", _year_issued, TAX_PRODUCTS),
    Rule("R18", "not taxed here in that year", _taxed_here, TAX_PRODUCTS),
    Rule("R37", "nothing was declared for that year", _declared, TAX_PRODUCTS),
    Rule("R38", "an amended declaration is worked in", _tax_held, TAX_PRODUCTS),
    Rule("R25", "the register is not kept here", _register_kept_here, REGISTER_PRODUCTS),
    Rule("R54", "a notification is not yet written", _register_written, REGISTER_PRODUCTS),
    Rule("R50", "withheld in the register", _register_withheld, REGISTER_PRODUCTS),
)
