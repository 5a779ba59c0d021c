"""One backend for all visits, and nothing personal in any log."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.clock import Clock
from terminal.demo.stage import clock_offset_s
from tests.terminal.visits.place import Backend, occurs, personal


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The reference backend as a process of its own, as the terminal would meet it."""
    folder = tmp_path_factory.mktemp("backend")
    directory, log = folder / "development", folder / "log"
    offset = clock_offset_s(Clock().now())
    command = [sys.executable, "-m", "backend.cli"]
    where = ["--dir", str(directory), "--clock-offset-s", str(offset)]
    subprocess.run([*command, "init", *where], check=True, timeout=120)
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [*command, "serve", *where, "--port", "0"], stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        try:
            yield Backend(directory, int(line.rsplit(":", 1)[1]), offset, log)
        finally:
            process.terminate()
            process.wait(20)
    _nothing_personal(log.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def private(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever happens in a test: no name, no PIN and no My Number in the log (R59, R61)."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    yield
    for when in ("setup", "call"):
        _nothing_personal("\n".join(r.getMessage() for r in caplog.get_records(when)))


def _nothing_personal(text: str) -> None:
    assert not [word for word in personal() if occurs(word, text)]
    assert not occurs("1234", text), "the PIN"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mended line is noticed at once; in life two seconds are soon enough."""
    monkeypatch.setattr("terminal.link.calendar.WHILE_DOWN_S", 0.1)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path
