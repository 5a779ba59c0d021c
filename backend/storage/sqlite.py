"""The SQLite dialect: WAL, synchronous=FULL, one connection per thread, several processes allowed."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.storage.database import Database, Row, StorageError, Transaction, Value

BUSY_TIMEOUT_MS = 5_000  # a writer holds the file for one fsync; five seconds is a broken disk
_MIGRATIONS = Path(__file__).parent / "migrations"


class _SqliteTransaction(Transaction):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, **values: Value) -> int:
        return self._connection.execute(statement, values).rowcount

    def rows(self, statement: str, **values: Value) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()


class SqliteDatabase(Database):
    """One file. ``migrate()`` first, once per process start; it is safe to race."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opening = threading.Lock()

    def migrate(self) -> None:
        """Bring the file to the newest schema; raises StorageError if it is newer than this code."""
        scripts = sorted(_MIGRATIONS.glob("*.sql"))
        with _translated(self._path):
            connection = self._connection()
            with _unit(connection, "BEGIN IMMEDIATE"):
                self._apply(connection, scripts)

    def _apply(self, connection: sqlite3.Connection, scripts: list[Path]) -> None:
        version: int = connection.execute("PRAGMA user_version").fetchone()["user_version"]
        if version > len(scripts):
            raise StorageError(
                f"{self._path} has schema {version}, this program knows {len(scripts)}: "
                "start the newer program, or restore the file that belongs to this one"
            )
        for script in scripts[version:]:
            for statement in _statements(script.read_text(encoding="utf-8")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(scripts)}")

    @contextmanager
    def writing(self) -> Generator[Transaction]:
        connection = self._connection()
        with _translated(self._path), _unit(connection, "BEGIN IMMEDIATE"):
            yield _SqliteTransaction(connection)

    @contextmanager
    def reading(self) -> Generator[Transaction]:
        connection = self._connection()
        with _translated(self._path):
            connection.execute("PRAGMA query_only = ON")
            try:
                with _unit(connection, "BEGIN"):
                    yield _SqliteTransaction(connection)
            finally:
                connection.execute("PRAGMA query_only = OFF")

    def _connection(self) -> sqlite3.Connection:
        existing: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if existing is not None:
            return existing
        with _translated(self._path):
            opened = sqlite3.connect(
                self._path,
                timeout=BUSY_TIMEOUT_MS / 1000,
                isolation_level=None,
                check_same_thread=False,  # close() ends the connections of every thread
            )
            opened.row_factory = _as_mapping
            with self._opening:
                self._opened.append(opened)
            _use_wal(opened)
            opened.execute("PRAGMA synchronous = FULL")
            opened.execute("PRAGMA foreign_keys = ON")
            opened.execute("PRAGMA secure_delete = ON")  # a deleted document leaves no bytes behind
        self._local.connection = opened
        return opened

    def close(self) -> None:
        """Call when no other thread uses the database any more."""
        with self._opening:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
        self._local = threading.local()


@contextmanager
def _unit(connection: sqlite3.Connection, begin: str) -> Generator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL; it stays so. SQLite does not wait for others here, so we do."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _as_mapping(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _statements(script: str) -> list[str]:
    """Split a migration; one transaction must hold all of it, which executescript cannot do."""
    return [part for part in (piece.strip() for piece in script.split(";\n")) if part]


@contextmanager
def _translated(path: Path) -> Generator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # a mistake of this program's, which nobody outside can mend
    except sqlite3.DatabaseError as error:
        raise StorageError(
            f"{path}: {error}: see that the disk is not full, that the file is whole and writable, "
            "and that no other program holds it"
        ) from error
