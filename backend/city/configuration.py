"""A city's own data (R71): one TOML file, closed structs, errors with the place in the file."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from backend import hours
from backend.errors import OperatorError
from terminal.link import wire


class ConfigurationError(OperatorError):
    """A city's file cannot be used: which file, which place, what is wrong."""


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: an unknown key is an error."""


class Tariff(Table, frozen=True):
    """Fees from ``valid_from`` to ``valid_to`` inclusive, both days included (R22, R58: never 0)."""

    id: wire.Short
    valid_from: date
    fees: dict[wire.Product, wire.Yen]
    valid_to: date | None = None

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Terms(Table, frozen=True):
    """How one product is offered."""

    max_copies: wire.Copies


class Conditions(Table, frozen=True):
    """What a city decides about persons and dates."""

    minimum_age: Annotated[int, Meta(ge=0, le=30)] = 15
    age_counts_from: Literal["birthday", "eve"] = "birthday"
    card_waits_days: Annotated[int, Meta(ge=0, le=30)] = 1
    household_move_waits_days: Annotated[int, Meta(ge=0, le=60)] = 1


class Stamp(Table, frozen=True):
    """The seal drawn beside the mayor's name: columns of characters, right to left."""

    shape: Literal["square", "round"]
    columns: Annotated[tuple[wire.Short, ...], Meta(min_length=1, max_length=4)]


class Configuration(Table, frozen=True):
    """Everything in which one city differs from another. ``reading``: its name in kana, for the ear."""

    code: wire.Short
    name: wire.Short
    reading: wire.Text
    mayor: wire.Short
    contact: wire.Contact
    hours: wire.DailyHours
    year_end: wire.YearEnd
    products: dict[wire.Product, Terms]
    tariffs: Annotated[tuple[Tariff, ...], Meta(min_length=1)]
    stamp: Stamp
    conditions: Conditions = Conditions()
    closures: tuple[wire.Closure, ...] = ()

    def tariff_on(self, day: date) -> Tariff:
        """The tariff in force. Raises ConfigurationError if there is none on that day."""
        for tariff in self.tariffs:
            if tariff.in_force(day):
                return tariff
        raise ConfigurationError(f"{self.code}: no tariff is in force on {day}")

    def tariff(self, tariff_id: str) -> Tariff | None:
        return next((tariff for tariff in self.tariffs if tariff.id == tariff_id), None)


def load(path: Path) -> Configuration:
    """Read one city.toml. Raises ConfigurationError naming the file and the place in it."""
    try:
        configuration = msgspec.toml.decode(path.read_bytes(), type=Configuration)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    for problem in _contradictions(configuration):
        raise ConfigurationError(f"{path}: {problem}")
    return configuration


def _contradictions(city: Configuration) -> list[str]:
    """What the types alone cannot see."""
    found = hours.contradictions(city)
    tariffs = sorted(city.tariffs, key=lambda tariff: tariff.valid_from)
    for earlier, later in pairwise(tariffs):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            found.append(f"tariffs: {earlier.id!r} and {later.id!r} overlap")
    if len({tariff.id for tariff in tariffs}) != len(tariffs):
        found.append("tariffs: an id is used twice")
    found += [
        f"tariffs: {tariff.id!r} has no fee for {product.value!r}"
        for tariff in tariffs
        for product in city.products
        if product not in tariff.fees
    ]
    return found
