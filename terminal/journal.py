"""What the terminal is about to do, written before it does it (SQLite, WAL, synchronous=FULL).

Append-only: a row says "from here on this may have happened". A power cut at any moment leaves a prefix
of rows, and ``terminal.recovery`` reads from it what must be done. The rows hold ids, amounts, counters
and serials; never a name, a PIN or a card's certificate.

The same file holds the outbox: messages for the centre that must arrive, sent oldest first, removed only
when acknowledged. A row and its outbox message are one transaction.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

import msgspec

from terminal.errors import JournalError

SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    visit TEXT NOT NULL,
    step TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_visit ON entry (visit, seq);
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    refused TEXT
) STRICT;
PRAGMA user_version = 1;
"""


P = ParamSpec("P")
T = TypeVar("T")


class Step(Enum):
    """In the order of a visit; design.md §4's J rows."""

    OPENED = "opened"
    ORDERED = "ordered"
    READY = "ready"
    PAYING = "paying"
    PAID = "paid"
    PRINTING = "printing"
    PRINTED = "printed"
    RETURNING = "returning"
    RETURNED = "returned"
    KEPT = "kept"
    CALLED = "called"
    INCIDENT = "incident"
    CLEARED = "cleared"
    DONE = "done"


Facts = dict[str, str | int | list[str] | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. ``facts`` are small and impersonal."""

    seq: int
    at: datetime
    visit: str
    step: Step
    facts: Facts


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for the centre that must arrive: PUT ``body`` to ``path``."""

    path: str
    body: bytes


class Journal:
    """One writer thread. Every method returns only when its rows are on the disk.

    One process at a time: a second one would settle visits that the first is still conducting.
    ``told`` hears after every attempt to write whether rows can be written.
    """

    def __init__(self, path: Path, told: Callable[[bool], None] = lambda _works: None) -> None:
        self._path = path
        self._told = told
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._db: sqlite3.Connection | None = None
        self._held = ExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._run(self._open)
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._run(self._close)
        self._thread.shutdown()

    async def write(
        self,
        at: datetime,
        visit: str,
        step: Step,
        facts: Facts | None = None,
        letter: Letter | None = None,
    ) -> None:
        """Durable on return. Raises JournalError; then the act must not happen."""
        await self._change(self._write, at, visit, step, facts or {}, letter)

    async def post(self, at: datetime, letter: Letter) -> None:
        """A letter without a row of its own."""
        await self._change(self._post, at, letter)

    async def entries(self, visit: str | None = None) -> list[Entry]:
        """In order of writing; of one visit, or all."""
        return await self._run(self._entries, visit)

    async def unfinished(self) -> list[Entry]:
        """All rows of visits that have no DONE row."""
        return await self._run(self._unfinished)

    async def incidents(self) -> list[Entry]:
        """Incidents that no supervisor has cleared since (decision i)."""
        return await self._run(self._incidents)

    async def oldest_letter(self) -> tuple[int, Letter] | None:
        return await self._run(self._oldest_letter)

    async def delivered(self, seq: int) -> None:
        """The centre has it: forget the letter."""
        await self._change(self._delivered, seq)

    async def refused(self, seq: int, why: str) -> None:
        """The centre will never take it: keep the letter for staff, but do not send it again."""
        await self._change(self._refused, seq, why)

    async def letters(self) -> int:
        """How many messages still wait."""
        return await self._run(self._letters)

    # --- on the writer thread ----------------------------------------------------------------

    async def _change(self, function: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await self._run(function, *args, **kwargs)
        except JournalError:
            self._told(False)
            raise
        self._told(True)

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, partial(function, *args, **kwargs))
        except (sqlite3.Error, OSError) as error:
            message = f"journal {self._path}: {error}; check the disk, its free space and its owner"
            raise JournalError(message) from error

    def _open(self) -> None:
        with ExitStack() as held:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock(held)
            db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            held.callback(db.close)
            # WAL+FULL is what survives a power cut right after commit; SQLite's own default does not.
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(SCHEMA)
            self._path.chmod(0o600)
            self._db, self._held = db, held.pop_all()

    def _lock(self, held: ExitStack) -> None:
        """Held by the open file, so that the kernel lets go of it however this process ends."""
        path = self._path.with_suffix(".lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        held.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"journal {self._path}: another madoguchi is running with it; stop that first"
            raise JournalError(message) from error

    def _close(self) -> None:
        self._db = None
        self._held.close()

    @property
    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise sqlite3.ProgrammingError("the journal is not open")
        return self._db

    def _write(
        self, at: datetime, visit: str, step: Step, facts: Facts, letter: Letter | None
    ) -> None:
        db = self._open_db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(
                "INSERT INTO entry (at, visit, step, facts) VALUES (?, ?, ?, ?)",
                (at.isoformat(), visit, step.value, msgspec.json.encode(facts).decode()),
            )
            if letter is not None:
                self._insert_letter(db, at, letter)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _post(self, at: datetime, letter: Letter) -> None:
        self._insert_letter(self._open_db, at, letter)

    @staticmethod
    def _insert_letter(db: sqlite3.Connection, at: datetime, letter: Letter) -> None:
        # The path holds the id: the first body stands, a second call changes nothing (I-7).
        db.execute(
            "INSERT INTO outbox (at, path, body) VALUES (?, ?, ?) ON CONFLICT (path) DO NOTHING",
            (at.isoformat(), letter.path, letter.body),
        )

    def _entries(self, visit: str | None) -> list[Entry]:
        if visit is None:
            return _read(self._open_db.execute("SELECT * FROM entry ORDER BY seq"))
        query = "SELECT * FROM entry WHERE visit = ? ORDER BY seq"
        return _read(self._open_db.execute(query, (visit,)))

    def _unfinished(self) -> list[Entry]:
        query = """SELECT * FROM entry WHERE visit NOT IN
                   (SELECT visit FROM entry WHERE step = 'done') ORDER BY seq"""
        return _read(self._open_db.execute(query))

    def _incidents(self) -> list[Entry]:
        query = """SELECT * FROM entry WHERE step = 'incident' AND seq >
                   coalesce((SELECT max(seq) FROM entry WHERE step = 'cleared'), 0) ORDER BY seq"""
        return _read(self._open_db.execute(query))

    def _oldest_letter(self) -> tuple[int, Letter] | None:
        query = "SELECT seq, path, body FROM outbox WHERE refused IS NULL ORDER BY seq LIMIT 1"
        row = self._open_db.execute(query).fetchone()
        return None if row is None else (row[0], Letter(row[1], row[2]))

    def _delivered(self, seq: int) -> None:
        self._open_db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))

    def _refused(self, seq: int, why: str) -> None:
        self._open_db.execute("UPDATE outbox SET refused = ? WHERE seq = ?", (why, seq))

    def _letters(self) -> int:
        query = "SELECT count(*) FROM outbox WHERE refused IS NULL"
        return int(self._open_db.execute(query).fetchone()[0])


def _read(rows: sqlite3.Cursor) -> list[Entry]:
    return [
        Entry(
            seq,
            datetime.fromisoformat(at),
            visit,
            Step(step),
            msgspec.json.decode(facts, type=Facts),
        )
        for seq, at, visit, step, facts in rows
    ]
