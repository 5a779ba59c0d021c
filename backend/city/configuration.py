"""A city's own data (R71): one TOML file, closed structs, errors with the place in the file.

docs/city.md says how to write one. What may change is dated (dated.py); what the types alone cannot see
is looked for once, when the file is read.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from backend.city import dated
from backend.city.dated import D, Dated
from backend.city.mistakes import converted
from backend.errors import OperatorError
from backend.hours import Closure, Limit
from backend.hours import contradictions as calendar_contradictions
from terminal.link import wire
from terminal.link.wire import Product

_MOST_YEARS = 9
_KANA = re.compile(r"[ぁ-ゖァ-ヺー・\s]+")
_TELEPHONE = re.compile(r"[0-9][0-9-]{4,18}[0-9]")
_MOST_IN_A_COLUMN = 7  # of a stamp 21 mm high
TAX_PRODUCTS = frozenset({Product.TAXATION, Product.INCOME})

Days = Annotated[int, Meta(ge=0, le=60)]


class ConfigurationError(OperatorError):
    """A city's file cannot be used: which file, which place, what is wrong."""


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: an unknown key is an error."""


class Tariff(Dated, frozen=True, kw_only=True):
    """Fees per copy (R22). Zero cannot be written (R58); a discount is a tariff with an end."""

    id: wire.Short
    fees: dict[Product, wire.Yen]


class Terms(Table, frozen=True):
    """How one product is offered."""

    max_copies: wire.Copies


class Conditions(Dated, frozen=True, kw_only=True):
    """What a city decides about persons and dates. Days are waited from the day itself: 1 is tomorrow.

    ``register_notice_days`` is only told to people: what decides is whether the register is written.
    """

    minimum_age: Annotated[int, Meta(ge=0, le=30)] = 15
    age_counts_from: Literal["birthday", "eve"] = "birthday"
    card_waits_days: Days = 1
    card_continued_waits_days: Days = 1
    pin_changed_waits_days: Days = 1
    move_in_waits_days: Days = 1
    household_move_waits_days: Days = 1
    register_notice_days: Days = 21


class TaxYear(Table, frozen=True):
    """A 年度 and the days on which its certificates are issued (R36), both included."""

    year: wire.Year
    issued_from: date
    issued_to: date

    def in_force(self, day: date) -> bool:
        return self.issued_from <= day <= self.issued_to


class Stamp(Table, frozen=True):
    """The seal drawn beside the mayor's name: columns of characters, right to left."""

    shape: Literal["square", "round"]
    columns: Annotated[tuple[wire.Short, ...], Meta(min_length=1, max_length=4)]


class SealTerms(Table, frozen=True):
    """The signed code on every page: digests alone, or with ``facts`` whom it is about (docs/seal.md)."""

    facts: bool = False


class Mayor(Dated, frozen=True, kw_only=True):
    """In whose name a certificate of that day is issued, as printed, and under which seal (I-14)."""

    name: wire.Short
    stamp: Stamp


class Configuration(Table, frozen=True):
    """Everything in which one city differs from another. ``reading``: its name in kana, for the ear.

    ``hours`` are the service's; ``limits`` narrow them for products, sites or days; ``holidays`` are
    the days on which a limit without holidays has none. ``sites`` are those that they may name.
    ``seal`` is what the code on every page says.
    """

    code: wire.Short
    name: wire.Short
    reading: wire.Text
    contact: wire.Contact
    hours: wire.DailyHours
    year_end: wire.YearEnd
    products: Annotated[dict[Product, Terms], Meta(min_length=1)]
    mayors: Annotated[tuple[Mayor, ...], Meta(min_length=1)]
    tariffs: Annotated[tuple[Tariff, ...], Meta(min_length=1)]
    conditions: Annotated[tuple[Conditions, ...], Meta(min_length=1)]
    tax_years: tuple[TaxYear, ...] = ()
    closures: tuple[Closure, ...] = ()
    limits: tuple[Limit, ...] = ()
    holidays: frozenset[date] = frozenset()
    sites: frozenset[wire.Short] = frozenset()
    seal: SealTerms = SealTerms()

    def tariff_on(self, day: date) -> Tariff:
        """The tariff in force. Raises ConfigurationError if there is none on that day."""
        return self._on("tariffs", self.tariffs, day)

    def tariff(self, tariff_id: str) -> Tariff | None:
        return next((tariff for tariff in self.tariffs if tariff.id == tariff_id), None)

    def conditions_on(self, day: date) -> Conditions:
        """The conditions in force. Raises ConfigurationError if there are none on that day."""
        return self._on("conditions", self.conditions, day)

    def mayor_on(self, day: date) -> Mayor:
        """Whose certificate one of that day is. Raises ConfigurationError if nobody's."""
        return self._on("mayors", self.mayors, day)

    def tax_years_on(self, day: date) -> tuple[int, ...]:
        """The 年度 that are issued on ``day``, the newest first (R36)."""
        years = (tax_year.year for tax_year in self.tax_years if tax_year.in_force(day))
        return tuple(sorted(years, reverse=True))

    def _on(self, name: str, entries: tuple[D, ...], day: date) -> D:
        entry = dated.in_force(entries, day)
        if entry is None:
            raise ConfigurationError(f"{self.code}: none of the {name} is in force on {day}")
        return entry


def missing_on(city: Configuration, day: date) -> Iterator[str]:
    """What of a file that is right in itself does not hold on ``day``."""
    entries: tuple[tuple[str, Sequence[Dated]], ...] = (
        ("tariffs", city.tariffs),
        ("mayors", city.mayors),
        ("conditions", city.conditions),
    )
    for name, dated_entries in entries:
        if dated.in_force(dated_entries, day) is None:
            first = min(entry.valid_from for entry in dated_entries)
            yield f"{name}: none is in force on {day}, the first is from {first}"


def load(path: Path) -> Configuration:
    """Read one city.toml. Raises ConfigurationError naming the file and the place in it."""
    try:
        configuration = converted(tomllib.loads(path.read_text("utf-8")), Configuration)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    for problem in _contradictions(configuration):
        raise ConfigurationError(f"{path}: {problem}")
    return configuration


def _contradictions(city: Configuration) -> Iterator[str]:
    """What the types alone cannot see."""
    yield from calendar_contradictions(city)
    yield from _word_contradictions(city)
    yield from _site_contradictions(city)
    yield from dated.contradictions("tariffs", city.tariffs)
    yield from dated.contradictions("mayors", city.mayors)
    yield from dated.contradictions("conditions", city.conditions)
    yield from _mayor_contradictions(city)
    yield from _twice("tariffs", "id", [tariff.id for tariff in city.tariffs])
    for place, tariff in enumerate(city.tariffs):
        for product in city.products:
            if product not in tariff.fees:
                yield f"tariffs[{place}]: {tariff.id!r} has no fee for {product.value!r}"
    yield from _tax_contradictions(city)


def _mayor_contradictions(city: Configuration) -> Iterator[str]:
    for place, mayor in enumerate(city.mayors):
        if f"{city.name}長" not in mayor.name:
            yield f"mayors[{place}].name: must say {city.name}長, which a terminal looks for"
        if "見本" not in "".join(mayor.stamp.columns):
            yield f"mayors[{place}].stamp: must say 見本, so that it is no seal of a real city"
        if any(len(column) > _MOST_IN_A_COLUMN for column in mayor.stamp.columns):
            yield (
                f"mayors[{place}].stamp: a column of more than {_MOST_IN_A_COLUMN} characters "
                "cannot be read: make another column"
            )


def _tax_contradictions(city: Configuration) -> Iterator[str]:
    if TAX_PRODUCTS & city.products.keys() and not city.tax_years:
        yield "tax_years: none, and a tax certificate is offered: name the years and their days"
    yield from _twice("tax_years", "year", [entry.year for entry in city.tax_years])
    for place, entry in enumerate(city.tax_years):
        if entry.issued_to < entry.issued_from:
            yield f"tax_years[{place}]: issued_to is before issued_from"
        if len(city.tax_years_on(entry.issued_from)) > _MOST_YEARS:
            yield (
                f"tax_years: more than {_MOST_YEARS} are issued on {entry.issued_from}: "
                "a terminal has no key for the tenth"
            )


def _word_contradictions(city: Configuration) -> Iterator[str]:
    """What is said to people must be there, and in kana where a voice reads it."""
    for place, words in (("reading", city.reading), ("contact.reading", city.contact.reading)):
        if not _KANA.fullmatch(words):
            yield f"{place}: {words!r} is not in kana, and a voice reads it"
    if not _TELEPHONE.fullmatch(city.contact.telephone):
        yield f"contact.telephone: {city.contact.telephone!r} is not a number such as 000-555-0101"
    if not city.contact.office:
        yield "contact.office: empty: every refusal names whom to ask"


def _site_contradictions(city: Configuration) -> Iterator[str]:
    for name, entries in (("limits", city.limits), ("closures", city.closures)):
        for place, entry in enumerate(entries):
            for site in entry.sites:
                if site not in city.sites:
                    known = ", ".join(sorted(city.sites)) or "none"
                    yield f"{name}[{place}].sites: {site!r} is not one of sites ({known})"


def _twice(name: str, key: str, values: list[str] | list[int]) -> Iterator[str]:
    for value, times in Counter(values).items():
        if times > 1:
            yield f"{name}: the {key} {value!r} is used twice"
