"""R7, R8, R9 at the centre: pure edges, and a server whose clock is moved over them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.centre.settings import Calendar
from backend.clock import JST
from backend.development import Development, refresh
from backend.hours import Closure, Place, next_opening, why_closed
from backend.storage.registry import TerminalRow
from terminal.link import wire
from tests.backend.centre.world import MORNING, Card, Line, Time, Visitor, World, open_world

CALENDAR = Calendar(
    hours=wire.DailyHours(opens=time(6, 30), last_start=time(22, 55), closes=time(23)),
    year_end=wire.YearEnd(
        first=wire.DayOfYear(month=12, day=29), last=wire.DayOfYear(month=1, day=3)
    ),
    closures=(
        Closure(
            starts=datetime(2026, 12, 5, 22, tzinfo=JST), ends=datetime(2026, 12, 6, 9, tzinfo=JST)
        ),
        Closure(
            starts=datetime(2026, 12, 8, 12, tzinfo=JST),
            ends=datetime(2026, 12, 8, 13, tzinfo=JST),
            products=(wire.Product.TAXATION,),
        ),
    ),
)


def closed(text: str, *, to_start: bool, product: wire.Product | None = None) -> str | None:
    moment = datetime.fromisoformat(text + "+09:00")
    found = why_closed(CALENDAR, moment, Place(product), began=moment if to_start else None)
    return None if found is None else found.rule


@pytest.mark.parametrize(
    ("text", "start", "issue"),
    [
        ("2026-11-24T06:29:59.999", "R7", "R7"),
        ("2026-11-24T06:30:00", None, None),
        ("2026-11-24T22:54:59.999", None, None),
        ("2026-11-24T22:55:00", "R7", None),
        ("2026-11-24T22:59:59.999", "R7", None),
        ("2026-11-24T23:00:00", "R7", "R7"),
        ("2026-11-24T00:00:00", "R7", "R7"),
    ],
)
def test_R7_daily_hours(text: str, start: str | None, issue: str | None) -> None:
    assert closed(text, to_start=True) == start
    assert closed(text, to_start=False) == issue


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-12-28T22:54:59", None),
        ("2026-12-29T06:30:00", "R8"),
        ("2026-12-31T12:00:00", "R8"),
        ("2027-01-01T12:00:00", "R8"),
        ("2027-01-03T22:59:59", "R8"),
        ("2027-01-04T06:29:59", "R7"),
        ("2027-01-04T06:30:00", None),
        ("2028-02-29T12:00:00", None),
    ],
)
def test_R8_the_turn_of_the_year(text: str, rule: str | None) -> None:
    assert closed(text, to_start=True) == rule


@pytest.mark.parametrize(
    ("text", "product", "rule"),
    [
        ("2026-12-05T21:59:59", None, None),
        ("2026-12-05T22:00:00", None, "R9"),
        ("2026-12-06T08:59:59", wire.Product.RESIDENCE, "R9"),
        ("2026-12-06T09:00:00", None, None),
        ("2026-12-08T12:30:00", wire.Product.TAXATION, "R9"),
        ("2026-12-08T12:30:00", wire.Product.RESIDENCE, None),
        ("2026-12-08T12:30:00", None, None),
    ],
)
def test_R9_maintenance(text: str, product: wire.Product | None, rule: str | None) -> None:
    assert closed(text, to_start=False, product=product) == rule


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("2026-11-24T05:00:00", "2026-11-24T06:30:00"),
        ("2026-11-24T22:56:00", "2026-11-25T06:30:00"),
        ("2026-12-28T23:00:00", "2027-01-04T06:30:00"),
        ("2026-12-05T23:30:00", "2026-12-06T09:00:00"),
    ],
)
def test_R7_R8_R9_when_it_opens_next(text: str, opening: str) -> None:
    earliest = datetime.fromisoformat(text + "+09:00")
    assert next_opening(CALENDAR, earliest) == datetime.fromisoformat(opening + "+09:00")


@given(st.timedeltas(timedelta(), timedelta(days=400)))
def test_the_next_opening_is_open_and_nothing_before_it_is(after: timedelta) -> None:
    earliest = MORNING + after
    opening = next_opening(CALENDAR, earliest)
    assert opening is not None
    assert why_closed(CALENDAR, opening, began=opening) is None
    if opening > earliest:
        before = opening - timedelta(microseconds=1)
        assert why_closed(CALENDAR, before, began=before) is not None


def test_hours_in_disorder_are_no_calendar() -> None:
    for opens, last_start, closes in ((7, 6, 23), (6, 23, 22)):
        body = {
            "hours": {"opens": time(opens), "last_start": time(last_start), "closes": time(closes)},
            "year_end": {"first": {"month": 12, "day": 29}, "last": {"month": 1, "day": 3}},
        }
        with pytest.raises(msgspec.ValidationError, match="not in this order"):
            msgspec.convert(body, Calendar)


@pytest.mark.parametrize(
    ("starts", "ends", "says"),
    [
        ("2026-12-05T22:00:00", "2026-12-06T09:00:00+09:00", "starts: .* needs an offset"),
        ("2026-12-05T22:00:00+09:00", "2026-12-06T09:00:00", "ends: .* needs an offset"),
        ("2026-12-06T09:00:00+09:00", "2026-12-05T22:00:00+09:00", "ends: .* is not after starts"),
    ],
)
def test_a_closure_needs_an_offset_and_an_end_after_its_start(
    starts: str, ends: str, says: str
) -> None:
    body = msgspec.to_builtins(CALENDAR) | {"closures": [{"starts": starts, "ends": ends}]}
    with pytest.raises(msgspec.ValidationError, match=rf"closures\[0\]\.{says}"):
        msgspec.convert(body, Calendar)


# --- the server ----------------------------------------------------------------------------------


async def test_R7_no_new_visit_from_2255_but_one_under_way_may_finish(
    line: Line, visitor: Visitor, time: Time
) -> None:
    time.at(hour=22, minute=54, second=59)
    await visitor.arrive()
    time.at(hour=22, minute=55)
    late = Visitor(line, visitor.card)
    refusal = (await late.open()).refusal()
    assert (refusal.kind, refusal.reason) == (wire.RefusalClass.WHEN, "refused.closed")
    assert refusal.available_from == datetime(2026, 11, 25, 6, 30, tzinfo=JST)
    time.at(hour=22, minute=59, second=59)
    order = visitor.order()
    assert (await visitor.place(order)).status == 200
    assert (await visitor.document(order)).status == 200


@pytest.mark.parametrize(
    ("persona", "hour", "minute"), [("aoki-haruna", 22, 54), ("okabe-sachiko", 20, 49)]
)
async def test_R7_a_visit_opened_in_time_may_sign_in_after_the_last_start(
    line: Line, world: World, time: Time, persona: str, hour: int, minute: int
) -> None:
    """Only opening is held to the last start, the centre's and the city's alike."""
    visitor = Visitor(line, Card.load(world.development.card(persona)))
    time.at(hour=hour, minute=minute, second=59)
    await visitor.open()
    time.pass_(minutes=2)
    assert (await visitor.sign_in()).status == 200
    order = visitor.order()
    await visitor.place(order)
    assert (await visitor.document(order)).status == 200


async def test_R7_R71_a_city_that_closes_before_the_centre_lets_nobody_begin(
    line: Line, world: World, time: Time
) -> None:
    visitor = Visitor(line, Card.load(world.development.card("okabe-sachiko")))
    time.at(hour=20, minute=50)
    await visitor.open()
    refusal = (await visitor.sign_in()).refusal()
    assert (refusal.kind, refusal.reason) == (wire.RefusalClass.WHEN, "refused.closed")
    assert refusal.available_from == datetime(2026, 11, 25, 6, 30, tzinfo=JST)


async def test_R7_nothing_is_issued_from_2300(visitor: Visitor, time: Time) -> None:
    time.at(hour=22, minute=54)
    await visitor.arrive()
    order = visitor.order(copies=2)
    time.at(hour=22, minute=59, second=59)
    await visitor.place(order)
    first = await visitor.document(order, 1)
    time.at(hour=23)
    refusal = (await visitor.document(order, 2)).refusal()
    assert (refusal.kind, refusal.reason) == (wire.RefusalClass.WHEN, "refused.closed")
    assert (await visitor.place(visitor.order())).refusal().reason == "refused.closed"
    assert (await visitor.document(order, 1)).body == first.body, "what was issued stays issued"


async def test_R8_closed_from_29_december_to_3_january(
    world: World, line: Line, visitor: Visitor, time: Time
) -> None:
    time.now = datetime(2026, 12, 28, 22, 54, tzinfo=JST)
    refresh(world.development, time.clock)
    await visitor.arrive()
    for moment in (datetime(2026, 12, 29, 7, tzinfo=JST), datetime(2027, 1, 3, 22, tzinfo=JST)):
        time.now = moment
        refusal = (await Visitor(line, visitor.card).open()).refusal()
        assert refusal.reason == "refused.year_end"
        assert refusal.available_from == datetime(2027, 1, 4, 6, 30, tzinfo=JST)
    time.now = datetime(2027, 1, 4, 6, 30, tzinfo=JST)
    assert (await Visitor(line, visitor.card).open()).status == 200


async def test_R9_a_maintenance_window_of_the_centre_that_opens_during_a_visit(
    development: Development, time: Time
) -> None:
    """The cities know nothing of it: the centre alone stops ordering and issuing."""
    settings = development.settings.read_text("utf-8")
    window = "[[calendar.closures]]\nstarts = 2026-11-24T12:00:00+09:00\n"
    window += "ends = 2026-11-24T12:10:00+09:00\n"
    development.settings.write_text(settings + window, "utf-8")
    time.at(hour=11, minute=50)
    async with open_world(development, time) as world, world.line() as line:
        service = (await line.get("/v1/service")).as_(wire.Service)
        assert [closure.starts.hour for closure in service.closures] == [12]
        visitor = await Visitor(line, Card.load(development.card("aoki-haruna"))).arrive()
        order = visitor.order()
        await visitor.place(order)
        time.at(hour=12)
        for reply in (await visitor.document(order), await visitor.place(visitor.order())):
            assert reply.refusal().reason == "refused.maintenance"
        refusal = (await Visitor(line, visitor.card).open()).refusal()
        assert refusal.available_from == datetime(2026, 11, 24, 12, 10, tzinfo=JST)
        time.at(hour=12, minute=10)
        assert (await visitor.document(order)).status == 200
        assert (await line.get("/v1/service")).as_(wire.Service).closures == ()


async def test_the_service_answers_at_night_too(line: Line, time: Time) -> None:
    time.at(hour=3)
    service = (await line.get("/v1/service")).as_(wire.Service)
    assert service.now == time.now
    assert service.hours.closes.hour == 23
    assert service.build_allowed


async def test_R9_a_closure_of_a_site_is_that_sites_alone(
    development: Development, time: Time
) -> None:
    text = development.settings.read_text("utf-8")
    closure = (
        "closures = [{ starts = 2026-11-24T09:00:00+09:00, ends = 2026-11-24T12:00:00+09:00, "
        'sites = ["wakabano-hall"] }]\n\n[hotline]'
    )
    development.settings.write_text(text.replace("[hotline]", closure), "utf-8")
    async with open_world(development, time) as world:
        world.enrol("hall-1", TerminalRow("hall-1", "a", date(2020, 1, 1), None, "wakabano-hall"))
        card = Card.load(development.card("aoki-haruna"))
        async with world.line() as line:
            assert (await Visitor(line, card).open()).status == 200
            assert (await line.get("/v1/service")).as_(wire.Service).closures == ()
        async with world.line("hall-1") as line:
            refusal = (await Visitor(line, card).open()).refusal()
            assert refusal.reason == "refused.maintenance"
            assert refusal.available_from == datetime(2026, 11, 24, 12, 0, tzinfo=JST)
            (said,) = (await line.get("/v1/service")).as_(wire.Service).closures
            assert said.ends == datetime(2026, 11, 24, 12, 0, tzinfo=JST)
