"""One read-only view of the registry per request, and no column that was not asked for.

Every connection carries an authorizer of SQLite's own: whatever a query tries, only the columns that
decide about a product, that it prints, and that a chosen item prints can be read (I-13, openings.py);
nothing can be written. A mistake in a query is an error, not a leak.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from backend.city.registry.openings import Columns

READ_TIMEOUT_S = 5.0
_SCHEMA = Path(__file__).with_name("schema.sql")

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_TRANSACTION,
}


class RegistryUnreadable(Exception):
    """The registry cannot answer, or not with all that decides (I-9): nothing may be issued.

    Names kinds of things alone, nobody and nothing of anybody.
    """


class RegistryIncomplete(RegistryUnreadable):
    """It answers, and lacks something: asking again is no use before somebody has entered it."""


class Snapshot:
    """The registry at one moment, as far as ``opened`` goes."""

    def __init__(self, connection: sqlite3.Connection, opened: Columns) -> None:
        connection.row_factory = sqlite3.Row
        connection.set_authorizer(_authorizer(opened))
        connection.execute("BEGIN")
        self._connection = connection

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def one(self, what: str, query: str, *values: object) -> sqlite3.Row:
        """The only row. Raises RegistryIncomplete, naming ``what`` is missing, or is there twice."""
        rows = self.rows(query, *values)
        if len(rows) != 1:
            raise RegistryIncomplete(f"{'no' if not rows else 'more than one'} {what}")
        return rows[0]


class Registry:
    """The database file; every request opens its own snapshot of it."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode=ro"

    @contextmanager
    def snapshot(self, opened: Columns) -> Generator[Snapshot]:
        """One consistent view (I-9). Raises RegistryUnreadable whatever SQLite complains about."""
        try:
            with closing(
                sqlite3.connect(self._uri, uri=True, timeout=READ_TIMEOUT_S, isolation_level=None)
            ) as connection:
                yield Snapshot(connection, opened)
        except sqlite3.Error as error:
            raise RegistryUnreadable(f"the residents' registry: {error}") from error


def create(connection: sqlite3.Connection) -> None:
    """Make the registry's empty tables."""
    connection.executescript(_SCHEMA.read_text("utf-8"))


def optional_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _authorizer(opened: Columns) -> Callable[..., int]:
    tables = {table for table, _ in opened}

    def authorize(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action not in _READING:
            return sqlite3.SQLITE_DENY
        if action != sqlite3.SQLITE_READ:
            return sqlite3.SQLITE_OK
        # An empty column is a table of which only the number of rows is asked.
        is_open = (table, column) in opened or (column == "" and table in tables)
        return sqlite3.SQLITE_OK if is_open else sqlite3.SQLITE_DENY

    return authorize
