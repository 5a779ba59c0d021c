"""Who may be on a sheet, given that the product may be issued."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.city.registry.people import Standing
from backend.city.registry.registers import RegisterMember
from backend.city.rules.case import Case
from backend.city.rules.products import REGISTER_PRODUCTS, move_is_over
from terminal.link.wire import Product


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody a certificate may be about: a resident's id, or that of a register's member."""

    id: str
    name: str = field(repr=False)
    reading: str = field(repr=False)
    is_holder: bool


def subjects(case: Case, product: Product) -> tuple[Subject, ...]:
    """Whom the holder may ask for: R16 the household, R20 and R21 the register, else nobody else."""
    if product is Product.RESIDENCE:
        return tuple(_resident(case, member) for member in printable_members(case))
    if product in REGISTER_PRODUCTS:
        return tuple(_member(case, member) for member in printable_register(case))
    return (_resident(case, case.holder),)


def household_members(case: Case) -> tuple[Standing, ...]:
    """Who still belongs on the household's sheet: neither deceased nor moved away (R31, R53)."""
    return tuple(
        member
        for member in case.household
        if member.deceased_on is None
        and (member.moving_out_on is None or case.today < move_is_over(case, member))
    )


def printable_members(case: Case) -> tuple[Standing, ...]:
    """Those of the household whose entry may be issued here (R34, R50, support measures)."""
    return tuple(member for member in household_members(case) if not member.is_withheld)


def register_members(case: Case) -> tuple[RegisterMember, ...]:
    """Who is written in the register now (R20, R21)."""
    members = () if case.register is None else case.register.members
    return tuple(member for member in members if not member.removed)


def printable_register(case: Case) -> tuple[RegisterMember, ...]:
    """Those of the register whose entry may be issued here."""
    return tuple(member for member in register_members(case) if not member.withheld)


def _resident(case: Case, one: Standing) -> Subject:
    return Subject(one.id, one.name, one.furigana, one.id == case.holder.id)


def _member(case: Case, one: RegisterMember) -> Subject:
    return Subject(one.id, one.name, one.furigana, one.resident == case.holder.id)
