"""How people get into the registry: closed records, checked, then stored in one transaction.

A file of records is a city's export as we would ask for it; nothing in it is optional that decides.
"""

from __future__ import annotations

import io
import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from PIL import Image

from backend.city.configuration import ConfigurationError, Table
from backend.city.mistakes import converted

_MOST_DOTS = 4096  # 25 mm at more than 4000 dots an inch
Millimetres = Annotated[float, Meta(ge=8, le=25)]


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
    """A registered seal: ``impression`` is a PNG, in TOML as base64, and how large it is on paper.

    ValueError unless the picture can be drawn, and in those proportions: a seal is never distorted.
    """

    registered_on: date
    impression: bytes
    width_mm: Millimetres
    height_mm: Millimetres
    abolished_on: date | None = None

    def __post_init__(self) -> None:
        width, height = _size_of_png(self.impression)
        if abs(width * self.height_mm - height * self.width_mm) > 0.03 * height * self.width_mm:
            raise ValueError(
                f"impression: {width} x {height} dots are not in the proportions of"
                f" {self.width_mm} x {self.height_mm} mm"
            )


class Hold(Table, frozen=True):
    first_day: date
    last_day: date


class Levies(Table, frozen=True):
    """What a 年度 is taxed by and with, in yen. Totals are stated, not reckoned: losses are set off."""

    total_deductions: int
    taxable_base: int
    city_income_levy: int
    city_per_capita_levy: int
    prefecture_income_levy: int
    prefecture_per_capita_levy: int
    forest_levy: int
    annual_tax: int


class TaxYear(Table, frozen=True):
    """One 年度; amounts in yen, kinds as in certificates/taxes.py."""

    year: int
    address: str
    incomes: dict[str, tuple[int | None, int]]
    total_income: int
    deductions: dict[str, int]
    dependents: dict[str, int]
    levies: Levies
    adjustment_deduction: int = 0
    declared: bool = True
    holds: tuple[Hold, ...] = ()


class Member(Table, frozen=True):
    """One resident. Japanese residents have a domicile, others the foreign items.

    ``notified_on`` is that of the present address; ``moved_in_notified_on`` that of becoming a resident,
    which is the same until somebody moves within the city.
    """

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
    moved_in_notified_on: date | None = None
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
    """``members`` in the order of the household's sheet; ``head`` is the id of one of them, or ValueError."""

    id: str
    city: str
    address: str
    head: str
    members: Annotated[tuple[Member, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if self.head not in {member.id for member in self.members}:
            raise ValueError(f"head: {self.head!r} is not the id of one of the members")

    def __repr__(self) -> str:
        return f"Household(id={self.id!r})"


class Matter(Table, frozen=True):
    """An event as the register has it: a title, and lines of a label and a value."""

    title: str
    lines: Annotated[tuple[tuple[str, str], ...], Meta(min_length=1)]


class PastAddress(Table, frozen=True):
    address: str
    since: date


class RegisterMember(Table, frozen=True):
    """Somebody written in a register; ``resident`` if the person lives in one of the cities.

    ValueError unless ``name`` is the surname, an ideographic space, and the given name.
    """

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

    def __post_init__(self) -> None:
        surname, space, given = self.name.rpartition("　")
        if not (surname and space) or given != self.given_name:
            raise ValueError("name: not a surname, an ideographic space and the given_name")

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


@lru_cache(maxsize=512)  # fictional people have surnames, and so seals, in common
def _size_of_png(data: bytes) -> tuple[int, int]:
    """Width and height in dots. ValueError unless it is a PNG, whole and undamaged."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            size = picture.size
            if max(size) > _MOST_DOTS:
                raise ValueError(f"impression: more than {_MOST_DOTS} dots wide or high")
            picture.load()
    except (OSError, SyntaxError) as error:
        raise ValueError("impression: not a picture in PNG that can be read") from error
    return size


def load(path: Path) -> Records:
    """Read a file of records. Raises ConfigurationError naming the file and the place in it."""
    try:
        return converted(tomllib.loads(path.read_text("utf-8")), Records)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from error
