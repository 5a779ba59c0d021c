"""Records into tables: all of them or none."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from msgspec.structs import astuple

from backend.city.registry.records import Household, Member, Records, Register, RegisterMember
from backend.city.registry.snapshot import create

_AT_ONCE = 20_000  # rows in memory; a city of 100,000 has two million

Row = tuple[str, tuple[object, ...]]
"""A table's name and its columns in the schema's order."""


def store(connection: sqlite3.Connection, records: Records | Iterable[Records]) -> None:
    """Make the registry and fill it, all or nothing. Raises sqlite3.IntegrityError."""
    create(connection)
    many = (records,) if isinstance(records, Records) else records
    rows = (row for one in many for row in _rows(one))
    with connection:
        while part := list(islice(rows, _AT_ONCE)):
            tables: dict[str, list[tuple[object, ...]]] = defaultdict(list)
            for table, values in part:
                tables[table].append(values)
            for table, values_of_all in tables.items():
                places = ", ".join("?" * len(values_of_all[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({places})", values_of_all)  # noqa: S608


def _rows(records: Records) -> Iterator[Row]:
    for household in records.households:
        yield (
            "households",
            (household.id, household.city, household.address, household.head),
        )
        for place, member in enumerate(household.members):
            yield from _resident(household, place, member)
            yield from _taxes(member)
    for register in records.registers:
        yield from _register(register)


def _resident(household: Household, place: int, member: Member) -> Iterator[Row]:
    one = member.id
    yield (
        "residents",
        (
            one,
            household.id,
            place,
            member.name,
            member.furigana,
            member.former_name,
            member.alias,
            _iso(member.birth),
            member.sex,
            member.foreign is not None,
            _iso(member.became_resident_on),
            _iso(member.address_since),
            _iso(member.notified_on),
            member.previous_address,
            member.remarks,
            member.relationship,
        ),
    )
    yield "standings", (one, *map(_plain, astuple(member.standing)))
    yield "my_numbers", (one, member.my_number)
    yield "resident_codes", (one, member.resident_code)
    if member.kana_alias:
        yield "kana_aliases", (one, member.kana_alias)
    if member.domicile is not None:
        yield "domiciles", (one, *astuple(member.domicile))
    if member.foreign is not None:
        yield "foreign_residents", (one, *map(_plain, astuple(member.foreign)))
    if member.seal is not None:
        seal = member.seal
        yield "seals", (one, _iso(seal.registered_on), _plain(seal.abolished_on))
        yield "seal_impressions", (one, seal.impression, seal.width_mm, seal.height_mm)


def _taxes(member: Member) -> Iterator[Row]:
    for tax in member.taxes:
        key = (member.id, tax.year)
        yield "tax_years", (*key, tax.declared)
        yield "tax_addresses", (*key, tax.address)
        yield "tax_levies", (*key, *tax.levies)
        yield "tax_adjustment_deductions", (*key, tax.adjustment_deduction)
        for kind, (revenue, income) in tax.incomes.items():
            yield "tax_incomes", (*key, kind, revenue, income)
        for kind, amount in tax.deductions.items():
            yield "tax_deductions", (*key, kind, amount)
        for kind, people in tax.dependents.items():
            yield "tax_dependents", (*key, kind, people)
        for hold in tax.holds:
            yield "tax_holds", (*key, _iso(hold.first_day), _iso(hold.last_day))


def _register(register: Register) -> Iterator[Row]:
    key = register.id
    yield "registers", (key, register.city)
    yield "register_heads", (key, register.domicile, register.head)
    yield "register_address_books", (key, _iso(register.made_on))
    for notice in register.notices:
        yield (
            "register_notices",
            (key, _iso(notice.notified_on), _plain(notice.recorded_on)),
        )
    for number, matter in enumerate(register.matters):
        for line, (label, value) in enumerate(matter.lines):
            yield "register_matters", (key, None, number, line, matter.title, label, value)
    for place, member in enumerate(register.members):
        yield from _register_member(key, place, member)


def _register_member(register: str, place: int, member: RegisterMember) -> Iterator[Row]:
    yield (
        "register_members",
        (
            member.id,
            register,
            place,
            member.resident,
            member.name,
            member.furigana,
            member.removed,
            member.withheld,
        ),
    )
    yield (
        "register_entries",
        (
            member.id,
            member.given_name,
            member.given_furigana,
            _iso(member.birth),
            member.spouse,
            member.father,
            member.mother,
            member.relationship,
        ),
    )
    yield "register_address_people", (member.id, _iso(member.birth), member.sex)
    for number, matter in enumerate(member.matters):
        for line, (label, value) in enumerate(matter.lines):
            yield (
                "register_matters",
                (register, member.id, number, line, matter.title, label, value),
            )
    for number, past in enumerate(member.addresses):
        yield "register_addresses", (member.id, number, past.address, _iso(past.since))


def _iso(day: date) -> str:
    """Dates go in as ISO 8601 text: sqlite3's own adapter for them is deprecated."""
    return day.isoformat()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
