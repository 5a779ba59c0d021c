"""What the centre asks of a database. ``sqlite.py`` is one dialect; the statements are shared.

Statements use ``:name`` parameters and only SQL that SQLite (3.35) and PostgreSQL both know. Every
change of state is one guarded statement (``UPDATE … WHERE state = …``) whose row count decides, so
nothing depends on a lock, a process or an isolation level (I-8).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from backend.errors import OperatorError

Value = str | int | bytes | None
Row = Mapping[str, Any]


class StorageError(OperatorError):
    """The database cannot do it now; nothing was changed. The message says what to do next."""


class Transaction(ABC):
    """One unit of work: all of it or none."""

    @abstractmethod
    def run(self, statement: str, **values: Value) -> int:
        """Execute and return the number of rows changed."""

    @abstractmethod
    def rows(self, statement: str, **values: Value) -> list[Row]: ...

    def one(self, statement: str, **values: Value) -> Row | None:
        """The only row, or None; two rows are a broken statement (I-5)."""
        found = self.rows(statement, **values)
        if len(found) > 1:
            raise LookupError("a statement for one row found several")
        return found[0] if found else None


class Database(ABC):
    """Safe to use from many threads; each transaction belongs to one."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Transaction]:
        """A transaction that commits on leaving, or rolls back on an exception."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Transaction]:
        """A consistent view; nothing can be changed."""

    @abstractmethod
    def close(self) -> None: ...
