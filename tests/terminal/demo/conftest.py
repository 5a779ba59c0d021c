"""Chromium for the tests of the dock, and the whole stage as a program of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.terminal.panel.chromium import browser, open_page

__all__ = ["browser", "open_page"]

START_S = 60.0
STOP_S = 15.0


@pytest.fixture(scope="session")
def props(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys, cards and residents, made by the first stage and used by all."""
    return tmp_path_factory.mktemp("stage")


@pytest_asyncio.fixture(loop_scope="session")
async def stage(props: Path) -> AsyncIterator[str]:
    """``python -m terminal.demo``: backend, terminal and devices; gives the address it prints."""
    command = (sys.executable, "-m", "terminal.demo", "--port", "0", "--dir", str(props))
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE)
    try:
        yield await asyncio.wait_for(_address(process), START_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOP_S):
            await process.wait()
    assert process.returncode == 0


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        words = line.decode().strip()
        if words.startswith("http"):
            return words
    raise AssertionError("the demo ended without an address")
