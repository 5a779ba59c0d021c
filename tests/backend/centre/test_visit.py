"""A whole visit through the real server: two cities, real forms, a card in software."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import structs

from backend.development import Development
from terminal.ids import new_id
from terminal.link import binding, wire
from tests.backend.centre.world import (
    SUITE,
    VOID,
    Card,
    Line,
    Time,
    Visitor,
    World,
    open_world,
    printed,
)


async def test_a_visit_from_the_card_to_the_receipt(world: World, visitor: Visitor) -> None:
    opened = (await visitor.open()).as_(wire.VisitOpened)
    assert opened.terminal == "dev-1"
    offers = (await visitor.sign_in()).as_(wire.SignedIn)
    assert (offers.city, offers.offers[0].fee_yen) == ("wakabano", 250)

    order = visitor.order(copies=2)
    accepted = (await visitor.place(order)).as_(wire.OrderAccepted)
    assert accepted.total_yen == 500
    assert accepted.digest == binding.order_digest(order)

    serials: list[str] = []
    for copy in (1, 2):
        sealed = (await visitor.document(order, copy)).as_(wire.SealedDocument)
        bundle = visitor.open_bundle(sealed)
        manifest = wire.decode(bundle.manifest, wire.Manifest)
        assert manifest.order_digest == accepted.digest
        assert manifest.subject_tag == offers.subject_tag
        assert manifest.copy == copy
        assert manifest.pages == tuple(hashlib.sha256(page).digest() for page in bundle.pages)
        trusted = world.development.trusted_cities / manifest.city / f"{manifest.key_id}.pem"
        key = load_pem_public_key(trusted.read_bytes())
        assert isinstance(key, Ed25519PublicKey)
        key.verify(bundle.signature, binding.manifest_message(bundle.manifest))
        serials.append(manifest.serial)
    assert len(set(serials)) == 2

    (await visitor.pay(order, 500)).as_(wire.Acknowledged)
    receipt = (await visitor.end(order, printed(*serials))).as_(wire.ResultReceipt)
    assert (receipt.order, receipt.outcome) == (order.order, wire.Outcome.PRINTED)
    assert world.rows("SELECT state FROM orders") == [{"state": "printed"}]
    assert world.rows("SELECT entry, amount_yen FROM ledger") == [
        {"entry": "taken", "amount_yen": 500}
    ]


async def test_R1_a_card_of_the_next_generation_is_signed_in_and_served(
    line: Line, world: World
) -> None:
    """ECDSA P-384, by the newest of the roots that bear one name; nothing else is different."""
    card = Card.load(world.development.card("shirai-nozomi"))
    assert card.algorithm is wire.Algorithm.ES384
    visitor = await Visitor(line, card).arrive()
    order = visitor.order()
    assert (await visitor.place(order)).status == 200
    sealed = (await visitor.document(order)).as_(wire.SealedDocument)
    assert visitor.manifest(sealed).order_digest == binding.order_digest(order)
    claimed = structs.replace(visitor.signed(visitor.order()), algorithm=wire.Algorithm.RS256)
    reply = await line.put(f"/v1/orders/{claimed.order.order}", claimed)
    assert reply.problem() == (422, "signature.wrong"), "the certificate decides, not the message"


async def test_R2_R71_a_card_leads_to_its_own_city(line: Line, world: World) -> None:
    fees: dict[str, int] = {}
    for persona in ("aoki-haruna", "okabe-sachiko"):
        card = Card.load(world.development.card(persona))
        visitor = await Visitor(line, card).arrive()
        assert visitor.offers is not None
        fees[visitor.offers.city] = visitor.offers.offers[0].fee_yen
    assert fees == {"wakabano": 250, "shiomi": 300}


async def test_R2_a_card_that_no_city_knows(line: Line, world: World, visitor: Visitor) -> None:
    world.change("DELETE FROM card_links")
    await visitor.open()
    refusal = (await visitor.sign_in()).refusal()
    assert (refusal.kind, refusal.reason) == (
        wire.RefusalClass.CARD,
        "refused.certificate_unknown",
    )


async def test_what_ends_is_forgotten(world: World, visitor: Visitor) -> None:
    """R61 at the centre: no document, certificate or signed request outlives its order."""
    await visitor.arrive()
    order = visitor.order()
    await visitor.place(order)
    sealed = (await visitor.document(order)).as_(wire.SealedDocument)
    await visitor.pay(order, 250)
    await visitor.end(order, printed(visitor.manifest(sealed).serial))
    assert world.rows("SELECT * FROM sealed_documents") == []
    assert world.rows("SELECT state, certificate FROM visits") == [
        {"state": "ended", "certificate": None}
    ]
    assert world.rows("SELECT body FROM orders") == [{"body": None}]


async def test_nothing_of_a_person_is_in_the_files_afterwards(
    development: Development, time: Time
) -> None:
    """Deleted bytes are overwritten too: certificate, request and document are gone from the disk."""
    async with open_world(development, time) as world, world.line() as line:
        visitor = await Visitor(line, Card.load(development.card("aoki-haruna"))).arrive()
        order = visitor.order()
        await visitor.place(order)
        sealed = (await visitor.document(order)).as_(wire.SealedDocument)
        assert world.rows("SELECT certificate FROM visits")[0]["certificate"]
        await visitor.end(order, VOID)
    stored = b"".join(path.read_bytes() for path in development.backend.glob("madoguchi.*"))
    assert order.order.encode() in stored
    assert "青木".encode() not in stored
    assert visitor.card.certificate[-64:] not in stored
    assert visitor.signed(order).signature not in stored
    assert sealed.sealed[-64:] not in stored


async def test_asking_again_answers_the_same(visitor: Visitor) -> None:
    assert (await visitor.open()).body == (await visitor.open()).body
    body = visitor.sign_in_body()
    assert (await visitor.sign_in(body)).body == (await visitor.sign_in(body)).body
    order = visitor.order()
    assert (await visitor.place(order)).body == (await visitor.place(order)).body
    first = (await visitor.document(order)).as_(wire.SealedDocument)
    assert (await visitor.document(order)).as_(wire.SealedDocument) == first
    await visitor.pay(order, 250)
    assert (await visitor.pay(order, 250)).status == 200
    assert (await visitor.document(order)).as_(wire.SealedDocument) == first
    result = printed(visitor.manifest(first).serial)
    receipt = await visitor.end(order, result)
    assert (await visitor.end(order, result)).body == receipt.body
    assert (await visitor.pay(order, 250)).status == 200


async def test_the_same_id_with_another_body(visitor: Visitor, line: Line) -> None:
    await visitor.arrive()
    other = wire.OpenVisit(public_key=bytes(32), build="madoguchi/0.1.0")
    reply = await line.put(f"/v1/visits/{visitor.visit}", other)
    assert reply.problem() == (422, "id.other_body")
    order = visitor.order()
    await visitor.place(order)
    reply = await visitor.place(visitor.order(copies=2, order=order.order))
    assert reply.problem() == (422, "id.other_body")
    await visitor.document(order)
    await visitor.pay(order, 250, "till-1")
    assert (await visitor.pay(order, 250, "till-2")).problem() == (422, "id.other_body")


async def test_one_payment_reference_pays_once(visitor: Visitor) -> None:
    await visitor.arrive()
    orders = [visitor.order(), visitor.order()]
    for order in orders:
        await visitor.place(order)
        await visitor.document(order)
    assert (await visitor.pay(orders[0], 250, "slip-7")).status == 200
    reply = await visitor.pay(orders[1], 250, "slip-7")
    assert reply.problem() == (422, "payment.reference_used")


async def test_I1_an_envelope_opens_with_its_own_key_and_as_its_own_copy_only(
    visitor: Visitor,
) -> None:
    await visitor.arrive()
    order = visitor.order()
    await visitor.place(order)
    sealed = (await visitor.document(order)).as_(wire.SealedDocument)
    assert visitor.open_bundle(sealed).pages
    right = binding.envelope_info(visitor.visit, order.order, 1)
    for key, info in (
        (X25519PrivateKey.generate(), right),
        (visitor.worker, binding.envelope_info(visitor.visit, order.order, 2)),
        (visitor.worker, binding.envelope_info(visitor.visit, new_id(), 1)),
        (visitor.worker, binding.envelope_info(new_id(), order.order, 1)),
    ):
        with pytest.raises(InvalidTag):
            SUITE.decrypt(sealed.sealed, key, info=info)


async def test_I1_a_worker_key_serves_one_visit(visitor: Visitor, line: Line) -> None:
    await visitor.open()
    again = Visitor(line, visitor.card, worker=visitor.worker)
    assert (await again.open()).problem() == (422, "id.other_body")


async def test_R22_the_price_is_frozen_when_the_order_is_placed(visitor: Visitor) -> None:
    await visitor.arrive()
    order = visitor.order(copies=3)
    assert (await visitor.place(order)).as_(wire.OrderAccepted).total_yen == 750
    for copy in (1, 2, 3):
        await visitor.document(order, copy)
    assert (await visitor.pay(order, 500)).problem() == (422, "payment.amount")
    assert (await visitor.pay(order, 750)).status == 200


async def test_no_payment_before_every_copy_is_at_the_terminal(visitor: Visitor) -> None:
    await visitor.arrive()
    order = visitor.order(copies=2)
    await visitor.place(order)
    await visitor.document(order, 1)
    assert (await visitor.pay(order, 500)).problem() == (409, "order.not_issued")
    await visitor.document(order, 2)
    assert (await visitor.pay(order, 500)).status == 200


async def test_R28_serials_are_unique_and_hold_no_long_run_of_digits(visitor: Visitor) -> None:
    await visitor.arrive()
    serials: set[str] = set()
    for _ in range(2):
        order = visitor.order(copies=2)
        await visitor.place(order)
        for copy in (1, 2):
            sealed = (await visitor.document(order, copy)).as_(wire.SealedDocument)
            serials.add(visitor.manifest(sealed).serial)
    assert len(serials) == 4
    assert all(len(part) == 5 for serial in serials for part in serial.split("-"))


async def test_R40_a_card_is_good_from_the_day_after_it_was_issued(
    line: Line, world: World, time: Time
) -> None:
    card = Card.load(world.development.card("kimura-yui"))
    visitor = Visitor(line, card)
    await visitor.open()
    refusal = (await visitor.sign_in()).refusal()
    assert (refusal.kind, refusal.reason) == (wire.RefusalClass.WHEN, "refused.card_issued_today")
    assert refusal.available_from is not None
    time.now = refusal.available_from
    tomorrow = await Visitor(line, card).arrive()
    assert (await tomorrow.place(tomorrow.order())).status == 200


async def test_R51_nobody_is_told_why_who_has_moved_out(line: Line, world: World) -> None:
    answers: set[bytes] = set()
    for persona in ("ogawa-takumi", "endo-rin"):
        visitor = Visitor(line, Card.load(world.development.card(persona)))
        await visitor.open()
        refusal = (await visitor.sign_in()).refusal()
        assert refusal.kind is wire.RefusalClass.PERSON
        answers.add(refusal.reason.encode())
    assert answers == {b"refused.person"}
    rules = {row["requirement"] for row in world.rows("SELECT requirement FROM audit")}
    assert rules == {"P4"}, "the audit names the class, never the reason (I-17)"


async def test_a_refusal_has_a_reference_that_the_audit_knows(world: World, line: Line) -> None:
    visitor = Visitor(line, Card.load(world.development.card("hayashi-sota")))
    await visitor.open()
    reference = (await visitor.sign_in()).refusal().reference
    rows = world.rows("SELECT * FROM audit")
    assert [(row["reference"], row["kind"], row["requirement"]) for row in rows] == [
        (reference, "P1", "R44")
    ]
    index = json.loads((world.development.cards / "index.json").read_text("utf-8"))
    names = {entry["name"] for entry in index}
    assert not any(name in str(rows) for name in names)


async def test_I17_a_persons_reason_looks_the_same_about_one_certificate_as_about_all(
    world: World, line: Line
) -> None:
    refused = Visitor(line, Card.load(world.development.card("ward")))
    await refused.open()
    everything = (await refused.sign_in()).refusal()
    visitor = await Visitor(
        line, Card.load(world.development.card("withheld-in-register"))
    ).arrive()
    assert visitor.offers is not None
    by_product = {offer.product: offer.refusal for offer in visitor.offers.offers}
    one = by_product[wire.Product.FAMILY_REGISTER]
    assert one is not None
    assert one.reference
    assert structs.replace(one, reference="") == structs.replace(everything, reference="")
    rows = {row["reference"]: row["requirement"] for row in world.rows("SELECT * FROM audit")}
    assert rows == {everything.reference: "P4", one.reference: "P4"}
