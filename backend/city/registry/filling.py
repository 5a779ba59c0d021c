"""Records into tables: all of them or none."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from msgspec import Struct

from backend.city.registry.records import (
    Household,
    Matter,
    Member,
    Records,
    Register,
    RegisterMember,
)
from backend.city.registry.snapshot import create

_AT_ONCE = 20_000  # rows in memory; a city of 100,000 has two million

Row = tuple[str, Mapping[str, object]]
"""A table's name, and its columns by name."""


def store(connection: sqlite3.Connection, records: Records | Iterable[Records]) -> None:
    """Make the registry and fill it, all or nothing. Raises sqlite3.IntegrityError."""
    create(connection)
    many = (records,) if isinstance(records, Records) else records
    rows = (row for one in many for row in _rows(one))
    with connection:
        while part := list(islice(rows, _AT_ONCE)):
            tables: dict[str, list[Mapping[str, object]]] = defaultdict(list)
            for table, values in part:
                tables[table].append(values)
            for table, values_of_all in tables.items():
                connection.executemany(_insert(table, values_of_all[0]), values_of_all)


def _insert(table: str, columns: Mapping[str, object]) -> str:
    places = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608


def _rows(records: Records) -> Iterator[Row]:
    for household in records.households:
        yield "households", _columns(household, "id city address head")
        for place, member in enumerate(household.members):
            yield from _resident(household, place, member)
            yield from _taxes(member)
    for register in records.registers:
        yield from _register(register)


def _resident(household: Household, place: int, member: Member) -> Iterator[Row]:
    one = {"resident": member.id}
    yield (
        "residents",
        {
            "household": household.id,
            "place": place,
            "is_foreign": member.foreign is not None,
            "moved_in_notified_on": _plain(_moved_in_notified_on(member)),
            **_columns(
                member,
                "id name furigana former_name alias birth sex became_resident_on address_since"
                " notified_on previous_address remarks relationship",
            ),
        },
    )
    yield "standings", one | _all(member.standing)
    yield "my_numbers", one | _columns(member, "my_number")
    yield "resident_codes", one | _columns(member, "resident_code")
    if member.kana_alias:
        yield "kana_aliases", one | _columns(member, "kana_alias")
    if member.domicile is not None:
        yield "domiciles", one | _all(member.domicile)
    if member.foreign is not None:
        yield "foreign_residents", one | _all(member.foreign)
    if member.seal is not None:
        yield "seals", one | _columns(member.seal, "registered_on abolished_on")
        yield "seal_impressions", one | _columns(member.seal, "impression width_mm height_mm")


def _moved_in_notified_on(member: Member) -> date:
    if member.moved_in_notified_on is not None:
        return member.moved_in_notified_on
    still_there = member.address_since == member.became_resident_on
    return member.notified_on if still_there else member.became_resident_on


def _taxes(member: Member) -> Iterator[Row]:
    for tax in member.taxes:
        key = {"resident": member.id, "year": tax.year}
        yield "tax_years", key | _columns(tax, "declared")
        yield "tax_statements", key | _columns(tax, "address total_income")
        yield "tax_levies", key | _all(tax.levies)
        yield "tax_adjustment_deductions", key | _columns(tax, "adjustment_deduction")
        for kind, (revenue, income) in tax.incomes.items():
            yield "tax_incomes", key | {"kind": kind, "revenue": revenue, "income": income}
        for kind, amount in tax.deductions.items():
            yield "tax_deductions", key | {"kind": kind, "amount": amount}
        for kind, people in tax.dependents.items():
            yield "tax_dependents", key | {"kind": kind, "people": people}
        for hold in tax.holds:
            yield "tax_holds", key | _all(hold)


def _register(register: Register) -> Iterator[Row]:
    key = {"register": register.id}
    yield "registers", _columns(register, "id city")
    yield "register_heads", key | _columns(register, "domicile head")
    yield "register_address_books", key | _columns(register, "made_on")
    for notice in register.notices:
        yield "register_notices", key | _all(notice)
    yield from _matters(key | {"member": None}, register.matters)
    for place, member in enumerate(register.members):
        yield from _register_member(register.id, place, member)


def _register_member(register: str, place: int, one: RegisterMember) -> Iterator[Row]:
    yield (
        "register_members",
        {
            "register": register,
            "place": place,
            **_columns(one, "id resident name furigana removed withheld"),
        },
    )
    key = {"member": one.id}
    entry = _columns(one, "given_name given_furigana birth spouse father mother relationship")
    yield "register_entries", key | entry
    yield "register_address_people", key | _columns(one, "birth sex")
    yield from _matters({"register": register, **key}, one.matters)
    for number, past in enumerate(one.addresses):
        yield "register_addresses", key | {"place": number} | _all(past)


def _matters(key: dict[str, Any], matters: Iterable[Matter]) -> Iterator[Row]:
    for number, matter in enumerate(matters):
        for line, (label, value) in enumerate(matter.lines):
            place = {"matter": number, "line": line, "title": matter.title}
            yield "register_matters", key | place | {"label": label, "value": value}


def _columns(record: Struct, names: str) -> dict[str, Any]:
    """Some of a record's fields, each for the column of its name."""
    return {name: _plain(getattr(record, name)) for name in names.split()}


def _all(record: Struct) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in record.__struct_fields__}


def _plain(value: object) -> object:
    """Dates go in as ISO 8601 text: sqlite3's own adapter for them is deprecated."""
    return value.isoformat() if isinstance(value, date) else value
