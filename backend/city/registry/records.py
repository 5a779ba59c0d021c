"""How people get into the registry: closed records, checked, then stored in one transaction.

A file of records is a city's export as we would ask for it; nothing in it is optional that decides.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from backend.city.configuration import ConfigurationError, Table


class Standing(Table, frozen=True):
    under_guardianship: bool = False
    restricted: bool = False
    support_measures: bool = False
    in_transit_by_birth: bool = False
    deceased_on: date | None = None
    moving_out_on: date | None = None


class Domicile(Table, frozen=True):
    registered_domicile: str
    registered_head: str


class Foreign(Table, frozen=True):
    nationality: str
    status_art30_45: str
    residence_status: str
    residence_period: str
    residence_card_number: str
    residence_period_ends: date | None = None


class Seal(Table, frozen=True):
    """A registered seal; ``impression`` is a PNG, in TOML as base64."""

    registered_on: date
    impression: bytes
    side_mm: float
    abolished_on: date | None = None


class Hold(Table, frozen=True):
    first_day: date
    last_day: date


class TaxYear(Table, frozen=True):
    """One 年度; amounts in yen, kinds as in certificates/taxes.py. Levies in the schema's order."""

    year: int
    address: str
    incomes: dict[str, tuple[int | None, int]]
    deductions: dict[str, int]
    dependents: dict[str, int]
    levies: Annotated[tuple[int, ...], Meta(min_length=7, max_length=7)]
    adjustment_deduction: int = 0
    declared: bool = True
    holds: tuple[Hold, ...] = ()


class Member(Table, frozen=True):
    """One resident. Japanese residents have a domicile, others the foreign items."""

    id: str
    name: str
    birth: date
    sex: Literal["男", "女"]
    relationship: str
    became_resident_on: date
    address_since: date
    notified_on: date
    my_number: Annotated[str, Meta(pattern=r"^[0-9]{12}$")]
    resident_code: Annotated[str, Meta(pattern=r"^[0-9]{11}$")]
    furigana: str = ""
    former_name: str = ""
    alias: str = ""
    kana_alias: str = ""
    previous_address: str = ""
    remarks: str = ""
    standing: Standing = Standing()
    domicile: Domicile | None = None
    foreign: Foreign | None = None
    seal: Seal | None = None
    taxes: tuple[TaxYear, ...] = ()

    def __repr__(self) -> str:
        return f"Member(id={self.id!r})"


class Household(Table, frozen=True):
    """``members`` in the order of the household's sheet; ``head`` is the id of one of them."""

    id: str
    city: str
    address: str
    head: str
    members: Annotated[tuple[Member, ...], Meta(min_length=1)]

    def __repr__(self) -> str:
        return f"Household(id={self.id!r})"


class Matter(Table, frozen=True):
    """An event as the register has it: a title, and lines of a label and a value."""

    title: str
    lines: tuple[tuple[str, str], ...]


class PastAddress(Table, frozen=True):
    address: str
    since: date


class RegisterMember(Table, frozen=True):
    """Somebody written in a register; ``resident`` if the person lives in one of the cities."""

    id: str
    name: str
    given_name: str
    furigana: str
    given_furigana: str
    birth: date
    sex: Literal["男", "女"]
    father: str
    mother: str
    relationship: str
    matters: tuple[Matter, ...]
    addresses: tuple[PastAddress, ...]
    spouse: str = ""
    resident: str | None = None
    removed: bool = False
    withheld: bool = False

    def __repr__(self) -> str:
        return f"RegisterMember(id={self.id!r})"


class Notice(Table, frozen=True):
    notified_on: date
    recorded_on: date | None = None


class Register(Table, frozen=True):
    """A family register and its book of addresses, kept by ``city``."""

    id: str
    city: str
    domicile: str
    head: str
    made_on: date
    matters: tuple[Matter, ...]
    members: Annotated[tuple[RegisterMember, ...], Meta(min_length=1)]
    notices: tuple[Notice, ...] = ()

    def __repr__(self) -> str:
        return f"Register(id={self.id!r})"


class Records(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is known of some people."""

    households: tuple[Household, ...]
    registers: tuple[Register, ...] = ()

    def __repr__(self) -> str:
        return f"Records({len(self.households)} households, {len(self.registers)} registers)"


def load(path: Path) -> Records:
    """Read a file of records. Raises ConfigurationError naming the file and the place in it."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Records)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
