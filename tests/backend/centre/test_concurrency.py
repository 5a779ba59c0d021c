"""Two server processes on one database, many identical calls at once: one creation each (I-8)."""

from __future__ import annotations

import asyncio
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
from terminal.link import wire
from tests.backend.centre.world import (
    MORNING,
    VOID,
    Card,
    Line,
    Reply,
    Visitor,
    client_context,
    printed,
)

ROOT = Path(__file__).resolve().parents[3]
TIMES = 20


@asynccontextmanager
async def process(development: Development) -> AsyncGenerator[str]:
    """A backend of its own, whose clock stands at an hour when the service is open."""
    offset = round((MORNING - datetime.now(JST)).total_seconds())
    command = ["-m", "backend.cli", "serve", "--dir", str(development.directory)]
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        f"--clock-offset-s={offset}",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
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


async def at_once(visitors: list[Visitor], name: str, *arguments: object) -> list[Reply]:
    calls = [getattr(visitors[turn % 2], name)(*arguments) for turn in range(TIMES)]
    return list(await asyncio.gather(*calls))


async def test_I8_simultaneous_duplicates_on_two_processes(development: Development) -> None:
    async with two_lines(development) as lines:
        first = Visitor(lines[0], Card.load(development.card("aoki-haruna")))
        second = Visitor(lines[1], first.card, first.visit, first.worker)
        both = [first, second]

        opened = await at_once(both, "open")
        assert {reply.status for reply in opened} == {200}
        assert len({reply.body for reply in opened}) == 1

        body = first.sign_in_body()
        signed_in = await at_once(both, "sign_in", body)
        assert len({(reply.status, reply.body) for reply in signed_in}) == 1

        order = first.order()
        placed = await at_once(both, "place", order)
        assert {reply.status for reply in placed} == {200}
        assert len({reply.body for reply in placed}) == 1

        documents = await at_once(both, "document", order)
        assert {reply.status for reply in documents} == {200}
        assert len({reply.body for reply in documents}) == 1, "one document, whoever made it"

        paid = await at_once(both, "pay", order, 250)
        assert {reply.status for reply in paid} == {200}
        manifest = first.manifest(documents[0].as_(wire.SealedDocument))
        ended = await at_once(both, "end", order, printed(manifest.serial))
        assert {reply.status for reply in ended} == {200}
        assert len({reply.body for reply in ended}) == 1

    counts = count(development, "visits", "orders", "serials", "payments", "results", "ledger")
    assert counts == dict.fromkeys(counts, 1)


async def test_I7_I8_a_void_races_with_everything_else(development: Development) -> None:
    """Whatever came first, the order is void in the end and nothing of it is left."""
    async with two_lines(development) as lines:
        for _ in range(5):
            first = await Visitor(lines[0], Card.load(development.card("aoki-haruna"))).arrive()
            second = Visitor(lines[1], first.card, first.visit, first.worker)
            order = first.order()
            replies = await asyncio.gather(
                first.place(order),
                second.document(order),
                first.document(order),
                second.end(order, VOID),
                first.document(order),
                second.pay(order, 250),
            )
            assert all(reply.status < 500 for reply in replies), replies
            assert replies[3].status == 200
            for call in (first.place(order), second.document(order), first.pay(order, 250)):
                assert (await call).problem() == (409, "order.ended")
    assert count(development, "sealed_documents") == {"sealed_documents": 0}


def count(development: Development, *tables: str) -> dict[str, int]:
    database = SqliteDatabase(development.database)
    try:
        with database.reading() as tx:
            return {table: len(tx.rows(f"SELECT 1 FROM {table}")) for table in tables}  # noqa: S608
    finally:
        database.close()
