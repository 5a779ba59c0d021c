"""The chart that `madoguchi calibrate` prints: each pair of screens in a field of its own, with its number.

Whoever is there copies the sheet on the copiers that people use, and says in which field the words stand out
on the copies and not on the sheet. Prints through the configured printer, as documents are printed.
"""

from __future__ import annotations

import os
from contextlib import aclosing

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drivers.printer import DocumentPrinter, PageFormat, PrintCompleted, PrintJob
from drivers.printer.pwg import write_page
from terminal.document.ground import DPI, PAIRS, Rows, pattern
from terminal.errors import TerminalError
from terminal.grounds import WORDS

_ACROSS = 2
_MARGIN_PX = 300  # half an inch, where printers do not reach
_LABEL_PX = 200


class CannotCalibrate(TerminalError):
    """The printer has no use for a ground; the message says why."""


async def print_chart(printer: DocumentPrinter, font: str) -> None:
    """One sheet. Raises CannotCalibrate, DriverError."""
    page = await printer.page_format()
    if page.dpi != DPI:
        raise CannotCalibrate(
            f"the printer takes {page.dpi} dots an inch: a ground needs {DPI}, and paper is printed without"
        )
    single = PageFormat(page.dpi, page.width_px, page.height_px)
    sink = _Memory()
    try:
        write_page(sink, chart(single, font), 1, 1, single)
        job = PrintJob("calibration", sink.fd, sink.length, 1, single)
        async with aclosing(printer.print_document(job)) as steps:
            async for step in steps:
                if isinstance(step, PrintCompleted):
                    return
    finally:
        os.close(sink.fd)


def chart(page: PageFormat, font: str) -> Rows:
    """The sheet as packed rows: four fields, two by two, with their numbers in black."""
    picture = np.zeros((page.height_px, page.width_px), np.bool_)
    wide = (page.width_px - 2 * _MARGIN_PX) // _ACROSS // 8 * 8
    high = (page.height_px - 2 * _MARGIN_PX) // (-(-len(PAIRS) // _ACROSS))
    for place, pair in enumerate(PAIRS):
        top = _MARGIN_PX + place // _ACROSS * high + _LABEL_PX
        left = _MARGIN_PX + place % _ACROSS * wide
        size = (high - _LABEL_PX - 100, wide - 104)
        field = np.unpackbits(pattern(pair, size[1], size[0], font, WORDS), axis=1)
        picture[top : top + size[0], left : left + size[1]] = field[:, : size[1]]
    labels = Image.fromarray(picture)
    pen = ImageDraw.Draw(labels)
    face = ImageFont.truetype(font, 140)
    for place, pair in enumerate(PAIRS):
        top, left = _MARGIN_PX + place // _ACROSS * high, _MARGIN_PX + place % _ACROSS * wide
        pen.text((left, top), pair, font=face, fill=1)
    packed: Rows = np.packbits(np.asarray(labels), axis=1)
    return packed


class _Memory:
    """A file without a disk."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("madoguchi-chart", os.MFD_CLOEXEC)
        self.length = 0

    def write(self, data: bytes) -> int:
        os.write(self.fd, data)
        self.length += len(data)
        return len(data)
