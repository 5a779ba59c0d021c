"""住民票の写し (R16): from the registry's entries to the sheets of one set.

The household form carries four people a sheet, the other form one. A value is None where its item
was not chosen (the form says 省略) and empty where there is none (＊＊＊).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

from msgspec import Struct

from backend.city.configuration import Configuration, Stamp
from backend.city.eras import ERAS, Era, era_date, western_date
from backend.city.residents import Entry

STATEMENT = "この写しは、住民票の原本と相違ないことを証明する。"
PEOPLE_ON_A_SHEET = 4
HOUSEHOLD_FORM = "residence_household"
PERSON_FORM = "residence_person"

_JAPANESE_ITEMS = ("registered_domicile", "registered_head")
_FOREIGN_ITEMS = (
    "nationality",
    "status_art30_45",
    "residence_status",
    "residence_period",
    "residence_card_number",
)


class PersonLines(Struct, frozen=True):
    """One person as printed: the fields of the forms."""

    place: int
    foreign: bool
    name: str
    furigana: str
    former_name: str
    alias: str
    birth: str
    sex: str
    address: str
    became_resident_on: str
    address_since: str
    notified_on: str
    previous_address: str
    remarks: str
    head: str | None
    relationship: str | None
    my_number: str | None
    registered_domicile: str | None = None
    registered_head: str | None = None
    nationality: str | None = None
    status_art30_45: str | None = None
    residence_status: str | None = None
    residence_period: str | None = None
    residence_card_number: str | None = None

    def __repr__(self) -> str:
        return f"PersonLines(place={self.place})"


class Sheet(Struct, frozen=True):
    """One sheet of a set: what is the city's, what is the set's, and the people on it."""

    city: str
    mayor: str
    stamp: Stamp
    statement: str
    serial: str
    issue_date: str
    page: int
    pages: int
    scope: str
    address: str
    head: str | None
    remarks: str
    people: tuple[PersonLines, ...]

    def __repr__(self) -> str:
        return f"Sheet({self.page}/{self.pages})"


def form_of(*, whole_household: bool, people: int) -> str:
    """The city decides the form: a household of several on one form, anybody else one by one."""
    return HOUSEHOLD_FORM if whole_household and people > 1 else PERSON_FORM


def sheets(
    city: Configuration,
    entries: Sequence[Entry],
    *,
    whole_household: bool,
    serial: str,
    issued: date,
    eras: tuple[Era, ...] = ERAS,
) -> tuple[Sheet, ...]:
    """The set's sheets in order; the serial, n and N are on each of them (R28)."""
    form = form_of(whole_household=whole_household, people=len(entries))
    people = [_lines(place, entry, eras) for place, entry in enumerate(entries, 1)]
    groups = list(_groups(people, PEOPLE_ON_A_SHEET if form == HOUSEHOLD_FORM else 1))
    return tuple(
        Sheet(
            city=city.name,
            mayor=city.mayor,
            stamp=city.stamp,
            statement=STATEMENT,
            serial=serial,
            issue_date=era_date(issued, eras),
            page=page,
            pages=len(groups),
            scope="（世帯全員）" if whole_household else "（世帯の一部）",
            address=group[0].address,
            head=group[0].head,
            remarks="　".join(f"{line.place}: {line.remarks}" for line in group if line.remarks),
            people=group,
        )
        for page, group in enumerate(groups, 1)
    )


def printed_texts(entry: Entry) -> tuple[str, ...]:
    """Everything of the registry's that will be set, for the glyph gate."""
    return (
        entry.name,
        entry.furigana,
        entry.former_name,
        entry.alias,
        entry.address,
        entry.previous_address,
        entry.remarks,
        *entry.chosen.values(),
    )


def _groups(people: list[PersonLines], size: int) -> Iterator[tuple[PersonLines, ...]]:
    remaining = iter(people)
    while group := tuple(islice(remaining, size)):
        yield group


def _lines(place: int, entry: Entry, eras: tuple[Era, ...]) -> PersonLines:
    chosen = dict(entry.chosen)
    ends = chosen.pop("residence_period_ends", "")
    if ends:
        until = western_date(date.fromisoformat(ends))
        chosen["residence_period"] = f"{chosen['residence_period']}（{until}まで）"
    own_items = _FOREIGN_ITEMS if entry.is_foreign else _JAPANESE_ITEMS
    return PersonLines(
        place=place,
        foreign=entry.is_foreign,
        name=entry.name,
        furigana=entry.furigana,
        former_name=entry.former_name,
        alias=entry.alias,
        birth=western_date(entry.birth) if entry.is_foreign else era_date(entry.birth, eras),
        sex=entry.sex,
        address=entry.address,
        became_resident_on=era_date(entry.became_resident_on, eras),
        address_since=era_date(entry.address_since, eras),
        notified_on=era_date(entry.notified_on, eras),
        previous_address=entry.previous_address,
        remarks=entry.remarks,
        head=chosen.get("head"),
        relationship=chosen.get("relationship"),
        my_number=chosen.get("my_number"),
        **{item: chosen.get(item) for item in own_items},
    )
