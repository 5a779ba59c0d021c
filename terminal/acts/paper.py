"""Print once (I-12): the counter before, the job, the counter after."""

from __future__ import annotations

import logging
from contextlib import aclosing

from drivers.errors import PrinterError, PrinterFault
from drivers.printer import PrintCompleted, PrintJob, SheetPrinted, gravest
from terminal.acts.desk import Desk, Work
from terminal.acts.failures import refusal_for
from terminal.attention import Left
from terminal.journal import Facts, Step
from terminal.visit.events import Printed, PrintFailed, SheetOut
from terminal.visit.known import CheckedDocument

logger = logging.getLogger(__name__)


async def print_document(desk: Desk, work: Work, document: CheckedDocument) -> None:
    """Emits SheetOut…, then Printed or PrintFailed; never raises a printer's failure."""
    work.printing = True
    try:
        await _print_once(desk, work, document)
    except Exception as error:  # noqa: BLE001 - whatever fails here, money must go back
        work.sheets_out = error.sheets_out if isinstance(error, PrinterError) else work.sheets_out
        desk.emit(PrintFailed(refusal_for(error, work.visit.id, work.reference), work.sheets_out))
        return
    work.sheets_out = document.sheets
    work.finished = True
    done: Facts = {
        "order": document.order,
        "impressions_after": work.impressions_after,
        "sheets": document.sheets,
    }
    desk.trust.put(Left.SHEETS)
    # The paper is out: a journal that cannot say so must not send the money back as well.
    await desk.note(work.visit, Step.PRINTED, done)
    desk.emit(Printed())


async def _print_once(desk: Desk, work: Work, document: CheckedDocument) -> None:
    assert work.document is not None
    status = await desk.devices.document_printer.status()
    if not status.ready:
        fault = gravest(status.faults) if status.faults else PrinterFault.BUSY
        raise PrinterError(fault, 0, "noticed before the first sheet")
    work.impressions_before = status.impressions
    facts: Facts = {
        "order": document.order,
        "impressions_before": work.impressions_before,
        "sheets": document.sheets,
    }
    await desk.write(work.visit, Step.PRINTING, facts)
    job = PrintJob(
        name=document.order,
        fd=work.document.fd,
        length=work.document.length,
        sheets=document.sheets,
        page=work.document.page_format,
    )
    work.sheets_out = None
    work.impressions_after = await _run(desk, job)
    _check_counter(work, document)


async def _run(desk: Desk, job: PrintJob) -> int | None:
    async with aclosing(desk.devices.document_printer.print_document(job)) as steps:
        async for progress in steps:
            match progress:
                case SheetPrinted(sheet):
                    desk.trust.put(Left.SHEETS)
                    desk.emit(SheetOut(sheet))
                case PrintCompleted(impressions):
                    return impressions
                case _:
                    pass
    raise PrinterError(PrinterFault.OTHER, None, "the job ended without completion")


def _check_counter(work: Work, document: CheckedDocument) -> None:
    """The printer's own page counter must have moved by exactly our sheets (I-12)."""
    before, after = work.impressions_before, work.impressions_after
    if before is None or after is None:
        return
    if after - before != document.sheets:
        detail = f"its counter moved by {after - before}, not by {document.sheets}"
        raise PrinterError(PrinterFault.OTHER, None, detail)
