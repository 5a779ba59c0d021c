"""Family registers (R20) and the books of addresses that go with them (R21)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from backend.city.registry.snapshot import Snapshot, optional_date


@dataclass(frozen=True, slots=True)
class RegisterMember:
    """Somebody written in a register, as the rules see them. ``removed``: no longer in it (除籍).

    ``deceased``: the city of residence knows of the death, whether or not it is written here.
    """

    id: str
    resident: str | None
    name: str = field(repr=False)
    furigana: str = field(repr=False)
    removed: bool = field(repr=False, default=False)
    withheld: bool = field(repr=False, default=False)
    deceased: bool = field(repr=False, default=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was notified; not yet in the register while ``recorded_on`` is None (R54)."""

    notified_on: date
    recorded_on: date | None


@dataclass(frozen=True, slots=True)
class RegisterStanding:
    """The register in which a resident is written now, in whichever city it is kept (R25)."""

    id: str
    city: str
    members: tuple[RegisterMember, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """One event as written: its title, and labelled lines."""

    title: str
    lines: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One person of a 戸籍 as printed."""

    given_name: str = field(repr=False)
    given_furigana: str = field(repr=False)
    birth: date = field(repr=False)
    spouse: str = field(repr=False)
    father: str = field(repr=False)
    mother: str = field(repr=False)
    relationship: str = field(repr=False)
    removed: bool = field(repr=False)
    matters: tuple[Matter, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FamilyRegister:
    """A 戸籍, with all of its people or some."""

    domicile: str = field(repr=False)
    head: str = field(repr=False)
    matters: tuple[Matter, ...] = field(repr=False)
    people: tuple[RegisterEntry, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """One person of a 附票: ``addresses`` since when, the oldest first."""

    name: str = field(repr=False)
    birth: date = field(repr=False)
    sex: str = field(repr=False)
    addresses: tuple[tuple[str, date], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddressBook:
    """A 附票, with all of its people or some; 本籍 and 筆頭者 only if they were chosen."""

    made_on: date = field(repr=False)
    domicile: str | None = field(repr=False)
    head: str | None = field(repr=False)
    people: tuple[AddressEntry, ...] = field(repr=False)


def standing(snapshot: Snapshot, resident: str) -> RegisterStanding | None:
    """None for somebody who is in none, or in one that none of these cities keeps."""
    found = snapshot.rows(
        "SELECT g.id, g.city FROM registers g JOIN register_members m ON m.register = g.id"
        " WHERE m.resident = ? AND NOT m.removed",
        resident,
    )
    for row in found:
        members = snapshot.rows(
            "SELECT m.id, m.resident, m.name, m.furigana, m.removed,"
            # Who lives here is withheld by the own standing, too; without one, nothing is known (I-9).
            " m.withheld OR (m.resident IS NOT NULL"
            "   AND coalesce(s.restricted OR s.support_measures, 1)) AS withheld,"
            " s.deceased_on IS NOT NULL AS deceased"
            " FROM register_members m LEFT JOIN standings s ON s.resident = m.resident"
            " WHERE m.register = ? ORDER BY m.place",
            row["id"],
        )
        notices = snapshot.rows(
            "SELECT notified_on, recorded_on FROM register_notices WHERE register = ?", row["id"]
        )
        return RegisterStanding(
            row["id"],
            row["city"],
            tuple(_member(member) for member in members),
            tuple(
                Notice(
                    date.fromisoformat(notice["notified_on"]),
                    optional_date(notice["recorded_on"]),
                )
                for notice in notices
            ),
        )
    return None


def register(
    snapshot: Snapshot, register_id: str, members: Iterable[RegisterMember]
) -> FamilyRegister:
    """Raises RegistryUnreadable if a part is missing."""
    head = _head(snapshot, register_id)
    return FamilyRegister(
        domicile=head["domicile"],
        head=head["head"],
        matters=_matters(snapshot, register_id, None),
        people=tuple(_entry(snapshot, register_id, member) for member in members),
    )


def address_book(
    snapshot: Snapshot,
    register_id: str,
    members: Iterable[RegisterMember],
    *,
    with_domicile: bool,
) -> AddressBook:
    """Raises RegistryUnreadable if a part is missing."""
    book = snapshot.one(
        "address book of a register",
        "SELECT made_on FROM register_address_books WHERE register = ?",
        register_id,
    )
    head = _head(snapshot, register_id) if with_domicile else None
    return AddressBook(
        made_on=date.fromisoformat(book["made_on"]),
        domicile=None if head is None else head["domicile"],
        head=None if head is None else head["head"],
        people=tuple(_address_entry(snapshot, member) for member in members),
    )


def _member(row: sqlite3.Row) -> RegisterMember:
    return RegisterMember(
        id=row["id"],
        resident=row["resident"],
        name=row["name"],
        furigana=row["furigana"],
        removed=bool(row["removed"]),
        withheld=bool(row["withheld"]),
        deceased=bool(row["deceased"]),
    )


def _head(snapshot: Snapshot, register_id: str) -> sqlite3.Row:
    return snapshot.one(
        "head of a register",
        "SELECT domicile, head FROM register_heads WHERE register = ?",
        register_id,
    )


def _entry(snapshot: Snapshot, register_id: str, member: RegisterMember) -> RegisterEntry:
    row = snapshot.one(
        "entry of a register's member",
        "SELECT given_name, given_furigana, birth, spouse, father, mother, relationship"
        " FROM register_entries WHERE member = ?",
        member.id,
    )
    return RegisterEntry(
        given_name=row["given_name"],
        given_furigana=row["given_furigana"],
        birth=date.fromisoformat(row["birth"]),
        spouse=row["spouse"],
        father=row["father"],
        mother=row["mother"],
        relationship=row["relationship"],
        removed=member.removed,
        matters=_matters(snapshot, register_id, member.id),
    )


def _matters(snapshot: Snapshot, register_id: str, member: str | None) -> tuple[Matter, ...]:
    rows = snapshot.rows(
        "SELECT matter, title, label, value FROM register_matters"
        " WHERE register = ? AND member IS ? ORDER BY matter, line",
        register_id,
        member,
    )
    return tuple(
        Matter(title, tuple((line["label"], line["value"]) for line in lines))
        for (_, title), lines in groupby(rows, key=lambda row: (row["matter"], row["title"]))
    )


def _address_entry(snapshot: Snapshot, member: RegisterMember) -> AddressEntry:
    person = snapshot.one(
        "entry of an address book's member",
        "SELECT birth, sex FROM register_address_people WHERE member = ?",
        member.id,
    )
    addresses = snapshot.rows(
        "SELECT address, since FROM register_addresses WHERE member = ? ORDER BY place", member.id
    )
    return AddressEntry(
        name=member.name,
        birth=date.fromisoformat(person["birth"]),
        sex=person["sex"],
        addresses=tuple((row["address"], date.fromisoformat(row["since"])) for row in addresses),
    )
