"""Real backends, each a process of its own, on one database."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import aiohttp

from backend.clock import JST
from backend.development import Development
from backend.storage.sqlite import SqliteDatabase
from tests.backend.centre.world import MORNING, Line, client_context

ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def process(development: Development, log: Path | None = None) -> AsyncGenerator[str]:
    """A backend of its own, whose clock stands at an hour when the service is open."""
    offset = round((MORNING - datetime.now(JST)).total_seconds())
    command = ["-m", "backend.cli", "serve", "--dir", str(development.directory)]
    with (log or Path(os.devnull)).open("wb") as errors:
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            f"--clock-offset-s={offset}",
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    assert server.stdout is not None
    try:
        async with asyncio.timeout(30):
            ready = (await server.stdout.readline()).decode()
        found = re.fullmatch(r"listening on (https://127\.0\.0\.1:\d+)\n", ready)
        assert found, ready
        yield found[1]
    finally:
        server.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            rest = await server.stdout.read()
            assert await server.wait() == 0
        assert rest == b"", "one line on stdout, no more"


@asynccontextmanager
async def two_lines(development: Development) -> AsyncGenerator[list[Line]]:
    async with AsyncExitStack() as stack:
        context = client_context(development.terminal())
        lines: list[Line] = []
        for _ in range(2):
            url = await stack.enter_async_context(process(development))
            connector = aiohttp.TCPConnector(ssl=context)
            session = aiohttp.ClientSession(connector=connector)
            lines.append(Line(await stack.enter_async_context(session), url, "dev-1"))
        yield lines


def count(development: Development, *tables: str) -> dict[str, int]:
    database = SqliteDatabase(development.database)
    try:
        with database.reading() as tx:
            return {table: len(tx.rows(f"SELECT 1 FROM {table}")) for table in tables}  # noqa: S608
    finally:
        database.close()
