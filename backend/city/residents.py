"""The residents' registry: one read-only snapshot per request, and no column that was not asked for.

Every connection carries an authorizer of SQLite's own: whatever a query tries, columns of items
that the person did not choose cannot be read (I-13), the 住民票コード never (R32), the kana alias
never (R33), and nothing can be written. A mistake in a query is an error, not a leak.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

READ_TIMEOUT_S = 5.0
_SCHEMA = Path(__file__).with_name("schema.sql")

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


class RegistryUnreadable(Exception):
    """The registry cannot answer, or not with all that decides (I-9): nothing may be issued."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One resident as the rules see them. Shows its id only; carries what the person calls it."""

    id: str
    household: str = field(repr=False)
    name: str = field(repr=False)
    birth: date = field(repr=False)
    furigana: str = field(repr=False, default="")
    is_foreign: bool = field(repr=False, default=False)
    has_kana_alias: bool = field(repr=False, default=False)
    under_guardianship: bool = field(repr=False, default=False)
    restricted: bool = field(repr=False, default=False)
    support_measures: bool = field(repr=False, default=False)
    in_transit_by_birth: bool = field(repr=False, default=False)
    deceased_on: date | None = field(repr=False, default=None)
    moving_out_on: date | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Entry:
    """What of one resident may be printed. ``chosen`` holds the chosen items' columns only."""

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


_STANDINGS = """
    SELECT r.id, r.household, r.name, r.furigana, r.birth, r.is_foreign,
           EXISTS (SELECT 1 FROM kana_aliases k WHERE k.resident = r.id) AS has_kana_alias,
           s.under_guardianship, s.restricted, s.support_measures, s.in_transit_by_birth,
           s.deceased_on, s.moving_out_on
      FROM residents r
      JOIN households h ON h.id = r.household
      LEFT JOIN standings s ON s.resident = r.id
     WHERE h.city = ? AND r.household = (SELECT household FROM residents WHERE id = ?)
     ORDER BY r.place
"""

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
        SELECT head.name AS head, r.relationship
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

# Columns that an item opens; None: nothing does.
_OPENED_BY: dict[str, str | None] = {
    "head": "head_and_relationship",
    "relationship": "head_and_relationship",
    "registered_domicile": "registered_domicile",
    "registered_head": "registered_domicile",
    "my_number": "my_number",
    "nationality": "nationality",
    "status_art30_45": "status_art30_45",
    "residence_status": "residence_status",
    "residence_period": "residence_period",
    "residence_period_ends": "residence_period",
    "residence_card_number": "residence_card_number",
    "resident_code": None,
    "kana_alias": None,
}
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_TRANSACTION,
}


class Snapshot:
    """The registry at one moment, as far as ``items`` open it."""

    def __init__(self, connection: sqlite3.Connection, items: Collection[str]) -> None:
        connection.row_factory = sqlite3.Row
        connection.set_authorizer(_authorizer(frozenset(items)))
        connection.execute("BEGIN")
        self._connection = connection
        self._items = frozenset(items)

    def household_of(self, resident: str, city: str) -> tuple[Standing, ...]:
        """Everybody in the resident's household in the sheet's order; empty if unknown there.

        Raises RegistryUnreadable when something that decides is missing.
        """
        rows = self._connection.execute(_STANDINGS, (city, resident)).fetchall()
        return tuple(_standing(row) for row in rows)

    def entry(self, resident: str) -> Entry:
        """What may be printed of one resident. Raises RegistryUnreadable if the id is unknown."""
        row = self._connection.execute(_ENTRY, (resident,)).fetchone()
        if row is None:
            raise RegistryUnreadable(f"no resident {resident}")
        chosen: dict[str, str] = {}
        for item in items_of(is_foreign=row["is_foreign"]):
            if item in self._items:
                chosen |= self._item(item, resident)
        return _entry(row, chosen)

    def _item(self, item: str, resident: str) -> dict[str, str]:
        row = self._connection.execute(_ITEMS[item], (resident,)).fetchone()
        if row is None:
            raise RegistryUnreadable(f"no {item} of resident {resident}")
        return dict(row)


class Registry:
    """The database file; every request opens its own snapshot of it."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode=ro"

    @contextmanager
    def snapshot(self, items: Collection[str] = ()) -> Generator[Snapshot]:
        """One consistent view (I-9). Raises RegistryUnreadable whatever SQLite complains about."""
        try:
            with closing(
                sqlite3.connect(self._uri, uri=True, timeout=READ_TIMEOUT_S, isolation_level=None)
            ) as connection:
                yield Snapshot(connection, items)
        except sqlite3.Error as error:
            raise RegistryUnreadable(f"the residents' registry: {error}") from error


def items_of(*, is_foreign: bool) -> tuple[str, ...]:
    """The items that exist for a resident."""
    return COMMON_ITEMS + (FOREIGN_ITEMS if is_foreign else JAPANESE_ITEMS)


def create(connection: sqlite3.Connection) -> None:
    """Make the registry's empty tables."""
    connection.executescript(_SCHEMA.read_text("utf-8"))


def _authorizer(items: frozenset[str]) -> Callable[..., int]:
    def authorize(action: int, _table: str | None, column: str | None, *_: object) -> int:
        if action not in _READING:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and column in _OPENED_BY:
            return sqlite3.SQLITE_OK if _OPENED_BY[column] in items else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return authorize


def _standing(row: sqlite3.Row) -> Standing:
    if row["restricted"] is None:
        raise RegistryUnreadable(f"no standing of resident {row['id']}")
    return Standing(
        id=row["id"],
        household=row["household"],
        name=row["name"],
        birth=date.fromisoformat(row["birth"]),
        furigana=row["furigana"],
        is_foreign=bool(row["is_foreign"]),
        has_kana_alias=bool(row["has_kana_alias"]),
        under_guardianship=bool(row["under_guardianship"]),
        restricted=bool(row["restricted"]),
        support_measures=bool(row["support_measures"]),
        in_transit_by_birth=bool(row["in_transit_by_birth"]),
        deceased_on=_optional_date(row["deceased_on"]),
        moving_out_on=_optional_date(row["moving_out_on"]),
    )


def _entry(row: sqlite3.Row, chosen: dict[str, str]) -> Entry:
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
        chosen=chosen,
    )


def _optional_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
