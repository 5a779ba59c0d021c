"""The outbox: in order, until it is acknowledged; set aside only what would be refused for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest

from terminal.clock import JST
from terminal.errors import CentreProblem, CentreRefused, LinkDown, OutcomeUnknown
from terminal.journal import Journal, Letter
from terminal.link.client import UNREADABLE, CentreClient
from terminal.link.wire import Acknowledged, Message, Problem, Refusal, RefusalClass, ResultReceipt
from terminal.outbox import Outbox

AT = datetime(2026, 11, 24, 10, tzinfo=JST)


class Centre:
    """Takes letters, or fails as told; ``got`` is what it took, with the answer that was expected."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.got: list[tuple[str, type[Message]]] = []

    async def put_bytes(self, path: str, _body: bytes, answer: type[Message]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.got.append((path, answer))


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncGenerator[Journal]:
    async with Journal(tmp_path / "journal.sqlite3") as opened:
        for path in ("/v1/orders/1/payment", "/v1/orders/1/result"):
            await opened.post(AT, Letter(path, b"{}"))
        yield opened


def outbox(journal: Journal, centre: Centre) -> Outbox:
    return Outbox(journal, cast("CentreClient", centre))


async def test_oldest_first_each_with_its_own_answer(journal: Journal) -> None:
    centre = Centre()
    sending = outbox(journal, centre)
    assert [await sending.send_one() for _ in range(3)] == [True, True, False]
    assert centre.got == [
        ("/v1/orders/1/payment", Acknowledged),
        ("/v1/orders/1/result", ResultReceipt),
    ]


def problem(status: int, code: str = "order.ended") -> CentreProblem:
    return CentreProblem(status, Problem(code=code, detail=""))


@pytest.mark.parametrize(
    "failure",
    [
        LinkDown("no line"),
        OutcomeUnknown("no answer"),
        problem(500),
        problem(503),
        problem(401),
        problem(429),
        problem(404, UNREADABLE),
        problem(200, UNREADABLE),
    ],
)
async def test_what_may_pass_keeps_the_letter(journal: Journal, failure: Exception) -> None:
    centre = Centre(failure)
    sending = outbox(journal, centre)
    with pytest.raises((LinkDown, OutcomeUnknown)):
        await sending.send_one()
    assert await journal.letters() == 2
    assert await sending.send_one()


@pytest.mark.parametrize(
    "failure",
    [
        problem(409),
        problem(422),
        CentreRefused(Refusal(kind=RefusalClass.WHEN, reason="refused.closed")),
    ],
)
async def test_what_would_be_refused_for_ever_is_set_aside_and_holds_up_nothing(
    journal: Journal, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    centre = Centre(failure)
    sending = outbox(journal, centre)
    assert await sending.send_one()
    assert await sending.send_one()
    assert [path for path, _ in centre.got] == ["/v1/orders/1/result"]
    assert "kept for staff" in caplog.text


async def test_it_leaves_as_soon_as_it_is_woken(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.outbox.REST_S", 1000)
    centre = Centre(LinkDown("no line"))
    sending = outbox(journal, centre)
    running = asyncio.create_task(sending.run())
    async with asyncio.timeout(5):
        while centre.failures:
            await asyncio.sleep(0.001)
        while len(centre.got) < 2:
            sending.wake()
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
