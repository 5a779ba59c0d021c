"""What the rules look at, and what they may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from backend.city.configuration import Conditions, Configuration
from backend.city.registry.people import Standing
from backend.city.registry.registers import RegisterStanding
from backend.city.registry.seals import SealStanding
from backend.city.registry.taxes import TaxStanding
from backend.clock import JST
from backend.hours import Place, next_opening, start_of
from backend.refusals import Refused
from terminal.link import wire
from terminal.link.wire import Product, RefusalClass

# Every reason a city gives, and its class (requirements.md, refusal classes).
REASONS = {
    "refused.closed": RefusalClass.WHEN,
    "refused.year_end": RefusalClass.WHEN,
    "refused.maintenance": RefusalClass.WHEN,
    "refused.card_issued_today": RefusalClass.WHEN,
    "refused.card_changed_today": RefusalClass.WHEN,
    "refused.moved_in_today": RefusalClass.WHEN,
    "refused.tax_year": RefusalClass.WHEN,
    "refused.tax_year_over": RefusalClass.PRODUCT,
    "refused.person": RefusalClass.PERSON,
    "refused.household_moving": RefusalClass.PRODUCT,
    "refused.no_seal": RefusalClass.PRODUCT,
    "refused.tax_elsewhere": RefusalClass.PRODUCT,
    "refused.tax_undeclared": RefusalClass.PRODUCT,
    "refused.tax_hold": RefusalClass.PRODUCT,
    "refused.register_elsewhere": RefusalClass.PRODUCT,
    "refused.register_notice": RefusalClass.PRODUCT,
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
class CardHolder:
    """The link of the card that signed in: which resident of which city, and since when (R40).

    ``continued_on``: taken over by this city after a move; ``pin_changed_on``: at a counter.
    """

    city: str
    resident: str = field(repr=False)
    card_issued: date = field(repr=False)
    continued_on: date | None = field(repr=False, default=None)
    pin_changed_on: date | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: a product, and of a tax certificate the 年度."""

    product: Product
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """All that the rules may look at. ``household`` includes the holder, and is the holder alone for
    products that are about nobody else.

    ``began``: when the visit did: what begins in time may be finished until closing (decision b).
    ``seal``, ``taxes`` and ``register`` are read only for products that depend on them (I-13).
    """

    city: Configuration
    card: CardHolder
    holder: Standing
    household: tuple[Standing, ...]
    now: datetime
    began: datetime
    site: str | None = None
    seal: SealStanding | None = None
    taxes: tuple[TaxStanding, ...] = ()
    register: RegisterStanding | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(JST).date()

    @property
    def conditions(self) -> Conditions:
        return self.city.conditions_on(self.today)

    def opening_from(self, day: date, product: Product | None = None) -> datetime | None:
        """The first moment on or after ``day`` at which somebody can come here for it."""
        return next_opening(self.city, start_of(day), Place(product, self.site))


Ask = Callable[[Case, Request], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the requirements: ``what`` says in a few words what it keeps back, for staff.

    ``products`` are those it concerns; None for a rule about the visit itself.
    """

    row: str
    what: str
    ask: Ask
    products: frozenset[Product] | None = None


def person(row: str) -> Finding:
    """The persons' reasons: one text, whatever the row (I-17)."""
    return Finding("refused.person", row)
