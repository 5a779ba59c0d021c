"""The receipt, the void slip and the claim slip (R57, decision d). Failing to print one stops nothing."""

from __future__ import annotations

import asyncio
import logging

from drivers.errors import DriverError
from terminal.acts.desk import Desk, Work
from terminal.receipt import FontMissing, Receipt, ReceiptKind, ReceiptLine, find_font, render
from terminal.strings.catalogue import catalogue

logger = logging.getLogger(__name__)

REFERENCE_DIGITS = 12  # the random end of an order's id: enough to find it, short enough to say


async def print_receipt(
    desk: Desk, work: Work, kind: ReceiptKind = ReceiptKind.PRINTED, claim_code: str = ""
) -> None:
    """Draw and print; a failure is logged, for the paper that matters is out or void already."""
    receipt = _receipt(desk, work, kind, claim_code)
    if receipt is None:
        return
    printer = desk.devices.receipt_printer
    words = catalogue(work.visit.language).lookup
    try:
        image = await asyncio.to_thread(render, receipt, words, printer.width_px, find_font())
        await printer.print_receipt(image)
    except (DriverError, FontMissing) as error:
        logger.error("visit %s: no receipt: %s", work.visit.id, error)


def _receipt(desk: Desk, work: Work, kind: ReceiptKind, claim_code: str) -> Receipt | None:
    order, person = work.order, work.person
    if order is None or person is None:
        return None
    change = work.refunded_yen if kind is not ReceiptKind.PRINTED else work.change_yen
    return Receipt(
        kind=kind,
        lines=(ReceiptLine(order.product, order.copies, order.fee_yen),),
        paid_yen=work.paid_yen,
        change_yen=change,
        serials=tuple(work.document.serials) if work.document is not None else (),
        at=desk.clock.now(),
        terminal=order.terminal,
        order=order.order[-REFERENCE_DIGITS:],
        city_name=person.city_name,
        contact=person.contact,
        claim_code=claim_code,
    )
