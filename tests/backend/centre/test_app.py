"""The server's own behaviour: failures become answers, logs name nobody."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator
from datetime import date, time

import pytest
from msgspec import structs

from backend import app
from backend.centre import loose_ends
from backend.centre.settings import load
from backend.city.city import RegistryIncomplete, RegistryUnreadable
from backend.city.configuration import ConfigurationError
from backend.city.opening import load_cities
from backend.storage import registry
from backend.storage.database import StorageError
from backend.storage.registry import TerminalRow
from backend.storage.sqlite import SqliteDatabase
from terminal.link import wire
from tests.backend.centre.world import Line, Visitor, World, printed


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (StorageError("disk full"), (503, "centre.not_now")),
        (RegistryUnreadable("gone"), (503, "centre.not_now")),
        (RegistryIncomplete("no standing of a resident"), (500, "centre.error")),
        (ConfigurationError("wakabano: none of the mayors"), (500, "centre.error")),
        (RuntimeError("secret 青木"), (500, "centre.error")),
    ],
)
async def test_failures_become_problems_without_a_trace(
    world: World,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    expected: tuple[int, str],
) -> None:
    def fail(_terminal: str, _build: str | None) -> wire.Service:
        raise failure

    monkeypatch.setattr(world.centre, "service", fail)
    reply = await line.get("/v1/service")
    assert reply.problem() == expected
    assert b"Traceback" not in reply.body
    assert "青木".encode() not in reply.body


async def test_a_call_that_takes_too_long_is_answered(
    world: World, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = threading.Event()
    service = world.centre.service

    def wait(terminal: str, build: str | None) -> wire.Service:
        finish.wait(10)
        return service(terminal, build)

    monkeypatch.setattr(app, "CALL_S", 0.05)
    monkeypatch.setattr(world.centre, "service", wait)
    try:
        assert (await line.get("/v1/service")).problem() == (503, "centre.not_now")
    finally:
        finish.set()


async def test_a_body_that_never_comes_is_not_waited_for(
    world: World, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "BODY_S", 0.05)
    never = asyncio.Event()

    async def body() -> AsyncGenerator[bytes]:
        yield b"{"
        await never.wait()

    url = world.url + "/v1/visits/0192d3a4-0000-7000-8000-000000000001"
    async with asyncio.timeout(10):
        async with line.session.put(url, data=body()) as response:
            assert response.status == 503
    never.set()


async def test_the_log_has_one_line_a_request_and_names_nobody(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await visitor.arrive()
    order = visitor.order()
    await visitor.place(order)
    sealed = (await visitor.document(order)).as_(wire.SealedDocument)
    await visitor.pay(order, 250)
    await visitor.end(order, printed(visitor.manifest(sealed).serial))
    requests = [record for record in caplog.records if record.name == "backend.app"]
    assert [record.getMessage().rsplit(" ", 2)[0] for record in requests] == [
        "dev-1 PUT /v1/visits/{id} 200",
        "dev-1 PUT /v1/visits/{id}/sign-in 200",
        "dev-1 PUT /v1/orders/{id} 200",
        "dev-1 GET /v1/orders/{id}/documents/{copy} 200",
        "dev-1 PUT /v1/orders/{id}/payment 200",
        "dev-1 PUT /v1/orders/{id}/result 200",
    ]
    assert "青木" not in caplog.text
    assert visitor.visit not in caplog.text


async def test_answers_are_not_kept_by_anybody(line: Line) -> None:
    async with line.session.get(line.url + "/v1/service") as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Server"] == "madoguchi"
        assert response.content_type == "application/json"


async def test_an_order_that_was_never_offered_is_in_the_log(
    world: World, line: Line, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.arrive()
    order = visitor.order(people=("p000000000000",))
    assert (await visitor.place(order)).problem() == (422, "order.mismatch")
    assert "dev-1: an order that was never offered: people" in caplog.text


def test_what_is_allowed_and_hardly_meant_is_said_at_the_start(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load(world.development.settings)
    database = SqliteDatabase(world.development.database)
    cities = load_cities(
        settings.cities.folder,
        registry=settings.cities.residents,
        keys=settings.cities.keys,
    )
    try:
        loose_ends.warn(settings, database, cities, date(2026, 11, 24))
        assert caplog.messages == []
        with database.writing() as tx:
            row = TerminalRow("far-off", "development", date(2020, 1, 1), None, "shiomi-libary")
            registry.put_terminal(tx, row)
        hours = structs.replace(
            settings.calendar.hours, last_start=time(21, 55), closes=time(22, 0)
        )
        calendar = structs.replace(settings.calendar, hours=hours)
        shorter = structs.replace(settings, calendar=calendar)
        loose_ends.warn(shorter, database, cities, date(2035, 1, 1))
    finally:
        database.close()
    said = "\n".join(caplog.messages)
    assert "terminal far-off stands at shiomi-libary, which is in no city's sites" in said
    assert "city wakabano is open from 06:30:00 to 23:00:00 by its file: the centre's hours" in said
    assert "city shiomi: the last of tax_years is over: name the next" in said
    assert len(caplog.messages) == 4
