"""The receipt, the void slip and the claim slip (R57, decision d). Failing to print one stops nothing."""

from __future__ import annotations

import asyncio
import logging

from drivers.errors import DriverError
from terminal.acts.desk import Desk, Work
from terminal.attention import Left
from terminal.receipt import FontMissing, Receipt, ReceiptKind, ReceiptLine, find_font, render
from terminal.strings.catalogue import catalogue, on_paper

logger = logging.getLogger(__name__)

RECEIPT_LIMIT_S = 15  # a slow serial line takes some seconds for a long receipt


async def print_receipt(
    desk: Desk, work: Work, kind: ReceiptKind = ReceiptKind.PRINTED, claim_code: str = ""
) -> None:
    """Draw and print; a failure is logged, for the paper that matters is out or void already."""
    receipt = _receipt(desk, work, kind, claim_code)
    if receipt is None:
        return
    printer = desk.devices.receipt_printer
    words = catalogue(on_paper(work.visit.language)).lookup
    try:
        async with asyncio.timeout(RECEIPT_LIMIT_S):
            image = await asyncio.to_thread(render, receipt, words, printer.width_px, find_font())
            await printer.print_receipt(image)
        desk.trust.put(Left.RECEIPT)
    except TimeoutError:
        logger.error("visit %s: no receipt within %d s", work.visit.id, RECEIPT_LIMIT_S)
    except (DriverError, FontMissing) as error:
        logger.error("visit %s: no receipt: %s", work.visit.id, error)


def _receipt(desk: Desk, work: Work, kind: ReceiptKind, claim_code: str) -> Receipt | None:
    order, person = work.order, work.person
    if order is None or person is None:
        return None
    paid, back = _sums(work, kind)
    return Receipt(
        kind=kind,
        lines=(ReceiptLine(order.product, order.copies, order.fee_yen),),
        paid_yen=paid,
        change_yen=back,
        serials=tuple(work.document.serials) if work.document is not None else (),
        at=desk.clock.now(),
        terminal=order.terminal,
        order=work.reference,
        city_name=person.city_name,
        contact=person.contact,
        registration_number=desk.config.registration_number,
        claim_code=claim_code,
    )


def _sums(work: Work, kind: ReceiptKind) -> tuple[int, int]:
    """What went in and what came out. Where the paper came out only the change can be owed."""
    if kind is ReceiptKind.PRINTED:
        return work.held_yen, work.change_yen
    if work.finished and work.order is not None:
        return work.held_yen, work.order.fee_yen * work.order.copies
    return work.held_yen, work.returned_yen
