"""What a broken or hostile terminal tries: every attempt is refused, and changes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from backend.city.city import City
from backend.storage.registry import TerminalRow
from terminal.ids import new_id
from terminal.link import binding, wire
from tests.backend.centre.world import Card, Line, Visitor, World


async def test_a_nonce_is_good_for_one_sign_in(visitor: Visitor, world: World) -> None:
    await visitor.arrive()
    visitor.card = Card.load(world.development.card("morita-kenji"))
    assert (await visitor.sign_in()).problem() == (422, "visit.nonce_spent")


async def test_a_recorded_signature_is_worth_nothing_in_another_visit(
    visitor: Visitor, line: Line
) -> None:
    await visitor.open()
    recorded = visitor.sign_in_body()
    await visitor.sign_in(recorded)
    later = Visitor(line, visitor.card)
    await later.open()
    assert (await later.sign_in(recorded)).problem() == (422, "signature.wrong")
    # And that attempt has spent the nonce: even the right signature comes too late.
    assert (await later.sign_in()).problem() == (422, "visit.nonce_spent")


@pytest.mark.parametrize("change", ["nonce", "visit", "terminal", "key", "algorithm", "bit"])
async def test_a_sign_in_that_signs_something_else(visitor: Visitor, change: str) -> None:
    await visitor.open()
    good = visitor.sign_in_body()
    assert visitor.opened is not None
    key = visitor.worker.public_key().public_bytes_raw()
    parts: dict[str, Any] = {
        "terminal": "dev-1",
        "visit": visitor.visit,
        "nonce": visitor.opened.nonce,
        "key": key,
    }
    match change:
        case "nonce" | "key":
            parts[change] = bytes(32)
        case "visit":
            parts[change] = new_id()
        case "terminal":
            parts[change] = "dev-2"
        case _:
            pass
    message = binding.sign_in_message(*parts.values())
    body = structs.replace(good, signature=visitor.card.sign(message))
    if change == "algorithm":
        body = structs.replace(good, algorithm=wire.Algorithm.ES384)
    if change == "bit":
        body = structs.replace(
            good, signature=good.signature[:-1] + bytes([good.signature[-1] ^ 1])
        )
    assert (await visitor.sign_in(body)).problem() == (422, "signature.wrong")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("copies", 2),
        ("fee_yen", 200),
        ("tariff", "wakabano-1999"),
        ("people", ("p000000000000",)),
        ("items", ("my_number",)),
        ("acknowledged", ("notice.my_number",)),
        ("product", wire.Product.SEAL_REGISTRATION),
    ],
)
async def test_I2_an_order_altered_after_signing(
    visitor: Visitor, field: str, value: object, world: World
) -> None:
    await visitor.arrive()
    signed = visitor.signed(visitor.order())
    altered = structs.replace(signed, order=structs.replace(signed.order, **{field: value}))
    reply = await visitor.line.put(f"/v1/orders/{signed.order.order}", altered)
    assert reply.problem() == (422, "signature.wrong")
    assert world.rows("SELECT * FROM orders") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fee_yen", 200),
        ("tariff", "shiomi-2019"),
        ("people", ("p000000000000",)),
        ("people", ()),
        ("copies", 9),
        ("product", wire.Product.TAXATION),
        ("year", 2026),
        ("city", "shiomi"),
        ("terminal", "dev-2"),
    ],
)
async def test_I2_an_order_well_signed_for_what_was_not_offered(
    visitor: Visitor, field: str, value: Any, world: World
) -> None:
    await visitor.arrive()
    reply = await visitor.place(visitor.order(**{field: value}))
    assert reply.problem() == (422, "order.mismatch")
    assert world.rows("SELECT * FROM orders") == []


@pytest.mark.parametrize(("field", "value"), [("city", "shiomi"), ("fee_yen", 200)])
async def test_I2_the_centre_looks_by_itself(
    visitor: Visitor, field: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with a city that says yes to everything."""
    await visitor.arrive()

    def agree(*_: object, **__: object) -> int:
        return 250

    monkeypatch.setattr(City, "check_order", agree)
    reply = await visitor.place(visitor.order(**{field: value}))
    assert reply.problem() == (422, "order.mismatch")


async def test_I2_an_order_signed_by_another_card(visitor: Visitor, world: World) -> None:
    await visitor.arrive()
    visitor.card = Card.load(world.development.card("morita-kenji"))
    assert (await visitor.place(visitor.order())).problem() == (422, "signature.wrong")


async def test_I2_an_order_under_another_id(visitor: Visitor) -> None:
    await visitor.arrive()
    reply = await visitor.line.put(f"/v1/orders/{new_id()}", visitor.signed(visitor.order()))
    assert reply.problem() == (422, "order.mismatch")


async def test_an_order_before_the_sign_in_or_without_a_visit(visitor: Visitor, line: Line) -> None:
    await visitor.arrive()
    stranger = Visitor(line, visitor.card)
    stranger.offers = visitor.offers
    assert (await stranger.place(stranger.order())).problem() == (404, "visit.unknown")
    await stranger.open()
    assert (await stranger.place(stranger.order())).problem() == (409, "visit.not_signed_in")


async def test_I5_people_are_known_by_this_visits_reference_only(
    visitor: Visitor, line: Line
) -> None:
    await visitor.arrive()
    again = await Visitor(line, visitor.card).arrive()
    people = visitor.order().people
    assert people != again.order().people
    assert (await again.place(again.order(people=people))).problem() == (422, "order.mismatch")


async def test_I1_I5_another_terminal_reaches_nothing_of_a_visit(
    world: World, visitor: Visitor
) -> None:
    await visitor.arrive()
    order = visitor.order()
    await visitor.place(order)
    await visitor.document(order)
    world.enrol("dev-2", TerminalRow("dev-2", "elsewhere", date(2026, 1, 1), None))
    async with world.line("dev-2") as line:
        other = Visitor(line, visitor.card, visitor.visit, visitor.worker)
        other.opened, other.offers = visitor.opened, visitor.offers
        assert (await other.open()).problem() == (422, "id.other_body")
        assert (await other.sign_in()).problem() == (404, "visit.unknown")
        assert (await other.place(order)).problem() == (422, "id.other_body")
        assert (await other.place(other.order())).problem() == (404, "visit.unknown")
        assert (await other.document(order)).problem() == (404, "order.unknown")
        assert (await other.pay(order, 250)).problem() == (404, "order.unknown")
        void = wire.OrderResult(outcome=wire.Outcome.VOID, reason="not mine")
        assert (await other.end(order, void)).problem() == (404, "order.unknown")
    assert world.rows("SELECT state FROM orders") == [{"state": "issued"}]


async def test_copies_that_were_not_ordered(visitor: Visitor, line: Line) -> None:
    await visitor.arrive()
    order = visitor.order()
    await visitor.place(order)
    assert (await visitor.document(order, 2)).problem() == (404, "order.copy_unknown")
    assert (await visitor.document(order, 10)).problem() == (404, "path.unknown")
    assert (await line.get(f"/v1/orders/{new_id()}/documents/1")).problem() == (
        404,
        "order.unknown",
    )


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/v1/visits/not-an-id", b"{}", (400, "message.malformed")),
        (f"/v1/visits/{new_id()}", b"", (400, "message.malformed")),
        (f"/v1/visits/{new_id()}", b"\xff\xfe", (400, "message.malformed")),
        (f"/v1/visits/{new_id()}", b'{"public_key": 1}', (400, "message.malformed")),
        (f"/v1/visits/{new_id()}", b"[" * 60_000, (400, "message.malformed")),
        (f"/v1/visits/{new_id()}", b" " * 70_000, (413, "message.too_large")),
        ("/v1/nothing", b"{}", (404, "path.unknown")),
        ("/v1/service", b"{}", (405, "path.method")),
    ],
)
async def test_messages_that_are_none(
    line: Line, path: str, body: bytes, expected: tuple[int, str]
) -> None:
    assert (await line.send("PUT", path, body)).problem() == expected


async def test_an_unknown_field_is_refused(line: Line, visitor: Visitor) -> None:
    body = wire.OpenVisit(public_key=bytes(32), build="madoguchi/0.1.0")
    padded = wire.encode(body)[:-1] + b',"terminal":"dev-2"}'
    reply = await line.send("PUT", f"/v1/visits/{visitor.visit}", padded)
    assert reply.problem() == (400, "message.malformed")
    assert b"Traceback" not in reply.body


async def test_an_incident_at_no_particular_moment(line: Line) -> None:
    """Without an offset it would be read in whatever time zone the server happens to have."""
    body = b'{"kind":"door.open","at":"2026-11-24T10:00:00"}'
    path = f"/v1/incidents/{new_id()}"
    assert (await line.send("PUT", path, body)).problem() == (400, "message.malformed")
    whole = body.replace(b'00:00"', b'00:00+09:00"')
    assert (await line.send("PUT", path, whole)).status == 200


async def test_a_message_is_told_where_it_is_wrong_but_not_with_what(line: Line) -> None:
    body = '{"outcome":"青木","reason":""}'.encode()
    reply = await line.send("PUT", f"/v1/orders/{new_id()}/result", body)
    assert wire.decode(reply.body, wire.Problem).detail == "no OrderResult: see $.outcome"


async def test_I11_an_unknown_build_is_not_served(visitor: Visitor, world: World) -> None:
    world.change("DELETE FROM builds")
    assert (await visitor.open()).problem() == (409, "terminal.build_unknown")
    reply = await visitor.line.get("/v1/service")
    assert not reply.as_(wire.Service).build_allowed


async def test_I11_the_service_says_whether_the_stated_build_is_known(world: World) -> None:
    for agent, allowed in (("madoguchi/0.1.0 (Linux)", True), ("madoguchi/0.0.9", False)):
        async with world.line(agent=agent) as line:
            service = (await line.get("/v1/service")).as_(wire.Service)
            assert service.build_allowed is allowed
