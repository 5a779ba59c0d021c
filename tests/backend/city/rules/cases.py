"""Cases for the rules: an ordinary one that passes everything, and changes to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from backend.city import configuration
from backend.city.configuration import Configuration
from backend.city.opening import SAMPLE
from backend.city.registry.people import Standing
from backend.city.registry.registers import Notice, RegisterMember, RegisterStanding
from backend.city.registry.seals import SealStanding
from backend.city.registry.taxes import TaxStanding
from backend.city.rules.case import CardHolder, Case, Finding, Request
from backend.city.rules.judge import judge
from backend.clock import JST
from terminal.link.wire import Product

CITY = configuration.load(SAMPLE / "wakabano" / "city.toml")
OTHER = configuration.load(SAMPLE / "shiomi" / "city.toml")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=JST)
ADULT = Standing(
    id="a",
    household="h",
    name="試験",
    birth=date(1990, 4, 1),
    became_resident_on=date(2015, 4, 1),
    moved_in_notified_on=date(2015, 4, 9),
    is_head=True,
)
CARD = CardHolder("wakabano", "a", date(2025, 6, 2))
SEAL = SealStanding(date(2016, 5, 2))
ME = RegisterMember("m1", "a", "試験　太郎", "")
REGISTER = RegisterStanding("r", "wakabano", (ME,))
TAXES = tuple(TaxStanding(year, declared=True) for year in (2027, 2026, 2025, 2024))


def case(*, city: Configuration = CITY, now: datetime = NOON, **changes: Any) -> Case:
    """An adult who may have everything at noon; ``changes`` says what is not so."""
    holder = changes.pop("holder", ADULT)
    household = (holder, *changes.pop("others", ()))
    dates = {
        name: changes.pop(name)
        for name in ("card_issued", "continued_on", "pin_changed_on")
        if name in changes
    }
    plain = Case(
        city,
        replace(CARD, **dates),
        holder,
        household,
        now,
        now,
        seal=SEAL,
        taxes=TAXES,
        register=replace(REGISTER, city=city.code),
    )
    return replace(plain, **changes)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def judged(subject: Case, product: Product, year: int | None = None) -> Finding | None:
    """What is said against it, or nothing."""
    verdict = judge(subject, Request(product, year))
    return verdict if isinstance(verdict, Finding) else None


def registered(*notices: Notice, **changes: Any) -> RegisterStanding:
    return replace(REGISTER, notices=notices, **changes)
