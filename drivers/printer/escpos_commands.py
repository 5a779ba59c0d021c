"""The few ESC/POS commands a receipt drawn as an image needs, and the real-time status answers.

Images are encoded by python-escpos, as an encoder only: its transports, its status (silence reads as
plenty of paper) and its text (GB18030 for Japanese) are not used. Importing it costs 0.3 s, so it comes
with the first receipt printer that is opened, on that printer's own thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from PIL import Image

from drivers.errors import PrinterFault
from drivers.printer import PaperState, PrinterStatus

if TYPE_CHECKING:
    from escpos.printer import Dummy

INITIALISE = b"\x1b@"
NO_AUTOMATIC_STATUS = b"\x1da\x00"  # only answers we asked for may arrive
FEED_AND_CUT = b"\x1dVB\x00"  # GS V 66: to the cutter first, then cut
CLEAR_BUFFERS = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 fn 8, obeyed even when busy
STATUS_KINDS = (1, 2, 3, 4)  # DLE EOT: printer, why offline, errors, paper

_DLE_EOT = re.compile(rb"\x10\x04[\x01-\x04]")

# Short strips leave room for status questions in between, and are far below any 16-bit length.
STRIP_ROWS = 256
_WORTH_SKIPPING = 4
WIDEST_PX = 1728  # 216 mm rolls at 8 dots a millimetre


def ask_status(kind: int) -> bytes:
    """DLE EOT n, answered at once with one byte, also while printing or out of paper."""
    return bytes((0x10, 0x04, kind))


def may_be_answered(data: bytes) -> bool:
    """Does it hold DLE EOT by chance? Printers obey that inside an image as well."""
    return _DLE_EOT.search(data) is not None


@cache
def _encoder() -> Dummy:
    """Without a profile of known width python-escpos prints a remark for every image."""
    from escpos.capabilities import Profile  # noqa: PLC0415
    from escpos.printer import Dummy  # noqa: PLC0415

    profile = Profile()
    profile.profile_data = {**profile.profile_data, "media": {"width": {"pixels": WIDEST_PX}}}
    return Dummy(profile=profile)


def warm_up() -> None:
    """Load the encoder ahead of need."""
    _encoder()


def strips(image: Image.Image) -> Iterator[bytes]:
    """GS v 0 for every 256 rows of a 1-bit image (its zeros are ink).

    Raster is sent as it is, so what is white is not sent where that can be had: rows without ink are eight
    dots wide, and others as far as their ink goes. That moves paper by nothing but raster, which every
    printer measures in its own dots.
    """
    encoder = _encoder()
    for top in range(0, image.height, STRIP_ROWS):
        encoder.clear()
        strip = image.crop((0, top, image.width, min(top + STRIP_ROWS, image.height)))
        for piece in _pieces(strip):
            encoder.image(piece, impl="bitImageRaster", fragment_height=STRIP_ROWS)
        yield encoder.output


def _pieces(strip: Image.Image) -> Iterator[Image.Image]:
    """The strip from top to bottom, each piece as wide as it has ink."""
    octets = -(-strip.width // 8)
    data = strip.convert("1").tobytes()
    inked = [len(data[at : at + octets].rstrip(b"\xff")) for at in range(0, len(data), octets)]
    top = 0
    for is_white, rows in _runs(inked):
        width = 8 if is_white else 8 * max(1, *inked[top : top + rows])
        yield strip.crop((0, top, min(width, strip.width), top + rows))
        top += rows


def _runs(inked: list[int]) -> Iterator[tuple[bool, int]]:
    """Rows of one kind, white or not; a little white among ink is not worth a command of its own."""
    pending = 0
    for is_white, group in groupby(inked, key=lambda octets: octets == 0):
        rows = len(list(group))
        if is_white and rows >= _WORTH_SKIPPING:
            if pending:
                yield False, pending
            yield True, rows
            pending = 0
        else:
            pending += rows
    if pending:
        yield False, pending


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
