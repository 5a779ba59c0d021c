"""The journal: durable before it returns, append-only, and the outbox that shares its transaction."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from terminal.clock import JST
from terminal.errors import JournalError
from terminal.journal import Journal, Letter, Step

AT = datetime(2026, 11, 24, 10, tzinfo=JST)

WRITER = """
import asyncio, sys
from datetime import datetime, timezone
from pathlib import Path
from terminal.journal import Journal, Step

async def main():
    async with Journal(Path(sys.argv[1])) as journal:
        for number in range(10_000):
            await journal.write(datetime.now(timezone.utc), f"v{number}", Step.OPENED)
            print(number, flush=True)

asyncio.run(main())
"""


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with Journal(tmp_path / "state" / "journal.sqlite3") as opened:
        yield opened


async def test_rows_come_back_as_written(journal: Journal) -> None:
    await journal.write(AT, "v1", Step.ORDERED, {"order": "o", "serials": ["a"], "yen": 250})
    (entry,) = await journal.entries("v1")
    assert (entry.at, entry.visit, entry.step) == (AT, "v1", Step.ORDERED)
    assert entry.facts == {"order": "o", "serials": ["a"], "yen": 250}


async def test_a_visit_is_unfinished_until_done(journal: Journal) -> None:
    await journal.write(AT, "v1", Step.OPENED)
    await journal.write(AT, "v2", Step.OPENED)
    await journal.write(AT, "v2", Step.DONE)
    assert {entry.visit for entry in await journal.unfinished()} == {"v1"}


async def test_incidents_last_until_cleared(journal: Journal) -> None:
    await journal.write(AT, "v1", Step.INCIDENT, {"kind": "card_left"})
    assert [entry.facts["kind"] for entry in await journal.incidents()] == ["card_left"]
    await journal.write(AT, "-", Step.CLEARED)
    assert await journal.incidents() == []
    await journal.write(AT, "v2", Step.INCIDENT, {"kind": "sheets_left"})
    assert len(await journal.incidents()) == 1


async def test_letters_leave_in_order_and_once(journal: Journal) -> None:
    await journal.write(AT, "v1", Step.PAID, {}, Letter("/a", b"1"))
    await journal.post(AT, Letter("/b", b"2"))
    await journal.post(AT, Letter("/a", b"other body of the same id"))
    first = await journal.oldest_letter()
    assert first is not None
    assert first[1] == Letter("/a", b"1")
    await journal.delivered(first[0])
    second = await journal.oldest_letter()
    assert second is not None
    await journal.refused(second[0], "422")
    assert await journal.oldest_letter() is None
    assert await journal.letters() == 0


async def test_a_row_and_its_letter_are_one_transaction(journal: Journal) -> None:
    broken = Letter("/a", None)  # type: ignore[arg-type]
    with pytest.raises(JournalError):
        await journal.write(AT, "v1", Step.PAID, {}, broken)
    assert await journal.entries() == []
    await journal.write(AT, "v1", Step.PAID)
    assert len(await journal.entries()) == 1


async def test_it_is_ours_alone_and_survives_power_cuts_by_its_settings(
    journal: Journal, tmp_path: Path
) -> None:
    """WAL with synchronous=FULL keeps an acknowledged row; SQLite's default was seen to lose it."""
    path = tmp_path / "state" / "journal.sqlite3"
    assert path.stat().st_mode & 0o777 == 0o600
    assert journal._open_db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._open_db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = -1
        for line in writer.stdout:
            acknowledged = int(line)
            if acknowledged == 50:
                os.kill(writer.pid, signal.SIGKILL)
    with sqlite3.connect(path) as db:
        rows = {visit for (visit,) in db.execute("SELECT visit FROM entry")}
    db.close()
    assert {f"v{number}" for number in range(acknowledged + 1)} <= rows


async def test_a_broken_disk_is_a_journal_error(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(JournalError, match="check the disk"):
        async with Journal(path):
            pass


async def test_one_process_at_a_time(tmp_path: Path) -> None:
    """A second one would settle visits that the first is still conducting."""
    path = tmp_path / "journal.sqlite3"
    async with Journal(path):
        with pytest.raises(JournalError, match="another madoguchi is running"):
            async with Journal(path):
                pass
    async with Journal(path):
        pass


async def test_a_folder_that_cannot_be_is_a_journal_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalError, match="check the disk"):
        async with Journal(tmp_path / "file" / "journal.sqlite3"):
            pass


async def test_it_says_when_it_cannot_be_written_and_when_it_can_again(tmp_path: Path) -> None:
    told: list[bool] = []
    async with Journal(tmp_path / "journal.sqlite3", told.append) as journal:
        journal._open_db.execute("PRAGMA query_only=ON")
        with pytest.raises(JournalError):
            await journal.write(AT, "v1", Step.OPENED)
        journal._open_db.execute("PRAGMA query_only=OFF")
        await journal.write(AT, "v1", Step.OPENED)
    assert told == [False, True]


async def test_R68_a_call_for_staff_blocks_nobody(journal: Journal) -> None:
    await journal.write(AT, "v1", Step.CALLED, {"left": "card"})
    assert await journal.incidents() == []
