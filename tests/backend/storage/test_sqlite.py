"""The SQLite dialect: durable, all or nothing, safe among threads, clear when it cannot."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.storage import records, sqlite
from backend.storage.database import StorageError
from backend.storage.sqlite import SqliteDatabase


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "centre.sqlite3"


@pytest.fixture
def database(path: Path) -> Generator[SqliteDatabase]:
    database = SqliteDatabase(path)
    database.migrate()
    yield database
    database.close()


ADD = "INSERT INTO builds (build) VALUES (:build)"


def builds(database: SqliteDatabase) -> list[str]:
    with database.reading() as tx:
        return [row["build"] for row in tx.rows("SELECT build FROM builds ORDER BY build")]


def test_what_is_committed_is_on_the_disk(database: SqliteDatabase) -> None:
    with database.reading() as tx:
        assert tx.one("PRAGMA journal_mode") == {"journal_mode": "wal"}
        assert tx.one("PRAGMA synchronous") == {"synchronous": 2}
        assert tx.one("PRAGMA foreign_keys") == {"foreign_keys": 1}


def test_a_transaction_is_all_or_nothing(database: SqliteDatabase) -> None:
    def stop_half_way() -> None:
        with database.writing() as tx:
            tx.run(ADD, build="a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stop_half_way()
    assert builds(database) == []
    with database.writing() as tx:
        tx.run(ADD, build="a")
    assert builds(database) == ["a"]


def test_a_reader_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(StorageError), database.reading() as tx:
        tx.run(ADD, build="a")
    with database.writing() as tx:
        tx.run(ADD, build="b")
    assert builds(database) == ["b"]


def test_a_reader_sees_one_moment(database: SqliteDatabase, path: Path) -> None:
    other = SqliteDatabase(path)
    with database.reading() as tx:
        assert tx.rows("SELECT * FROM builds") == []
        with other.writing() as writer:
            writer.run(ADD, build="a")
        assert tx.rows("SELECT * FROM builds") == []
    other.close()
    assert builds(database) == ["a"]


def test_I5_two_rows_where_one_is_meant_are_an_error(database: SqliteDatabase) -> None:
    with database.writing() as tx:
        for build in ("a", "b"):
            tx.run(ADD, build=build)
    with database.reading() as tx, pytest.raises(LookupError):
        tx.one("SELECT build FROM builds")


def test_many_threads(database: SqliteDatabase) -> None:
    def add(number: int) -> int:
        with database.writing() as tx:
            return tx.run(ADD + " ON CONFLICT DO NOTHING", build=str(number % 10))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(80))) == 10
    assert len(builds(database)) == 10


def test_migrating_again_or_at_the_same_time_changes_nothing(path: Path) -> None:
    databases = [SqliteDatabase(path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(SqliteDatabase.migrate, databases))
    databases[0].migrate()
    assert builds(databases[1]) == []
    for database in databases:
        database.close()


def test_a_migration_that_fails_leaves_the_old_schema(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    (scripts / "0001_a.sql").write_text("CREATE TABLE a (x);\nCREATE TABLE broken (;\n")
    monkeypatch.setattr(sqlite, "_MIGRATIONS", scripts)
    database = SqliteDatabase(path)
    with pytest.raises(StorageError):
        database.migrate()
    with database.reading() as tx:
        assert tx.rows("SELECT name FROM sqlite_master") == []
        assert tx.one("PRAGMA user_version") == {"user_version": 0}
    database.close()


def test_a_file_of_a_newer_program_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    database = SqliteDatabase(path)
    known = len(list(sqlite._MIGRATIONS.glob("*.sql")))
    with pytest.raises(StorageError, match=f"schema 99, this program knows {known}:"):
        database.migrate()
    database.close()


def test_a_file_of_the_first_version_is_brought_up(path: Path) -> None:
    """With the visits that are in it: an upgrade meets a living file."""
    scripts = sorted(sqlite._MIGRATIONS.glob("*.sql"))
    connection = sqlite3.connect(path)
    connection.executescript(scripts[0].read_text("utf-8"))
    connection.execute("INSERT INTO terminals VALUES ('dev-1', 'operator', '2026-01-01', NULL)")
    connection.execute(
        "INSERT INTO visits (visit, terminal, state, body_digest, public_key, build, nonce,"
        " opened_ms, expires_ms) VALUES ('v', 'dev-1', 'open', x'00', x'01', 'b', x'02', 0, 1)"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    database = SqliteDatabase(path)
    database.migrate()
    with database.reading() as tx:
        row = records.find_visit(tx, "v", "dev-1")
        assert tx.one("PRAGMA user_version") == {"user_version": len(scripts)}
    assert row is not None
    assert row.certificate_good_as_of is None
    database.close()


def test_a_file_that_cannot_be_opened_says_which(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "absent" / "centre.sqlite3")
    with pytest.raises(StorageError, match=r"absent/centre\.sqlite3"):
        database.migrate()
    database.close()


def test_another_writer_that_is_stuck(
    database: SqliteDatabase, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
    stuck = sqlite3.connect(path, isolation_level=None)
    stuck.execute("BEGIN IMMEDIATE")
    waiting = SqliteDatabase(path)
    with pytest.raises(StorageError, match="locked"), waiting.writing() as tx:
        tx.run(ADD, build="a")
    stuck.close()
    with waiting.writing() as tx:
        tx.run(ADD, build="a")
    waiting.close()
