"""Printers in memory: they decode what they are handed and keep the paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from PIL import Image

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct, PrinterError, PrinterFault
from drivers.printer import (
    DocumentPrinter,
    PageFormat,
    PrintCompleted,
    PrinterNotReady,
    PrinterReady,
    PrinterStatus,
    PrintJob,
    PrintProgress,
    PrintStarted,
    ReceiptPrinter,
    SheetPrinted,
    gravest,
)
from drivers.printer.a4 import a4
from drivers.printer.mechanism import DescriptorSource, PaperPath, ReceiptSlot, Sheet, sheets_of


class SimulatedDocumentPrinter(PaperPath, DocumentPrinter):
    """A laser printer in memory."""

    def __init__(
        self,
        name: str = "simulated printer",
        *,
        dpi: int = 600,
        duplex: bool = False,
        paper: int = 250,
        seconds_per_sheet: float = 0.0,
        impressions: int = 0,
    ) -> None:
        DocumentPrinter.__init__(self, name)
        PaperPath.__init__(
            self, paper=paper, seconds_per_sheet=seconds_per_sheet, impressions=impressions
        )
        self._format = a4(dpi, duplex=duplex)
        self._known = self.faults
        self._power = True
        self._busy = False
        self._cancelled = False
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix=name)

    def switch_off(self) -> None:
        if not self._power:
            raise ImpossibleAct("the printer is off already")
        self._power = False
        self.publish(StateChanged(DeviceState.OFFLINE, "switched off"))

    def switch_on(self) -> None:
        if self._power:
            raise ImpossibleAct("the printer is on already")
        self._power = True
        self.publish(StateChanged(DeviceState.ONLINE))

    async def open(self) -> None:
        if self._power:
            self.publish(StateChanged(DeviceState.ONLINE))

    async def close(self) -> None:
        self._decoder.shutdown(wait=False, cancel_futures=True)

    async def status(self) -> PrinterStatus:
        self._require_power()
        return PrinterStatus(self.paper_state, self.faults, int(self._busy), self.impressions)

    async def page_format(self) -> PageFormat:
        self._require_power()
        return self._format

    async def print_document(self, job: PrintJob) -> AsyncGenerator[PrintProgress, None]:
        if not self._power:
            raise PrinterError(PrinterFault.OFFLINE, 0, "switched off")
        if self._busy:
            raise PrinterError(PrinterFault.BUSY, 0)
        if self.faults:
            raise PrinterError(gravest(self.faults), 0)
        self._busy, self._cancelled = True, False
        try:
            async with aclosing(self._print(job)) as steps:
                async for step in steps:
                    yield step
        finally:
            self._busy = False

    async def purge(self) -> int:
        self._require_power()
        self._cancelled = True
        return int(self._busy)

    async def _print(self, job: PrintJob) -> AsyncGenerator[PrintProgress, None]:
        sheets = _sheets(job)
        yield PrintStarted()
        out = 0
        while (sheet := await self._decode(sheets, out)) is not None:
            fed = await self.feed(sheet)
            if not self._power:
                raise PrinterError(PrinterFault.OFFLINE, None, "switched off while printing")
            if not fed:
                raise PrinterError(gravest(self.faults), out)
            out += 1
            yield SheetPrinted(out)
            if self._cancelled:
                raise PrinterError(PrinterFault.ABORTED, out, "cancelled")
        if out != job.sheets:
            raise PrinterError(PrinterFault.ABORTED, out, f"{job.sheets} sheets were announced")
        self._busy = False
        yield PrintCompleted(self.impressions)

    async def _decode(self, sheets: Iterator[Sheet], out: int) -> Sheet | None:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._decoder, next, sheets, None)
        except ValueError as error:  # a PwgError, whose module comes with the first page
            raise PrinterError(PrinterFault.ABORTED, out, str(error)) from error

    def _require_power(self) -> None:
        if not self._power:
            raise DeviceUnavailable(self.name, DeviceState.OFFLINE, "switch it on")

    def _changed(self) -> None:
        self._known = _tell(self, self._known, self.faults)


def _sheets(job: PrintJob) -> Iterator[Sheet]:
    """Runs on the decoder's thread; reading rasters loads numpy, which an idle terminal can do without."""
    from drivers.printer.pwg import read_pages  # noqa: PLC0415

    yield from sheets_of(read_pages(DescriptorSource(job.fd, job.length)))


class SimulatedReceiptPrinter(ReceiptSlot, ReceiptPrinter):
    """A receipt printer in memory."""

    def __init__(
        self, name: str = "simulated receipt printer", *, width_px: int = 576, paper: int = 500
    ) -> None:
        ReceiptPrinter.__init__(self, name)
        ReceiptSlot.__init__(self, paper=paper)
        self._width_px = width_px
        self._known = self.faults

    @property
    def width_px(self) -> int:
        return self._width_px

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def close(self) -> None:
        """Nothing to leave behind."""

    async def status(self) -> PrinterStatus:
        return PrinterStatus(self.paper_state, self.faults, 0, None)

    async def print_receipt(self, image: Image.Image) -> None:
        if image.mode != "1" or image.width != self._width_px:
            raise ValueError(f"a receipt is a 1-bit image {self._width_px} wide, not {image!r}")
        if not self.present(image.copy()):
            raise PrinterError(gravest(self.faults), 0)

    def _changed(self) -> None:
        self._known = _tell(self, self._known, self.faults)


def _tell(
    printer: DocumentPrinter | ReceiptPrinter,
    before: frozenset[PrinterFault],
    now: frozenset[PrinterFault],
) -> frozenset[PrinterFault]:
    """Publish what is new; returns what is known from now on."""
    for fault in sorted(now - before, key=lambda fault: fault.value):
        printer.publish(PrinterNotReady(fault))
    if before and not now:
        printer.publish(PrinterReady())
    return now
