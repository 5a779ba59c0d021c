"""Several servers on one database: one creation each, and nobody gets what is another's (I-1, I-5, I-8)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager
from itertools import pairwise

import pypdfium2
import pytest
from cryptography.exceptions import InvalidTag

from backend.development import Development
from backend.sample_people.personas import PERSONAS
from backend.storage import sqlite
from terminal.link import binding, wire
from tests.backend.centre.processes import count, two_lines
from tests.backend.centre.world import (
    VOID,
    Card,
    Line,
    Reply,
    Time,
    Visitor,
    open_world,
    printed,
)

TIMES = 20


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


VISITS = 200
# Everybody whose card and standing allow a certificate; the PIN is the terminal's matter.
PEOPLE = tuple(
    persona
    for persona in PERSONAS
    if not (persona.rule or persona.changes_daily or persona.revoked)
    and persona.id not in {"ogawa-takumi", "endo-rin"}
)


async def whole_visit(visitor: Visitor, lines: list[Line]) -> tuple[wire.Order, Reply]:
    """From the card to the document; every call goes to whichever process comes."""
    order: wire.Order | None = None
    for step in ("open", "sign_in", "place", "document"):
        visitor.line = random.choice(lines)
        if step == "place":
            order = visitor.order()
        call = getattr(visitor, step)
        arguments = [] if order is None else [order]
        reply: Reply = await call(*arguments)
        while reply.status == 503:  # a slow machine: asking again is what the code asks for
            reply = await call(*arguments)
        assert reply.status == 200, (step, reply)
    assert order is not None
    return order, reply


async def test_I1_I5_of_200_visits_on_two_processes_nobody_gets_anothers(
    development: Development,
) -> None:
    cards = {one.id: Card.load(development.card(one.id)) for one in PEOPLE}
    async with two_lines(development) as lines:
        people = [PEOPLE[turn % len(PEOPLE)] for turn in range(VISITS)]
        visitors = [Visitor(lines[0], cards[one.id]) for one in people]
        documents = await asyncio.gather(*(whole_visit(one, lines) for one in visitors))
    sealed = [reply.as_(wire.SealedDocument) for _, reply in documents]
    serials: set[str] = set()
    for person, visitor, (order, _), envelope in zip(
        people, visitors, documents, sealed, strict=True
    ):
        bundle = visitor.open_bundle(envelope)
        manifest = wire.decode(bundle.manifest, wire.Manifest)
        assert visitor.offers is not None
        assert (manifest.order_digest, manifest.subject_tag, manifest.city) == (
            binding.order_digest(order),
            visitor.offers.subject_tag,
            person.city,
        )
        serials.add(manifest.serial)
        texts = [text_of(page) for page in bundle.pages]
        assert all(manifest.serial in text for text in texts)
        named = {one.id for one in PEOPLE if any(plain(one.name) in text for text in texts)}
        assert named == {person.id}
    assert len(serials) == VISITS
    for visitor, other in pairwise([*visitors, visitors[0]]):
        with pytest.raises(InvalidTag):
            other.open_bundle(sealed[visitors.index(visitor)])
    assert count(development, "orders", "serials") == {"orders": VISITS, "serials": VISITS}


def plain(name: str) -> str:
    """A name as text extraction gives it: no white space, no variation selectors."""
    return "".join(c for c in name if not c.isspace() and not "\U000e0100" <= c <= "\U000e01ef")


def text_of(page: bytes) -> str:
    document = pypdfium2.PdfDocument(page)
    try:
        return plain(document[0].get_textpage().get_text_range())
    finally:
        document.close()


@pytest.mark.parametrize("attempt", range(3))
async def test_I8_with_the_locks_taken_out_there_is_still_one_of_each(
    development: Development, monkeypatch: pytest.MonkeyPatch, attempt: int
) -> None:
    """Two servers whose statements stand alone, in whatever order they fall."""

    @contextmanager
    def no_transaction(*_: object) -> Generator[None]:
        yield

    async with AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(open_world(development, Time())) for _ in "12"]
        lines = [await stack.enter_async_context(world.line()) for world in worlds]
        monkeypatch.setattr(sqlite, "_unit", no_transaction)
        first = Visitor(lines[0], Card.load(development.card("aoki-haruna")))
        second = Visitor(lines[1], first.card, first.visit, first.worker)
        both = [first, second]
        assert len({reply.body for reply in await at_once(both, "open")}) == 1
        await first.open()
        body = first.sign_in_body()
        assert len({reply.body for reply in await at_once(both, "sign_in", body)}) == 1
        await first.sign_in(body)
        order = first.order(copies=2)
        assert len({reply.body for reply in await at_once(both, "place", order)}) == 1
        for copy in (1, 2):
            documents = await at_once(both, "document", order, copy)
            assert len({reply.body for reply in documents}) == 1
            assert first.manifest(documents[0].as_(wire.SealedDocument)).copy == copy
        paid = await at_once(both, "pay", order, 500)
        assert {reply.status for reply in paid} <= {200, 409}
        assert (await second.pay(order, 500)).status == 200
        monkeypatch.undo()
    counts = count(development, "visits", "orders", "payments", "ledger")
    assert counts == dict.fromkeys(counts, 1)
    assert count(development, "serials", "sealed_documents") == {
        "serials": 2,
        "sealed_documents": 2,
    }
