"""What moves inside a simulated printer, and the hands that reach into it.

The same mechanism stands behind the simulated drivers and behind the simulated printers that are
spoken to over a real protocol, so that a jam is one thing whatever the wire.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from drivers.errors import ImpossibleAct, PrinterFault
from drivers.printer import PaperState

if TYPE_CHECKING:
    from drivers.printer.pwg import Page, Rows

_LOW = 20  # sheets or receipts: where the sensor under a real stack or roll speaks up


class PaperSupply:
    """Paper, cover, jams and toner. Every act is refused when no hand could do it."""

    def __init__(self, paper: int) -> None:
        self._paper = paper
        self._troubles: set[PrinterFault] = set()
        self._due: dict[PrinterFault, int] = {}
        self._fed = 0

    @property
    def faults(self) -> frozenset[PrinterFault]:
        return frozenset(self._troubles | ({PrinterFault.PAPER_OUT} if not self._paper else set()))

    @property
    def paper_state(self) -> PaperState:
        if PrinterFault.PAPER_JAM in self._troubles:
            return PaperState.JAMMED
        if not self._paper:
            return PaperState.OUT
        return PaperState.LOW if self._paper < _LOW else PaperState.OK

    def run_out_of_paper(self, after: int = 0) -> None:
        """Leave only ``after`` sheets (or receipts) in the supply."""
        self._paper = after
        self._changed()

    def load_paper(self, count: int = 250) -> None:
        if count < 1:
            raise ImpossibleAct("no paper to load")
        self._paper += count
        self._changed()

    def open_cover(self, after: int = 0) -> None:
        """Now, or when ``after`` more sheets are out."""
        self._begin(PrinterFault.COVER_OPEN, after)

    def close_cover(self) -> None:
        self._end(PrinterFault.COVER_OPEN)

    def jam(self, after: int = 0) -> None:
        """Now, or when ``after`` more sheets are out."""
        self._begin(PrinterFault.PAPER_JAM, after)

    def clear_jam(self) -> None:
        self._end(PrinterFault.PAPER_JAM)

    def run_out_of_toner(self, after: int = 0) -> None:
        self._begin(PrinterFault.TONER_OUT, after)

    def change_toner(self) -> None:
        self._end(PrinterFault.TONER_OUT)

    def _begin(self, trouble: PrinterFault, after: int) -> None:
        if trouble in self._troubles:
            raise ImpossibleAct(f"the printer has {trouble.value} already")
        if after:
            self._due[trouble] = self._fed + after
        else:
            self._troubles.add(trouble)
            self._changed()

    def _end(self, trouble: PrinterFault) -> None:
        if trouble not in self._troubles:
            raise ImpossibleAct(f"the printer has no {trouble.value}")
        self._troubles.discard(trouble)
        self._changed()

    def _pick(self) -> bool:
        """Draw one from the supply; False when something is in the way."""
        if self.faults:
            return False
        self._paper -= 1
        return True

    def _dropped(self) -> None:
        self._fed += 1
        due = {trouble for trouble, at in self._due.items() if at <= self._fed}
        for trouble in due:
            del self._due[trouble]
        self._troubles |= due
        self._changed()

    def _changed(self) -> None:
        """For whoever speaks for this mechanism: something may have gone wrong or right."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One piece of paper with what is printed on it."""

    front: Page
    back: Page | None = None

    @property
    def image(self) -> Image.Image:
        return picture(self.front.upright(), self.front.width_px)

    @property
    def back_image(self) -> Image.Image | None:
        return None if self.back is None else picture(self.back.upright(), self.back.width_px)


class PaperPath(PaperSupply):
    """From the paper tray to the tray where sheets lie; ``on_tray`` hears how many lie there."""

    def __init__(self, *, paper: int, seconds_per_sheet: float, impressions: int = 0) -> None:
        super().__init__(paper)
        self.seconds_per_sheet = seconds_per_sheet
        self.impressions = impressions
        self.sheets: list[Sheet] = []
        self.taken: list[Sheet] = []
        self.on_tray: Callable[[int], None] | None = None

    async def feed(self, sheet: Sheet) -> bool:
        """Print one sheet; False when it did not come out, and ``faults`` say why."""
        if self.faults or not self._pick():
            return False
        await asyncio.sleep(self.seconds_per_sheet)
        if self._troubles:  # it stopped half way: the sheet is inside and spoilt
            return False
        self.sheets.append(sheet)
        self.impressions += 1 if sheet.back is None else 2
        self._tell_tray()
        self._dropped()
        return True

    def take(self) -> list[Sheet]:
        """Everything that lies in the tray, as a person takes it."""
        if not self.sheets:
            raise ImpossibleAct("no sheet lies in the tray")
        self.taken, self.sheets = self.sheets, []
        self._tell_tray()
        return self.taken

    def _tell_tray(self) -> None:
        if self.on_tray is not None:
            self.on_tray(len(self.sheets))


class ReceiptSlot(PaperSupply):
    """A roll, a cutter and a slot; ``on_slot`` hears how many receipts stand in it."""

    def __init__(self, *, paper: int) -> None:
        super().__init__(paper)
        self.receipts: list[Image.Image] = []
        self.taken: list[Image.Image] = []
        self.on_slot: Callable[[int], None] | None = None

    def present(self, receipt: Image.Image) -> bool:
        """Cut one receipt off; False when it could not be printed."""
        if not self._pick():
            return False
        self.receipts.append(receipt)
        self._tell_slot()
        self._dropped()
        return True

    def take(self) -> list[Image.Image]:
        if not self.receipts:
            raise ImpossibleAct("no receipt stands in the slot")
        self.taken, self.receipts = self.receipts, []
        self._tell_slot()
        return self.taken

    def _tell_slot(self) -> None:
        if self.on_slot is not None:
            self.on_slot(len(self.receipts))


class DescriptorSource:
    """Reads ``length`` bytes of a descriptor from its beginning, leaving its position alone."""

    def __init__(self, fd: int, length: int) -> None:
        self._fd = fd
        self._length = length
        self._at = 0

    def read(self, size: int, /) -> bytes:
        chunk = os.pread(self._fd, min(size, self._length - self._at), self._at)
        self._at += len(chunk)
        return chunk


def sheets_of(pages: Iterator[Page]) -> Iterator[Sheet]:
    """Pages as they share paper."""
    for page in pages:
        yield Sheet(page, next(pages, None) if page.duplex else None)


def picture(rows: Rows, width_px: int) -> Image.Image:
    """Packed rows (1 = black) as a 1-bit image (1 = white)."""
    return Image.frombytes("1", (width_px, rows.shape[0]), rows.tobytes(), "raw", "1;I")
