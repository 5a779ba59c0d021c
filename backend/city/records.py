"""How households get into the registry: closed records, checked, then stored in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from backend.city import residents
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


class _File(Struct, forbid_unknown_fields=True):
    households: tuple[Household, ...]


def load(path: Path) -> tuple[Household, ...]:
    """Read a file of households. Raises ConfigurationError naming the file and the place in it."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_File).households
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def store(connection: sqlite3.Connection, households: Iterable[Household]) -> None:
    """Make the registry and fill it, all or nothing."""
    residents.create(connection)
    with connection:
        for household in households:
            _insert(
                connection,
                "INSERT INTO households VALUES (?, ?, ?, ?)",
                (household.id, household.city, household.address, household.head),
            )
            for place, member in enumerate(household.members):
                _store_member(connection, household.id, place, member)


def _store_member(
    connection: sqlite3.Connection, household: str, place: int, member: Member
) -> None:
    _insert(
        connection,
        "INSERT INTO residents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            member.id,
            household,
            place,
            member.name,
            member.furigana,
            member.former_name,
            member.alias,
            member.birth,
            member.sex,
            member.foreign is not None,
            member.became_resident_on,
            member.address_since,
            member.notified_on,
            member.previous_address,
            member.remarks,
            member.relationship,
        ),
    )
    _insert(
        connection,
        "INSERT INTO standings VALUES (?, ?, ?, ?, ?, ?, ?)",
        (member.id, *msgspec.structs.astuple(member.standing)),
    )
    for statement, value in (
        ("INSERT INTO my_numbers VALUES (?, ?)", member.my_number),
        ("INSERT INTO resident_codes VALUES (?, ?)", member.resident_code),
        ("INSERT INTO kana_aliases VALUES (?, ?)", member.kana_alias),
    ):
        if value:
            _insert(connection, statement, (member.id, value))
    if member.domicile is not None:
        _insert(
            connection,
            "INSERT INTO domiciles VALUES (?, ?, ?)",
            (member.id, *msgspec.structs.astuple(member.domicile)),
        )
    if member.foreign is not None:
        _insert(
            connection,
            "INSERT INTO foreign_residents VALUES (?, ?, ?, ?, ?, ?, ?)",
            (member.id, *msgspec.structs.astuple(member.foreign)),
        )


def _insert(connection: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> None:
    """Dates go in as ISO 8601 text: sqlite3's own adapter for them is deprecated."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    connection.execute(statement, plain)
