"""How orders end: late calls, tombstones, money, and words that contradict each other (I-7)."""

from __future__ import annotations

import pytest
from msgspec import structs

from terminal.ids import new_id
from terminal.link import wire
from tests.backend.centre.world import VOID, Line, Time, Visitor, World, printed

LATE = (409, "order.ended")


async def ordered(visitor: Visitor, copies: int = 1) -> wire.Order:
    await visitor.arrive()
    order = visitor.order(copies)
    (await visitor.place(order)).as_(wire.OrderAccepted)
    return order


async def issued(visitor: Visitor) -> tuple[wire.Order, str]:
    order = await ordered(visitor)
    sealed = (await visitor.document(order)).as_(wire.SealedDocument)
    return order, visitor.manifest(sealed).serial


async def test_I7_late_calls_after_void_are_dropped_and_counted(
    visitor: Visitor, world: World
) -> None:
    order, _ = await issued(visitor)
    await visitor.end(order, VOID)
    assert (await visitor.place(order)).problem() == LATE
    assert (await visitor.document(order)).problem() == LATE
    assert (await visitor.document(order)).problem() == LATE
    assert (await visitor.pay(order, 250)).problem() == LATE
    counted = world.rows("SELECT call, calls FROM late_calls ORDER BY call")
    assert [(row["call"], row["calls"]) for row in counted] == [
        ("document", 2),
        ("payment", 1),
        ("place", 1),
    ]
    assert world.rows("SELECT * FROM ledger") == []


async def test_I7_an_order_voided_before_it_arrived_cannot_arrive(
    visitor: Visitor, world: World
) -> None:
    await visitor.arrive()
    order = visitor.order()
    receipt = (await visitor.end(order, VOID)).as_(wire.ResultReceipt)
    assert receipt.outcome is wire.Outcome.VOID
    assert (await visitor.place(order)).problem() == LATE
    assert world.rows("SELECT state, visit FROM orders") == [{"state": "void", "visit": None}]


async def test_I7_a_visit_that_timed_out_ends_its_order(
    visitor: Visitor, time: Time, world: World
) -> None:
    order = await ordered(visitor, copies=2)
    await visitor.document(order, 1)
    time.pass_(minutes=31)
    assert (await visitor.document(order, 2)).problem() == LATE
    assert (await visitor.pay(order, 500)).problem() == LATE
    assert world.rows("SELECT * FROM sealed_documents") == []
    assert world.rows("SELECT state, certificate FROM visits") == [
        {"state": "ended", "certificate": None}
    ]
    assert (await visitor.end(order, VOID)).as_(wire.ResultReceipt).outcome is wire.Outcome.VOID


async def test_an_issued_order_waits_for_the_terminals_word(visitor: Visitor, time: Time) -> None:
    """Its document has left: only the terminal knows whether it was printed, even a day later."""
    order, serial = await issued(visitor)
    time.pass_(days=1)
    assert (await visitor.pay(order, 250)).status == 200
    receipt = (await visitor.end(order, printed(serial))).as_(wire.ResultReceipt)
    assert receipt.outcome is wire.Outcome.PRINTED


async def test_a_nonce_and_a_visit_expire(visitor: Visitor, time: Time, line: Line) -> None:
    await visitor.open()
    time.pass_(seconds=300)
    assert (await visitor.sign_in()).problem() == (409, "visit.expired")
    later = await Visitor(line, visitor.card).arrive()
    order = later.order()
    time.pass_(seconds=1800)
    assert (await later.place(order)).problem() == (409, "visit.expired")


@pytest.mark.parametrize(
    ("refunded", "entries"),
    [
        (250, {"taken": 250, "refunded": 250}),
        (100, {"taken": 250, "refunded": 100, "owed": 150}),
        (0, {"taken": 250, "owed": 250}),
    ],
)
async def test_a_void_after_payment_leaves_what_is_owed(
    visitor: Visitor, world: World, refunded: int, entries: dict[str, int]
) -> None:
    order, _ = await issued(visitor)
    await visitor.pay(order, 250)
    await visitor.end(order, structs.replace(VOID, refunded_yen=refunded))
    rows = world.rows("SELECT entry, amount_yen FROM ledger")
    assert {row["entry"]: row["amount_yen"] for row in rows} == entries


@pytest.mark.parametrize("lie", ["unpaid", "serial", "refund", "too much back"])
async def test_a_word_that_contradicts_is_recorded_as_suspect(
    visitor: Visitor, world: World, lie: str
) -> None:
    order, serial = await issued(visitor)
    result = printed(serial)
    if lie != "unpaid":
        await visitor.pay(order, 250)
    match lie:
        case "serial":
            result = printed("00000-00000-00000-00000")
        case "refund":
            result = structs.replace(result, refunded_yen=250)
        case "too much back":
            result = structs.replace(VOID, refunded_yen=300)
        case _:
            pass
    receipt = (await visitor.end(order, result)).as_(wire.ResultReceipt)
    assert receipt.outcome is wire.Outcome.SUSPECT
    incidents = world.rows("SELECT kind, order_id FROM incidents")
    assert incidents == [{"kind": "result.contradicts", "order_id": order.order}]


async def test_a_person_settles_a_suspect_order_once(visitor: Visitor, world: World) -> None:
    order, serial = await issued(visitor)
    await visitor.pay(order, 250)
    unsure = wire.OrderResult(outcome=wire.Outcome.SUSPECT, reason="power cut while printing")
    assert (await visitor.end(order, unsure)).status == 200
    settled = (await visitor.end(order, printed(serial))).as_(wire.ResultReceipt)
    assert settled.outcome is wire.Outcome.PRINTED
    first_word = (await visitor.end(order, unsure)).as_(wire.ResultReceipt)
    assert first_word.outcome is wire.Outcome.SUSPECT, "asked again, it answers as it did"
    assert (await visitor.end(order, VOID)).problem() == (422, "id.other_body")
    assert world.rows("SELECT state FROM orders") == [{"state": "printed"}]


async def test_an_end_is_final(visitor: Visitor) -> None:
    order, serial = await issued(visitor)
    await visitor.pay(order, 250)
    await visitor.end(order, printed(serial))
    assert (await visitor.end(order, VOID)).problem() == (422, "id.other_body")


async def test_an_end_of_an_order_that_never_was(visitor: Visitor) -> None:
    await visitor.arrive()
    reply = await visitor.end(visitor.order(), printed("1"))
    assert reply.problem() == (404, "order.unknown")


async def test_incidents_are_stored_once(line: Line, world: World, time: Time) -> None:
    body = wire.Incident(kind="paper.left", at=time.now, detail="tray")
    path = f"/v1/incidents/{new_id()}"
    assert (await line.put(path, body)).status == 200
    assert (await line.put(path, body)).status == 200
    other = structs.replace(body, detail="slot")
    assert (await line.put(path, other)).problem() == (422, "id.other_body")
    assert len(world.rows("SELECT * FROM incidents")) == 1
