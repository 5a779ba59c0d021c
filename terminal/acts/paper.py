"""Print once (I-12): the counter before, the job, the counter after."""

from __future__ import annotations

import logging

from drivers.errors import PrinterError, PrinterFault
from drivers.printer import PrintCompleted, PrintJob, SheetPrinted
from terminal.acts.desk import Desk, Work
from terminal.acts.failures import refusal_for
from terminal.journal import Facts, Step
from terminal.visit.events import Printed, PrintFailed, SheetOut
from terminal.visit.states import CheckedDocument

logger = logging.getLogger(__name__)


async def print_document(desk: Desk, work: Work, document: CheckedDocument) -> None:
    """Emits SheetOut…, then Printed or PrintFailed; never raises a printer's failure."""
    assert work.document is not None
    printer = desk.devices.document_printer
    work.printing = True
    try:
        work.impressions_before = (await printer.status()).impressions
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
        after = await _run(desk, job)
        _check_counter(work, after, document)
    except Exception as error:  # noqa: BLE001 - whatever fails here, money must go back
        work.sheets_out = error.sheets_out if isinstance(error, PrinterError) else work.sheets_out
        desk.emit(PrintFailed(refusal_for(error, work.visit.id), work.sheets_out))
        return
    work.sheets_out = document.sheets
    work.finished = True
    done: Facts = {"order": document.order, "impressions_after": after, "sheets": document.sheets}
    await desk.write(work.visit, Step.PRINTED, done)
    desk.emit(Printed())


async def _run(desk: Desk, job: PrintJob) -> int | None:
    async for progress in desk.devices.document_printer.print_document(job):
        match progress:
            case SheetPrinted(sheet):
                desk.emit(SheetOut(sheet))
            case PrintCompleted(impressions):
                return impressions
            case _:
                pass
    raise PrinterError(PrinterFault.OTHER, None, "the job ended without completion")


def _check_counter(work: Work, after: int | None, document: CheckedDocument) -> None:
    """The printer's own page counter must have moved by exactly our sheets (I-12)."""
    before = work.impressions_before
    if before is None or after is None:
        return
    if after - before != document.sheets:
        detail = f"its counter moved by {after - before}, not by {document.sheets}"
        raise PrinterError(PrinterFault.OTHER, None, detail)
