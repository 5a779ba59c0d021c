"""Money: in escrow until the last good sheet is out, whole or not at all (decision d, R22, R57)."""

from __future__ import annotations

import asyncio
import logging

from drivers.errors import DriverError
from terminal.acts.desk import Desk, Work
from terminal.acts.opening import require_printer
from terminal.acts.receipts import print_receipt
from terminal.errors import TerminalError
from terminal.journal import Facts, Letter, Step
from terminal.link.wire import PaymentTaken, encode
from terminal.receipt import ReceiptKind
from terminal.visit.events import MoneyHeld, MoneyKept, MoneyReturned, MoneyStuck, Paid
from terminal.visit.states import CheckedDocument, Payment

logger = logging.getLogger(__name__)

ESCROW_POLL_S = 0.1  # a lost event must not keep a person waiting who has paid


async def take_money(desk: Desk, work: Work, document: CheckedDocument) -> None:
    """Open the slot until the amount is held. The printer is asked once more first."""
    await require_printer(desk)
    device = desk.devices.payment
    total = document.total_yen
    kept_before = (await device.status()).kept_yen
    facts: Facts = {"order": document.order, "yen": total, "kept_before": kept_before}
    await desk.write(work.visit, Step.PAYING, facts)
    await device.accept(total)
    while (held := (await device.status()).held_yen) < total:
        desk.emit(MoneyHeld(held))
        await asyncio.sleep(ESCROW_POLL_S)
    await device.close_slot()
    work.paid_yen = held
    payment = Payment(amount_yen=total, reference=document.order)
    taken = PaymentTaken(amount_yen=total, reference=document.order)
    letter = Letter(f"/v1/orders/{document.order}/payment", encode(taken))
    await desk.write(work.visit, Step.PAID, {"order": document.order, "yen": held}, letter)
    desk.emit(MoneyHeld(held))
    desk.emit(Paid(payment))


async def pause_money(desk: Desk) -> None:
    await desk.devices.payment.close_slot()


async def return_money(desk: Desk, work: Work) -> None:
    """Everything that is held goes back. MoneyStuck when the hardware cannot (claim receipt)."""
    order = work.order.order if work.order is not None else ""
    reference = (order or work.visit.id)[-12:]
    device = desk.devices.payment
    try:
        await device.close_slot()
        held = (await device.status()).held_yen
        await desk.write(work.visit, Step.RETURNING, {"order": order, "yen": held})
        returned = await device.give_back()
    except (DriverError, TerminalError) as error:
        logger.error("visit %s: money could not be given back (%s)", work.visit.id, error)
        await print_receipt(desk, work, ReceiptKind.CLAIM, claim_code=reference)
        desk.emit(MoneyStuck(reference))
        return
    work.refunded_yen = returned
    await desk.write(work.visit, Step.RETURNED, {"order": order, "yen": returned})
    if work.printing:
        await print_receipt(desk, work, ReceiptKind.VOID)
    desk.emit(MoneyReturned(returned))


async def keep_money(desk: Desk, work: Work, document: CheckedDocument, payment: Payment) -> None:
    """The last good sheet is out: keep the amount, give change, print the receipt."""
    stuck = False
    try:
        work.change_yen = await desk.devices.payment.keep(payment.amount_yen)
        facts: Facts = {"order": document.order, "yen": payment.amount_yen}
        await desk.write(work.visit, Step.KEPT, facts)
    except DriverError as error:
        # The person has the paper; what the machine still holds is the operator's to sort out.
        logger.error("visit %s: payment could not be settled (%s)", work.visit.id, error)
        stuck = True
    await print_receipt(desk, work)
    desk.emit(MoneyStuck(document.order[-12:]) if stuck else MoneyKept())
