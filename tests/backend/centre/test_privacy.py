"""Nothing personal leaves but in the sealed document: no log line, error, or answer that is not for choosing.

A real server is run with its log in a file; every person visits it, is refused by it, and breaks it;
whatever can be said to it is said with a person's name in it.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509

from backend.development import BUILD, Development
from backend.sample_people.personas import PERSONAS, everybody
from terminal.ids import new_id
from terminal.link import wire
from tests.backend.centre.processes import process
from tests.backend.centre.world import MORNING, VOID, Card, Line, Reply, Visitor, client_context

HOUSEHOLDS = everybody(MORNING.date()).households
MEMBERS = [member for household in HOUSEHOLDS for member in household.members]
NAME = MEMBERS[0].name


def secrets_of(development: Development) -> Iterator[str]:
    """Everything that says who somebody is, as it might be written."""
    for household in HOUSEHOLDS:
        yield household.address
    for member in MEMBERS:
        yield from (*member.name.split("　"), *member.furigana.split("　"), member.kana_alias)
        yield from (member.my_number, member.resident_code, member.birth.isoformat())
        if member.domicile is not None:
            yield member.domicile.registered_domicile
        if member.foreign is not None:
            yield member.foreign.residence_card_number
    for persona in PERSONAS:
        card = json.loads(development.card(persona.id).read_text("utf-8"))
        certificate = x509.load_pem_x509_certificate(card["certificate_pem"].encode())
        number = certificate.serial_number
        (common_name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        yield from (str(number), f"{number:x}", f"{number:X}", str(common_name.value))


class Ear:
    """A line to the server that keeps every answer which is not for the person's eyes."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.errors: list[Reply] = []

    def hear(self, reply: Reply) -> Reply:
        if reply.status != 200:
            self.errors.append(reply)
        return reply

    async def say(self, method: str, path: str, body: bytes | None = None) -> Reply:
        return self.hear(await self.line.send(method, path, body))


async def visit(ear: Ear, card: Card) -> None:
    """All a person may do, with everything chosen, and orders for what was not offered."""
    visitor = Visitor(ear.line, card)
    ear.hear(await visitor.open())
    if ear.hear(await visitor.sign_in()).status != 200:
        return
    assert visitor.offers is not None
    for offer in reversed(visitor.offers.offers):
        if offer.refusal is None:
            last = offer.product is wire.Product.RESIDENCE
            await everything_of(ear, visitor, offer, ends=last)


async def everything_of(ear: Ear, visitor: Visitor, offer: wire.Offer, *, ends: bool) -> None:
    notices = {item.notice for item in offer.items if item.notice is not None}
    order = visitor.order(
        people=tuple(person.ref for person in offer.people),
        items=tuple(item.item for item in offer.items),
        acknowledged=tuple(sorted({*offer.notices, *notices})),
        product=offer.product,
        year=next((one.year for one in offer.years if one.refusal is None), None),
        fee_yen=offer.fee_yen,
        tariff=offer.tariff,
    )
    # 403 for names that no form can set: those are on nobody's paper, and in no log either.
    placed = ear.hear(await visitor.place(order))
    assert placed.status in {200, 403}, placed
    if placed.status == 403:
        return
    assert ear.hear(await visitor.document(order)).status == 200
    named = tuple(person.name for person in offer.people)
    wrongs: tuple[dict[str, Any], ...] = (
        {"people": named},
        {"items": named},
        {"tariff": named[0]},
        {"city": named[0]},
    )
    for wrong in wrongs:
        assert ear.hear(await visitor.place(visitor.order(**wrong))).status != 200
    if not ends:
        return
    ear.hear(await visitor.pay(order, 1))
    ear.hear(await visitor.end(order, VOID))
    ear.hear(await visitor.document(order))


async def say_everything(ear: Ear) -> None:
    """Every path, with a person's name wherever something can be written."""
    endings = ["visits/{}", "visits/{}/sign-in", "orders/{}", "orders/{}/payment"]
    endings += ["orders/{}/result", "incidents/{}", "orders/{}/documents/1", "service", NAME]
    named = json.dumps({NAME: 1}).encode()
    values = [{"outcome": NAME}, {"reason": [NAME]}, {"build": NAME}, {"kind": 1, "at": NAME}]
    bodies = [b"", NAME.encode(), NAME.encode("utf-16"), named, json.dumps([NAME]).encode()]
    bodies += [json.dumps(value).encode() for value in values]
    for ending in endings:
        for name in (new_id(), NAME):
            path = f"/v1/{ending.format(name)}"
            assert (await ear.say("DELETE", path)).status != 200
            if ending != "service":
                assert (await ear.say("GET", f"{path}?name={NAME}")).status != 200
            for body in bodies:
                assert (await ear.say("PUT", path, body)).status != 200
    public_key = bytes(range(32))
    build = wire.OpenVisit(public_key=public_key, build=f"{BUILD} {NAME}")
    assert (await ear.say("PUT", f"/v1/visits/{new_id()}", wire.encode(build))).status == 409


async def break_off(url: str, development: Development) -> None:
    """HTTP that is none, and a body that is never finished."""
    host, port = url.removeprefix("https://").split(":")
    context = client_context(development.terminal())
    path = f"/v1/visits/{new_id()}"
    for said in (
        f"GET /v1/service HTTP/1.1\r\nHost: x\r\nBad Header {NAME}\r\n\r\n",
        f"{NAME}\r\n\r\n",
        f"PUT {path} HTTP/1.1\r\nHost: x\r\nExpect: {NAME}\r\nContent-Length: 9\r\n\r\n",
        f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{{{NAME}",
    ):
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
        writer.write(said.encode())
        await writer.drain()
        writer.close()


BROKEN = (
    "UPDATE residents SET birth = name",  # an exception that nobody foresaw quotes it
    "UPDATE residents SET birth = '1993-99-99'",
    "DELETE FROM standings",
    "DROP TABLE households",
)


async def test_R59_nothing_personal_is_logged_or_said_in_an_error(
    development: Development, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    cards = [Card.load(development.card(persona.id)) for persona in PERSONAS]
    registry = development.backend / "residents.sqlite3"
    async with process(development, log) as url:
        connector = aiohttp.TCPConnector(ssl=client_context(development.terminal()))
        async with aiohttp.ClientSession(connector=connector) as session:
            ear = Ear(Line(session, url, "dev-1"))
            await asyncio.gather(*(visit(ear, card) for card in cards))
            await say_everything(ear)
            await break_off(url, development)
            for harm in BROKEN:
                with closing(sqlite3.connect(registry)) as writer, writer:
                    writer.execute(harm)
                before = len(ear.errors)
                await visit(ear, cards[0])
                assert [error.status for error in ear.errors[before:]][-1] in {500, 503}, harm
    logged = log.read_bytes().decode()
    assert logged.count("nobody foresaw") == 2, "the two dates that are none"
    assert "ValueError" in logged
    assert "snapshot.py" in logged, "the place is said, so that it can be found"
    said = [error.body.decode() for error in ear.errors]
    assert len(said) > 100
    for secret in secrets_of(development):
        if len(secret) > 1:
            for written in (secret, ascii(secret)[1:-1]):
                assert written not in logged, written
                assert not [text for text in said if written in text], written


@pytest.mark.parametrize("harm", ["missing", "garbage"])
async def test_I9_a_registry_that_cannot_be_read_stops_sign_in_order_and_issue(
    visitor: Visitor, development: Development, harm: str
) -> None:
    """Whatever was said before: nothing is issued from what cannot be read now."""
    await visitor.arrive()
    order, later = visitor.order(copies=2), visitor.order()
    await visitor.place(order)
    first = await visitor.document(order, 1)
    registry = development.backend / "residents.sqlite3"
    whole = registry.read_bytes()
    registry.unlink()
    if harm == "garbage":
        registry.write_bytes(b"no database" * 1000)
    stranger = Visitor(visitor.line, visitor.card)
    await stranger.open()
    for reply in (
        await visitor.document(order, 2),
        await visitor.place(later),
        await stranger.sign_in(),
    ):
        assert reply.problem() == (503, "centre.not_now")
    assert (await visitor.document(order, 1)).body == first.body
    registry.write_bytes(whole)
    assert (await visitor.document(order, 2)).status == 200
    assert (await visitor.place(later)).status == 200
