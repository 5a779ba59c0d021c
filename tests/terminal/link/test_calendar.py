"""The calendar is asked for again and again, and at once when somebody else got no answer (R7)."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, time
from typing import cast

import pytest

from terminal.errors import CentreProblem, LinkDown
from terminal.link import calendar
from terminal.link.calendar import NotServed
from terminal.link.client import CentreClient
from terminal.link.wire import DailyHours, DayOfYear, Problem, Service, YearEnd

DOWN = NotServed.NO_ANSWER

SERVICE = Service(
    now=datetime(2026, 11, 24, tzinfo=UTC),
    hours=DailyHours(opens=time(6, 30), last_start=time(22, 55), closes=time(23)),
    year_end=YearEnd(first=DayOfYear(month=12, day=29), last=DayOfYear(month=1, day=3)),
    closures=(),
    hotline="000",
    build_allowed=True,
)


class Asked:
    """A centre that answers from a list: a service, a problem's code, or no line."""

    def __init__(self, *answers: Service | str | None) -> None:
        self.disturbed = asyncio.Event()
        self._answers = list(answers)
        self.left = asyncio.Event()

    async def get(self, _path: str, _answer: type) -> Service:
        said = self._answers.pop(0)
        if not self._answers:
            self.left.set()
        if said is None:
            self.disturbed.set()
            raise LinkDown("no line")
        if isinstance(said, str):
            raise CentreProblem(401, Problem(code=said, detail="…"))
        return said


async def told_by(asked: Asked, every_s: float) -> list[Service | NotServed]:
    told: list[Service | NotServed] = []

    def tell(service: Service | NotServed) -> None:
        told.append(service)

    watching = asyncio.create_task(
        calendar.watch_service(cast("CentreClient", asked), tell, every_s)
    )
    async with asyncio.timeout(5):
        await asked.left.wait()
    watching.cancel()
    await asyncio.wait({watching})
    return told


async def test_an_outage_is_told_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(calendar, "WHILE_DOWN_S", 0.001)
    caplog.set_level(logging.INFO)
    told = await told_by(Asked(SERVICE, None, None, None, SERVICE, SERVICE), every_s=0.001)
    assert told[:5] == [SERVICE, DOWN, DOWN, DOWN, SERVICE]
    assert [r.getMessage() for r in caplog.records] == ["no line", "the centre answers again"]


async def test_a_call_without_answer_makes_it_ask_at_once() -> None:
    asked = Asked(SERVICE, SERVICE, SERVICE)
    told: list[Service | NotServed] = []
    watching = asyncio.create_task(
        calendar.watch_service(cast("CentreClient", asked), told.append, every_s=1000)
    )
    async with asyncio.timeout(5):
        for count in (1, 2):
            while len(told) < count:
                await asyncio.sleep(0.001)
            asked.disturbed.set()
        while len(told) < 3:
            await asyncio.sleep(0.001)
    watching.cancel()
    await asyncio.wait({watching})


@pytest.mark.parametrize(
    "code", ["terminal.unknown", "terminal.expired", "terminal.operator_expired"]
)
async def test_R11_R12_a_terminal_that_is_served_no_more_knows_it(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(calendar, "WHILE_DOWN_S", 0.001)
    told = await told_by(Asked(SERVICE, code, None, "centre.error", SERVICE), every_s=0.001)
    assert told[:4] == [SERVICE, NotServed.ENDED, DOWN, DOWN]
