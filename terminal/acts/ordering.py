"""Order with the card's signature (I-2), fetch and check the sealed document (I-1, I-3, I-4)."""

from __future__ import annotations

from datetime import timedelta

from drivers.card.jpki import signature_algorithm
from terminal.acts.desk import Desk, Work
from terminal.acts.ending import release_card
from terminal.document.errors import Check, IntegrityError
from terminal.document.messages import Expected
from terminal.ids import new_id
from terminal.journal import Facts, Step
from terminal.link.binding import order_digest, order_message
from terminal.link.wire import Algorithm, Order, OrderAccepted, PlaceOrder, SealedDocument, SignedIn
from terminal.visit.events import DocumentReady, OrderTaken
from terminal.visit.known import CheckedDocument, Wish

CLOCK_TOLERANCE = timedelta(minutes=5)  # between the centre's clock and ours


async def place_order(desk: Desk, work: Work, person: SignedIn, wish: Wish) -> None:
    assert work.opened is not None
    order = _order(work, person, wish, work.opened.terminal)
    digest = order_digest(order)
    signature = await work.card.sign(order_message(order))
    await release_card(work)  # nothing more is signed: the verified PIN need not outlive this
    work.order = order
    facts: Facts = {
        "order": order.order,
        "digest": digest.hex(),
        "product": order.product.value,
        "copies": order.copies,
        "fee_yen": order.fee_yen,
    }
    await desk.write(work.visit, Step.ORDERED, facts)
    algorithm = Algorithm(signature_algorithm(work.card.certificate))
    request = PlaceOrder(order=order, algorithm=algorithm, signature=signature)
    accepted = await desk.centre.put(f"/v1/orders/{order.order}", request, OrderAccepted)
    if accepted.digest != digest or accepted.total_yen != wish.total_yen:
        raise IntegrityError(Check.ORDER, 0)
    work.accepted = accepted
    desk.emit(OrderTaken())


def _order(work: Work, person: SignedIn, wish: Wish, terminal: str) -> Order:
    return Order(
        order=new_id(),
        visit=work.visit.id,
        terminal=terminal,
        city=person.city,
        product=wish.offer.product,
        year=wish.year,
        people=tuple(p.ref for p in wish.offer.people if p.ref in wish.people),
        items=tuple(i.item for i in wish.offer.items if i.item in wish.items),
        acknowledged=tuple(sorted(wish.acknowledged)),
        copies=wish.copies,
        fee_yen=wish.offer.fee_yen,
        tariff=wish.offer.tariff,
    )


async def prepare_document(desk: Desk, work: Work) -> None:
    """Nothing of the document enters this process but sealed bytes and the worker's verdict."""
    assert work.order is not None
    assert work.worker is not None
    assert work.accepted is not None
    order, worker = work.order, work.worker
    page = await desk.devices.document_printer.page_format()
    keys = desk.city_keys.get(order.city)
    if keys is None:
        raise IntegrityError(Check.KEY, 1)
    ground = await desk.grounds.of(page)
    await worker.prepare(_expected(desk, work, order), page, dict(keys), ground)
    serials: list[str] = []
    for copy in range(1, order.copies + 1):
        path = f"/v1/orders/{order.order}/documents/{copy}"
        limit = desk.config.link.issue_timeout_s
        sealed = await desk.centre.get(path, SealedDocument, limit)
        ready = await worker.add(sealed)
        serials.append(ready.serial)
    work.document = await worker.finish()
    checked = CheckedDocument(
        order=order.order,
        product=order.product,
        total_yen=work.accepted.total_yen,
        copies=order.copies,
        sheets=work.document.sheets,
        serials=tuple(serials),
    )
    facts: Facts = {"order": order.order, "serials": serials, "sheets": checked.sheets}
    await desk.write(work.visit, Step.READY, facts)
    desk.emit(DocumentReady(checked))


def _expected(desk: Desk, work: Work, order: Order) -> Expected:
    assert work.person is not None
    person = work.person
    offer = next(o for o in person.offers if o.product is order.product)
    now = desk.clock.now()
    return Expected(
        order=order,
        subject_tag=person.subject_tag,
        names=tuple(p.name for p in offer.people if p.ref in order.people),
        city_name=person.city_name,
        not_before=now - CLOCK_TOLERANCE,
        not_after=now + CLOCK_TOLERANCE + timedelta(seconds=desk.config.link.issue_timeout_s),
    )
