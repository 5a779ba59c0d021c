"""Money: in escrow until the last good sheet is out, whole or not at all (decision d, R22, R57)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from drivers.errors import DeviceTimeout, DriverError, PaymentError
from terminal.acts.desk import Desk, Work
from terminal.acts.opening import require_printer
from terminal.acts.receipts import print_receipt
from terminal.attention import Left
from terminal.journal import Facts, Letter, Step
from terminal.link.wire import PaymentTaken, encode
from terminal.receipt import ReceiptKind
from terminal.visit.events import MoneyHeld, MoneyKept, MoneyReturned, MoneyStuck, Paid
from terminal.visit.known import CheckedDocument, Payment

logger = logging.getLogger(__name__)

ESCROW_POLL_S = 0.1  # a lost event must not keep a person waiting who has paid
SETTLE_LIMIT_S = 30  # a hopper pays out some ten coins a second


async def take_money(desk: Desk, work: Work, document: CheckedDocument) -> None:
    """Open the slot until the amount is held. The printer is asked once more first."""
    await require_printer(desk)
    device = desk.devices.payment
    total = document.total_yen
    kept_before = (await device.status()).kept_yen
    facts: Facts = {"order": document.order, "yen": total, "kept_before": kept_before}
    work.asked_for_money = True
    await desk.write(work.visit, Step.PAYING, facts)
    await device.accept(total)
    async with _coins_let_in(desk):
        while (held := (await device.status()).held_yen) < total:
            work.held_yen = held
            desk.emit(MoneyHeld(held))
            await asyncio.sleep(ESCROW_POLL_S)
    work.held_yen = held
    await device.close_slot()
    payment = Payment(amount_yen=total, reference=document.order)
    taken = PaymentTaken(amount_yen=total, reference=document.order)
    letter = Letter(f"/v1/orders/{document.order}/payment", encode(taken))
    await desk.write(work.visit, Step.PAID, {"order": document.order, "yen": held}, letter)
    desk.emit(MoneyHeld(held))
    desk.emit(Paid(payment))


@asynccontextmanager
async def _coins_let_in(desk: Desk) -> AsyncGenerator[None]:
    """The acceptor is inhibited at any other time: no coin is taken that nobody counts."""
    inhibit = desk.devices.coin_inhibit
    if inhibit is None:
        yield
        return
    try:
        await inhibit.let_in()
        yield
    finally:
        await inhibit.keep_out()


async def pause_money(desk: Desk) -> None:
    await desk.devices.payment.close_slot()


async def return_money(desk: Desk, work: Work) -> None:
    """Everything that is held goes back. MoneyStuck when the hardware cannot (claim receipt).

    A journal that cannot be written keeps no one's money: recovery gives back what it finds held.
    """
    if not work.asked_for_money:
        desk.emit(MoneyReturned(0))
        return
    try:
        async with asyncio.timeout(SETTLE_LIMIT_S):
            returned = await _give_back(desk, work)
    except TimeoutError as error:
        late = error if isinstance(error, DriverError) else None
        await _owe(desk, work, late or _too_slow(desk, "giving money back"))
    except DriverError as error:
        await _owe(desk, work, error)
    else:
        await desk.note(work.visit, Step.RETURNED, _money(work, returned))
        if work.printing:
            await print_receipt(desk, work, ReceiptKind.VOID)
        desk.emit(MoneyReturned(returned))


async def _give_back(desk: Desk, work: Work) -> int:
    device = desk.devices.payment
    await device.close_slot()
    work.held_yen = (await device.status()).held_yen
    await desk.note(work.visit, Step.RETURNING, _money(work, work.held_yen))
    work.returned_yen = await device.give_back()
    if work.returned_yen:
        desk.trust.put(Left.CHANGE)
    return work.returned_yen


async def _owe(desk: Desk, work: Work, error: DriverError) -> None:
    logger.error("visit %s: money could not be given back (%s)", work.visit.id, error)
    if isinstance(error, PaymentError) and error.held_yen is not None:
        work.held_yen = error.held_yen
    await print_receipt(desk, work, ReceiptKind.CLAIM, claim_code=work.reference)
    desk.emit(MoneyStuck(work.reference))


async def keep_money(desk: Desk, work: Work, document: CheckedDocument, payment: Payment) -> None:
    """The last good sheet is out: keep the amount, give change, print the receipt."""
    try:
        async with asyncio.timeout(SETTLE_LIMIT_S):
            work.change_yen = await desk.devices.payment.keep(payment.amount_yen)
    except (DriverError, TimeoutError) as error:
        # The person has the paper; what the machine still holds is the operator's to sort out.
        logger.error("visit %s: payment could not be settled (%s)", work.visit.id, error)
        await print_receipt(desk, work)
        owed = work.held_yen > payment.amount_yen
        if owed:
            await print_receipt(desk, work, ReceiptKind.CLAIM, claim_code=work.reference)
        desk.emit(MoneyStuck(work.reference, owed=owed))
        return
    if work.change_yen:
        desk.trust.put(Left.CHANGE)
    facts: Facts = {"order": document.order, "yen": payment.amount_yen}
    await desk.note(work.visit, Step.KEPT, facts)
    await print_receipt(desk, work)
    desk.emit(MoneyKept())


def _money(work: Work, yen: int) -> Facts:
    return {"order": work.order.order if work.order is not None else "", "yen": yen}


def _too_slow(desk: Desk, doing: str) -> DeviceTimeout:
    return DeviceTimeout(desk.devices.payment.name, doing, SETTLE_LIMIT_S)
