"""The few ESC/POS commands a receipt drawn as an image needs, and the real-time status answers.

Written out here rather than taken from python-escpos: importing that costs 0.3 s and 13 MB at start
and its ``image()`` prints to standard output; the tests hold our bytes against its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps

from drivers.errors import PrinterFault
from drivers.printer import PaperState, PrinterStatus

INITIALISE = b"\x1b@"
NO_AUTOMATIC_STATUS = b"\x1da\x00"  # only answers we asked for may arrive
FEED_AND_CUT = b"\x1dVB\x00"  # GS V 66: to the cutter first, then cut
CLEAR_BUFFERS = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 fn 8, obeyed even when busy
STATUS_KINDS = (1, 2, 3, 4)  # DLE EOT: printer, why offline, errors, paper

_DLE_EOT = re.compile(rb"\x10\x04[\x01-\x04]")

# Short strips leave room for status questions in between, and are far below any 16-bit length.
STRIP_ROWS = 256


def ask_status(kind: int) -> bytes:
    """DLE EOT n, answered at once with one byte, also while printing or out of paper."""
    return bytes((0x10, 0x04, kind))


def may_be_answered(data: bytes) -> bool:
    """Does it hold DLE EOT by chance? Printers obey that inside an image as well."""
    return _DLE_EOT.search(data) is not None


def strips(image: Image.Image) -> Iterator[bytes]:
    """GS v 0 for every 256 rows of a 1-bit image (its zeros are ink)."""
    width = -(-image.width // 8)
    rows = ImageOps.invert(image.convert("L")).convert("1", dither=Image.Dither.NONE).tobytes()
    for top in range(0, image.height, STRIP_ROWS):
        count = min(STRIP_ROWS, image.height - top)
        size = width.to_bytes(2, "little") + count.to_bytes(2, "little")
        yield b"\x1dv0\x00" + size + rows[top * width : (top + count) * width]


@dataclass(frozen=True, slots=True)
class StatusBytes:
    """The four answers; None where the printer said nothing that can be one."""

    printer: int | None
    offline: int | None
    error: int | None
    paper: int | None


def is_status(answer: int) -> bool:
    """Bits 1 and 4 are always set, 0 and 7 never: anything else is noise on the line."""
    return answer & 0b1001_0011 == 0b0001_0010


def receipt_status(said: StatusBytes) -> PrinterStatus:
    """A printer that does not answer is offline and its paper unknown, never plenty."""
    if said.printer is None or said.offline is None or said.error is None or said.paper is None:
        return PrinterStatus(PaperState.UNKNOWN, frozenset({PrinterFault.OFFLINE}), 0, None)
    found: set[PrinterFault] = set()
    if said.offline & 0x04:
        found.add(PrinterFault.COVER_OPEN)
    if said.offline & 0x20 or said.paper & 0x60:
        found.add(PrinterFault.PAPER_OUT)
    if said.error & 0x08:  # the cutter stands in the paper
        found.add(PrinterFault.PAPER_JAM)
    if said.error & 0x60 and not found:
        found.add(PrinterFault.OTHER)
    if said.printer & 0x08 and not found:
        found.add(PrinterFault.OFFLINE)
    return PrinterStatus(_paper(said.paper, found), frozenset(found), 0, None)


def _paper(paper: int, found: set[PrinterFault]) -> PaperState:
    if PrinterFault.PAPER_JAM in found:
        return PaperState.JAMMED
    if PrinterFault.PAPER_OUT in found:
        return PaperState.OUT
    return PaperState.LOW if paper & 0x0C else PaperState.OK
