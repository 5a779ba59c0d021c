"""One-page PDFs as a person would see them: their text for the clerk, their pixels for the printer.

The printer gets one bit a pixel. Smoothing is off, so that strokes keep hard edges instead of
dithered ones, and what the city draws in a lighter tone (見本, a seal) goes through a clustered-dot
screen: cut at one threshold it would vanish from the paper.

A page is rendered in bands, so that no grey picture of the whole of it (35 MB at 600 dpi) exists.
"""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pypdfium2
import pypdfium2.raw as pdfium

from drivers.printer import PageFormat
from terminal.document.memory import LockedMemory

Rows = npt.NDArray[np.uint8]

_BANDS = 16
_HEAD_PT = 24 / 25.4 * 72  # of a sheet's 297 mm
_SCREEN_PX = 8  # 106 lines an inch at 600 dpi: finer than a copy-void's coarse dots
_SOLID_BELOW = 112  # darker than this is ink all over, so that thin coloured lines stay lines
_HARD_EDGES = (
    pdfium.FPDF_GRAYSCALE
    | pdfium.FPDF_RENDER_NO_SMOOTHTEXT
    | pdfium.FPDF_RENDER_NO_SMOOTHPATH
    | pdfium.FPDF_RENDER_NO_SMOOTHIMAGE
)


class UnreadablePage(ValueError):
    """Not a PDF of exactly one page."""


class PdfPage:
    """The only page of a PDF. A context manager: pdfium's own memory is freed at the end."""

    def __init__(self, data: bytes) -> None:
        try:
            self._document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise UnreadablePage("pdfium cannot open it") from error
        if len(self._document) != 1:
            self._document.close()
            raise UnreadablePage("not exactly one page")
        try:
            self._page = self._document[0]
        except pypdfium2.PdfiumError as error:
            self._document.close()
            raise UnreadablePage("pdfium cannot load its page") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._page.close()
        self._document.close()

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height as displayed, in points."""
        width, height = self._page.get_size()
        return float(width), float(height)

    def text(self) -> str:
        """Every character on the page, in the PDF's own order."""
        page = self._page.get_textpage()
        try:
            return str(page.get_text_range())
        finally:
            page.close()

    def head(self) -> str:
        """The characters of the uppermost strip, where title and page number stand."""
        page = self._page.get_textpage()
        width, height = self.size_pt
        try:
            return str(page.get_text_bounded(0, height - _HEAD_PT, width, height))
        finally:
            page.close()

    def render(self, bitmap: object, width: int, height: int, top: int) -> None:
        """Draw the page, ``width`` x ``height`` pixels in all, shifted up by ``top``."""
        pdfium.FPDF_RenderPageBitmap(bitmap, self._page.raw, 0, -top, width, height, 0, _HARD_EDGES)


class Rasteriser:
    """Turns pages into rows for ``page_format``, over and over in the same locked memory."""

    def __init__(self, page_format: PageFormat) -> None:
        self._width = page_format.width_px
        self._height = page_format.height_px
        # Whole screen cells a band, so that the screen goes on evenly from one to the next.
        self._band = -(-self._height // _BANDS // _SCREEN_PX) * _SCREEN_PX
        self._stride = -(-self._width // _SCREEN_PX) * _SCREEN_PX
        self._grey_memory = LockedMemory(self._stride * self._band)
        self._rows_memory = LockedMemory(self._height * -(-self._width // 8))
        self._grey = np.frombuffer(self._grey_memory.view, np.uint8).reshape(self._band, -1)
        self.rows: Rows = np.frombuffer(self._rows_memory.view, np.uint8).reshape(self._height, -1)
        self._tile = np.tile(_screen(), self._stride // _SCREEN_PX)

    @property
    def locked(self) -> bool:
        return self._grey_memory.locked and self._rows_memory.locked

    def rasterise(self, page: PdfPage) -> Rows:
        """Packed rows, 1 = black, the A4 page filling them exactly; valid until the next call."""
        bitmap = pdfium.FPDFBitmap_CreateEx(
            self._width,
            self._band,
            pdfium.FPDFBitmap_Gray,
            ctypes.c_void_p(self._grey.ctypes.data),
            self._stride,
        )
        try:
            for top in range(0, self._height, self._band):
                self._grey_memory_white()
                page.render(bitmap, self._width, self._height, top)
                self._pack_band(top)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
            self._grey_memory.wipe()
        return self.rows

    def wipe(self) -> None:
        """Zero both pictures."""
        self._grey_memory.wipe()
        self._rows_memory.wipe()

    def _grey_memory_white(self) -> None:
        self._grey.fill(255)

    def _pack_band(self, top: int) -> None:
        cells = self._grey.reshape(-1, _SCREEN_PX, self._stride)
        ink = np.less(cells, self._tile).reshape(self._band, self._stride)
        height = min(self._band, self._height - top)
        self.rows[top : top + height] = np.packbits(ink[:height, : self._width], axis=1)
        ink.fill(0)


def ink_ratio(rows: Rows, width_px: int) -> float:
    """How much of the page is black, from 0 to 1."""
    black = int(np.bitwise_count(rows).sum(dtype=np.int64))
    return black / (len(rows) * width_px)


def _screen() -> Rows:
    """Grey levels below which a pixel of the 45-degree cell is inked; dots grow from two centres."""
    y, x = np.mgrid[0:_SCREEN_PX, 0:_SCREEN_PX] * (2 * np.pi / _SCREEN_PX)
    # The small phases break ties, so that dots grow pixel by pixel.
    hill = np.cos(x + y + 0.4) + np.cos(x - y + 0.2)
    cells = _SCREEN_PX * _SCREEN_PX
    rank = np.empty(cells, np.int64)
    rank[np.argsort(-hill.ravel(), kind="stable")] = np.arange(cells)
    # The first dot to be inked has the highest threshold; pure white (255) never is.
    levels = 255 * (cells - rank - 0.5) / cells
    screen: Rows = np.maximum(levels, _SOLID_BELOW).astype(np.uint8).reshape(_SCREEN_PX, _SCREEN_PX)
    return screen
