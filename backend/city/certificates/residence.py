"""住民票の写し (R16).

The household form carries four people a sheet, the other form one. A value is None where its item
was not chosen (the form says 省略) and empty where there is none (＊＊＊).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TypeVar

from msgspec import Struct, structs

from backend.city.certificates.content import Content, Edition, Selection
from backend.city.eras import western_date
from backend.city.page_seal import Fact
from backend.city.registry import people
from backend.city.registry.people import Entry
from backend.city.registry.snapshot import Snapshot
from backend.city.typesetting import Frame

T = TypeVar("T")
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


class Sheet(Frame, frozen=True, kw_only=True):
    """One sheet of a set and the people on it."""

    scope: str
    address: str
    head: str | None
    remarks: str
    people: tuple[PersonLines, ...]


@dataclass(frozen=True, slots=True)
class Residence(Content):
    """The chosen people of a household; ``everyone``: nobody of it is missing."""

    entries: tuple[Entry, ...] = field(repr=False)
    everyone: bool

    def names(self) -> Iterator[str]:
        for entry in self.entries:
            if entry.is_foreign:
                yield from (entry.name, entry.alias)
            if entry.head_is_foreign:
                yield entry.chosen.get("head", "")

    @property
    def form(self) -> str:
        """The city decides: a household of several on one form, anybody else one by one."""
        together = self.everyone and len(self.entries) > 1
        return HOUSEHOLD_FORM if together else PERSON_FORM

    def facts(self, pages: int) -> tuple[tuple[Fact, ...], ...]:
        everyone = [(entry.name, entry.birth) for entry in self.entries]
        groups = tuple(_groups(everyone, self._people_on_a_sheet))
        assert len(groups) == pages, "the sheets have the same groups"
        return groups

    def sheets(self, edition: Edition) -> tuple[tuple[str, Frame], ...]:
        lines = [_lines(place, entry, edition) for place, entry in enumerate(self.entries, 1)]
        form = self.form
        groups = list(_groups(lines, self._people_on_a_sheet))
        return tuple(
            (form, self._sheet(edition.frame(STATEMENT, page, len(groups)), group))
            for page, group in enumerate(groups, 1)
        )

    @property
    def _people_on_a_sheet(self) -> int:
        return PEOPLE_ON_A_SHEET if self.form == HOUSEHOLD_FORM else 1

    def _sheet(self, frame: Frame, group: tuple[PersonLines, ...]) -> Sheet:
        return Sheet(
            **structs.asdict(frame),
            scope="（世帯全員）" if self.everyone else "（世帯の一部）",
            address=group[0].address,
            head=group[0].head,
            remarks="　".join(f"{line.place}: {line.remarks}" for line in group if line.remarks),
            people=group,
        )


def read(snapshot: Snapshot, selection: Selection) -> Residence:
    """Raises RegistryUnreadable if a part is missing."""
    entries = tuple(
        people.entry(snapshot, subject.id, selection.items) for subject in selection.subjects
    )
    return Residence(entries, selection.everyone)


def _groups(people: list[T], size: int) -> Iterator[tuple[T, ...]]:
    remaining = iter(people)
    while group := tuple(islice(remaining, size)):
        yield group


def _lines(place: int, entry: Entry, edition: Edition) -> PersonLines:
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
        birth=edition.birth(entry.birth, is_foreign=entry.is_foreign),
        sex=entry.sex,
        address=entry.address,
        became_resident_on=edition.era_date(entry.became_resident_on),
        address_since=edition.era_date(entry.address_since),
        notified_on=edition.era_date(entry.notified_on),
        previous_address=entry.previous_address,
        remarks=entry.remarks,
        head=chosen.get("head"),
        relationship=chosen.get("relationship"),
        my_number=chosen.get("my_number"),
        **{item: chosen.get(item) for item in own_items},
    )
