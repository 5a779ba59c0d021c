"""Two printers: one for certificates (A4), one for receipts.

The document printer is handed a descriptor of a ready 1-bit PWG raster stream in anonymous memory
(made by the visit's document worker), so that the plain pages need never enter this process.
"""

from __future__ import annotations

import abc
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from drivers.device import Device, DeviceEvent
from drivers.errors import PrinterFault

if TYPE_CHECKING:
    from PIL import Image


class PaperState(Enum):
    """Unknown is not out (XFS4IoT)."""

    OK = "ok"
    LOW = "low"
    OUT = "out"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """Asked from the printer itself. ``impressions`` is its lifetime page counter, if it has one."""

    paper: PaperState
    faults: frozenset[PrinterFault]
    jobs_queued: int
    impressions: int | None

    @property
    def ready(self) -> bool:
        """May a person be asked for PIN and money? (I-12: the queue must be empty)"""
        return not self.faults and self.jobs_queued == 0 and self.paper is not PaperState.OUT


def gravest(faults: frozenset[PrinterFault]) -> PrinterFault:
    """The one to name when only one can be named: first what a person at the machine can mend."""
    return min(faults, key=list(PrinterFault).index)


@dataclass(frozen=True, slots=True)
class PageFormat:
    """What raster the printer wants: ``sheet_back`` as in pwg-raster-document-sheet-back."""

    dpi: int
    width_px: int
    height_px: int
    duplex: bool = False
    sheet_back: str = "normal"


@dataclass(frozen=True, slots=True)
class PrintJob:
    """``fd`` holds ``length`` bytes of image/pwg-raster from offset 0; ``name`` is the order's id."""

    name: str
    fd: int
    length: int
    sheets: int
    page: PageFormat


@dataclass(frozen=True, slots=True)
class PrintStarted:
    """The printer accepted the job's first byte."""


@dataclass(frozen=True, slots=True)
class SheetPrinted:
    """The n-th sheet (from 1) is out."""

    sheet: int


@dataclass(frozen=True, slots=True)
class PrintCompleted:
    """All sheets are out and the printer's queue is empty again.

    ``impressions`` is the lifetime counter now, to be compared with PrinterStatus's from before.
    """

    impressions: int | None


PrintProgress = PrintStarted | SheetPrinted | PrintCompleted


@dataclass(frozen=True, slots=True)
class PrinterReady(DeviceEvent):
    """Something was put right (paper loaded, cover closed); ask for the status again."""


@dataclass(frozen=True, slots=True)
class PrinterNotReady(DeviceEvent):
    """The printer noticed a fault by itself."""

    fault: PrinterFault


class DocumentPrinter(Device):
    """Publishes PrinterReady, PrinterNotReady and StateChanged."""

    @abc.abstractmethod
    async def status(self) -> PrinterStatus:
        """Ask now. Raises DeviceUnavailable or DeviceTimeout."""

    @abc.abstractmethod
    async def page_format(self) -> PageFormat:
        """A4 at the printer's native resolution. Raises HardwareFault when it cannot do 1-bit A4."""

    @abc.abstractmethod
    def print_document(self, job: PrintJob) -> AsyncGenerator[PrintProgress, None]:
        """Print once, reporting progress to PrintCompleted.

        Raises PrinterError (with the sheets certainly out) and leaves nothing queued. Whoever leaves
        early must close it (``contextlib.aclosing``): that is what cancels the job.
        """

    @abc.abstractmethod
    async def purge(self) -> int:
        """Cancel everything queued (I-12); returns how many jobs there were."""


class ReceiptPrinter(Device):
    """Publishes PrinterReady, PrinterNotReady and StateChanged."""

    @property
    @abc.abstractmethod
    def width_px(self) -> int:
        """Dots across the paper (576 on 80 mm)."""

    @abc.abstractmethod
    async def status(self) -> PrinterStatus:
        """Ask now. Raises DeviceUnavailable or DeviceTimeout."""

    @abc.abstractmethod
    async def print_receipt(self, image: Image.Image) -> None:
        """Print a 1-bit image ``width_px`` wide and cut. Raises PrinterError."""
