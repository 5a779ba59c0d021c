"""Residents and their households: what the rules see of them, and what a 住民票 prints."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from backend.city.registry.snapshot import RegistryIncomplete, Snapshot, optional_date

# What may be printed if chosen, and of whom (wire.Item ids), in the form's order.
COMMON_ITEMS = ("head_and_relationship", "my_number")
JAPANESE_ITEMS = ("registered_domicile",)
FOREIGN_ITEMS = (
    "nationality",
    "status_art30_45",
    "residence_status",
    "residence_period",
    "residence_card_number",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One resident as the rules see them. Shows its id only; carries what the person calls it.

    ``moved_in_notified_on``: the day on which becoming a resident was notified at the counter.
    ``is_known`` False: the city has no such resident, whatever the card says.
    """

    id: str
    household: str = field(repr=False)
    name: str = field(repr=False)
    birth: date = field(repr=False)
    became_resident_on: date = field(repr=False)
    moved_in_notified_on: date = field(repr=False)
    is_known: bool = field(repr=False, default=True)
    is_head: bool = field(repr=False, default=False)
    furigana: str = field(repr=False, default="")
    is_foreign: bool = field(repr=False, default=False)
    has_kana_alias: bool = field(repr=False, default=False)
    under_guardianship: bool = field(repr=False, default=False)
    restricted: bool = field(repr=False, default=False)
    support_measures: bool = field(repr=False, default=False)
    in_transit_by_birth: bool = field(repr=False, default=False)
    deceased_on: date | None = field(repr=False, default=None)
    moving_out_on: date | None = field(repr=False, default=None)

    @property
    def is_withheld(self) -> bool:
        """Whether the entry is on no sheet made at a terminal, whoever asks (R34, R50, support)."""
        return self.restricted or self.support_measures or self.in_transit_by_birth


@dataclass(frozen=True, slots=True)
class Entry:
    """What of one resident a 住民票 may print. ``chosen`` holds the chosen items' columns only."""

    id: str
    name: str = field(repr=False)
    furigana: str = field(repr=False)
    former_name: str = field(repr=False)
    alias: str = field(repr=False)
    birth: date = field(repr=False)
    sex: str = field(repr=False)
    is_foreign: bool = field(repr=False)
    address: str = field(repr=False)
    became_resident_on: date = field(repr=False)
    address_since: date = field(repr=False)
    notified_on: date = field(repr=False)
    previous_address: str = field(repr=False)
    remarks: str = field(repr=False)
    chosen: dict[str, str] = field(repr=False)
    head_is_foreign: bool = field(repr=False, default=False)


_LONG_AGO = date(1900, 1, 1)

_STANDINGS = """
    SELECT r.id, r.household, r.name, r.furigana, r.birth, r.is_foreign, r.became_resident_on,
           r.moved_in_notified_on, r.id = h.head AS is_head,
           EXISTS (SELECT 1 FROM kana_aliases k WHERE k.resident = r.id) AS has_kana_alias,
           s.under_guardianship, s.restricted, s.support_measures, s.in_transit_by_birth,
           s.deceased_on, s.moving_out_on
      FROM residents r
      JOIN households h ON h.id = r.household
      LEFT JOIN standings s ON s.resident = r.id
"""
_ALONE = f"{_STANDINGS} WHERE h.city = ? AND r.id = ?"
_HOUSEHOLD = f"""
    {_STANDINGS}
     WHERE h.city = ? AND r.household = (SELECT household FROM residents WHERE id = ?)
     ORDER BY r.place
"""  # noqa: S608

_ENTRY = """
    SELECT r.id, r.name, r.furigana, r.former_name, r.alias, r.birth, r.sex, r.is_foreign,
           h.address, r.became_resident_on, r.address_since, r.notified_on, r.previous_address,
           r.remarks
      FROM residents r JOIN households h ON h.id = r.household
     WHERE r.id = ?
"""

# One query an item: what is not chosen is not asked.
_ITEMS = {
    "head_and_relationship": """
        SELECT head.name AS head, head.is_foreign AS head_is_foreign, r.relationship
          FROM residents r JOIN households h ON h.id = r.household
          JOIN residents head ON head.id = h.head
         WHERE r.id = ?""",
    "registered_domicile": """
        SELECT registered_domicile, registered_head FROM domiciles WHERE resident = ?""",
    "my_number": "SELECT my_number FROM my_numbers WHERE resident = ?",
    "nationality": "SELECT nationality FROM foreign_residents WHERE resident = ?",
    "status_art30_45": "SELECT status_art30_45 FROM foreign_residents WHERE resident = ?",
    "residence_status": "SELECT residence_status FROM foreign_residents WHERE resident = ?",
    "residence_period": """
        SELECT residence_period, coalesce(residence_period_ends, '') AS residence_period_ends
          FROM foreign_residents WHERE resident = ?""",
    "residence_card_number": """
        SELECT residence_card_number FROM foreign_residents WHERE resident = ?""",
}


def household_of(
    snapshot: Snapshot, resident: str, city: str, *, alone: bool = False
) -> tuple[Standing, ...]:
    """Everybody in the resident's household in the sheet's order; empty if unknown there.

    ``alone``: nobody else is asked about (I-13). Raises RegistryUnreadable when something that decides
    is missing.
    """
    query = _ALONE if alone else _HOUSEHOLD
    return tuple(_standing(row) for row in snapshot.rows(query, city, resident))


def unknown(resident: str) -> Standing:
    """Stands in the place of somebody whom the city does not know, so that the rules can be asked."""
    return Standing(resident, "", "", _LONG_AGO, _LONG_AGO, _LONG_AGO, is_known=False)


def entry(snapshot: Snapshot, resident: str, items: Collection[str]) -> Entry:
    """What may be printed of one resident. Raises RegistryUnreadable if the id is unknown."""
    row = snapshot.one("entry of a resident", _ENTRY, resident)
    chosen: dict[str, Any] = {}
    for item in items_of(is_foreign=row["is_foreign"]):
        if item in items:
            chosen |= dict(snapshot.one(f"{item} of a resident", _ITEMS[item], resident))
    return Entry(
        id=row["id"],
        name=row["name"],
        furigana=row["furigana"],
        former_name=row["former_name"],
        alias=row["alias"],
        birth=date.fromisoformat(row["birth"]),
        sex=row["sex"],
        is_foreign=bool(row["is_foreign"]),
        address=row["address"],
        became_resident_on=date.fromisoformat(row["became_resident_on"]),
        address_since=date.fromisoformat(row["address_since"]),
        notified_on=date.fromisoformat(row["notified_on"]),
        previous_address=row["previous_address"],
        remarks=row["remarks"],
        head_is_foreign=chosen.pop("head_is_foreign", 0) == 1,
        chosen=chosen,
    )


def items_of(*, is_foreign: bool) -> tuple[str, ...]:
    """The items that exist for a resident."""
    return COMMON_ITEMS + (FOREIGN_ITEMS if is_foreign else JAPANESE_ITEMS)


def _standing(row: sqlite3.Row) -> Standing:
    if row["restricted"] is None:
        raise RegistryIncomplete("no standing of a resident")
    return Standing(
        id=row["id"],
        household=row["household"],
        name=row["name"],
        birth=date.fromisoformat(row["birth"]),
        became_resident_on=date.fromisoformat(row["became_resident_on"]),
        moved_in_notified_on=date.fromisoformat(row["moved_in_notified_on"]),
        is_head=bool(row["is_head"]),
        furigana=row["furigana"],
        is_foreign=bool(row["is_foreign"]),
        has_kana_alias=bool(row["has_kana_alias"]),
        under_guardianship=bool(row["under_guardianship"]),
        restricted=bool(row["restricted"]),
        support_measures=bool(row["support_measures"]),
        in_transit_by_birth=bool(row["in_transit_by_birth"]),
        deceased_on=optional_date(row["deceased_on"]),
        moving_out_on=optional_date(row["moving_out_on"]),
    )
