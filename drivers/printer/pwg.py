"""1-bit PWG raster (PWG 5102.4-2012, type black_1): a vectorised writer and a strict reader.

A stream is ``RaS2``, then for each page a big-endian header of 1796 bytes and the lines. A line is
one byte (how many times more it repeats), then PackBits over its bytes: 0-127 repeats the next byte
1-128 times, 129-255 copies 128-2 bytes as they are, 128 means nothing here. Rows are packed eight
pixels to a byte, leftmost pixel in the highest bit, **1 is black**, as on the wire.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from drivers.printer import PageFormat
from drivers.printer.a4 import A4, SHEET_BACKS

Rows = npt.NDArray[np.uint8]
_Counts = npt.NDArray[np.int64]

SYNC = b"RaS2"
HEADER_SIZE = 1796

_MAGIC = b"PwgRaster"
_BLACK = 3  # ColorSpace "K": 1 is ink
_PACKBITS_MAX = 128
_REPEATS_MAX = 256
_BAND_ROWS = 1024  # keeps the writer's index arrays near 10 MB whatever the page holds
_SIDE_MAX_PX = 32_768  # A3 at 1200 dpi is 19,843; more is a broken header, not a page
_MIRRORED = 0xFFFFFFFF  # a transform of -1

_CUT, _DUPLEX, _RESOLUTION, _PAGE_SIZE, _TUMBLE = 268, 272, 276, 352, 368
_WIDTH, _HEIGHT, _BITS_PER_COLOR, _BITS_PER_PIXEL, _BYTES_PER_LINE = 372, 376, 384, 388, 392
_COLOR_ORDER, _COLOR_SPACE, _NUM_COLORS, _TOTAL_PAGES = 396, 400, 420, 452
_CROSS_FEED, _FEED, _IMAGE_BOX = 456, 460, 464
_MEDIA_TYPE, _SIZE_NAME = 128, 1732


class PwgError(ValueError):
    """The bytes are not 1-bit PWG raster; ``offset`` is where in the stream that shows."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"PWG raster, byte {offset}: {reason}")
        self.offset = offset


class ByteSink(Protocol):
    def write(self, data: bytes, /) -> object: ...


class ByteSource(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One side of a sheet; ``rows`` lie as sent, ``upright`` as a reader holds them."""

    number: int
    total: int
    dpi: int
    width_px: int
    rows: Rows
    duplex: bool
    tumble: bool
    cross_feed: int
    feed: int

    @property
    def height_px(self) -> int:
        return int(self.rows.shape[0])

    def upright(self) -> Rows:
        return _turned(self.rows, self.width_px, self.cross_feed, self.feed)


def write_page(
    stream: ByteSink, rows: Rows, page_number: int, total: int, page_format: PageFormat
) -> None:
    """Append one page (numbered from 1); the first brings the stream's sync word with it.

    ``rows`` is uint8 of shape (height, ceil(width / 8)), upright, 1 = black. The backs of two-sided
    sheets are turned here as ``page_format.sheet_back`` asks. Raises ValueError for another shape.
    """
    expected = (page_format.height_px, -(-page_format.width_px // 8))
    if rows.dtype != np.uint8 or rows.shape != expected:
        raise ValueError(f"page of {rows.shape} {rows.dtype} where {expected} uint8 was promised")
    if not 1 <= page_number <= total:
        raise ValueError(f"page {page_number} of {total}")
    cross_feed, feed = _transform(page_number, page_format)
    if page_number == 1:
        stream.write(SYNC)
    stream.write(_header(total, page_format, cross_feed, feed))
    for band in _packed(_turned(rows, page_format.width_px, cross_feed, feed)):
        stream.write(band)


def read_pages(stream: ByteSource) -> Iterator[Page]:
    """Each page of a stream, in order; raises PwgError at the first byte that is not lawful."""
    source = _Source(stream)
    if source.take(len(SYNC), "the sync word") != SYNC:
        raise PwgError(0, "does not begin with RaS2")
    number = total = 0
    while source.more():
        number += 1
        page = _read_page(source, number)
        if total not in (0, page.total) or (page.total and number > page.total):
            raise PwgError(source.offset, f"page {number} of a set of {total or page.total}")
        total = page.total
        yield page
    if number == 0 or (total and number != total):
        raise PwgError(source.offset, f"ends after {number} of {total or 'at least 1'} pages")


# --- writing


def _transform(page_number: int, page_format: PageFormat) -> tuple[int, int]:
    """How a back is turned for the printer's paper path (PWG 5102.4 table 9, long edge)."""
    if page_format.sheet_back not in SHEET_BACKS:
        raise ValueError(f"unknown sheet back {page_format.sheet_back!r}")
    if not page_format.duplex or page_number % 2:
        return 1, 1
    return {"flipped": (1, -1), "rotated": (-1, -1)}.get(page_format.sheet_back, (1, 1))


def _turned(rows: Rows, width_px: int, cross_feed: int, feed: int) -> Rows:
    """Mirror in either direction; doing it twice restores the page."""
    if feed < 0:
        rows = rows[::-1]
    if cross_feed < 0:
        pixels = np.unpackbits(rows, axis=1)[:, :width_px]
        rows = np.packbits(pixels[:, ::-1], axis=1)
    return rows


def _header(total: int, page: PageFormat, cross_feed: int, feed: int) -> bytes:
    header = bytearray(HEADER_SIZE)
    for at, text in ((0, _MAGIC), (_MEDIA_TYPE, b"stationery"), (_SIZE_NAME, A4.encode())):
        header[at : at + len(text)] = text

    def put(at: int, *values: int) -> None:
        struct.pack_into(f">{len(values)}I", header, at, *(v & 0xFFFFFFFF for v in values))

    put(_DUPLEX, int(page.duplex))
    put(_RESOLUTION, page.dpi, page.dpi)
    put(_PAGE_SIZE, page.width_px * 72 // page.dpi, page.height_px * 72 // page.dpi)
    put(_WIDTH, page.width_px, page.height_px)
    put(_BITS_PER_COLOR, 1, 1, -(-page.width_px // 8))
    put(_COLOR_SPACE, _BLACK)
    put(_NUM_COLORS, 1)
    put(_TOTAL_PAGES, total)
    put(_CROSS_FEED, cross_feed, feed)
    put(_IMAGE_BOX, 0, 0, page.width_px, page.height_px)
    return bytes(header)


def _packed(rows: Rows) -> Iterator[bytes]:
    """The page's lines, equal neighbours folded into one with a count."""
    first = np.flatnonzero(np.append(True, (rows[1:] != rows[:-1]).any(axis=1)))
    origin, offset, repeats = _split(np.diff(first, append=len(rows)), _REPEATS_MAX)
    line = first[origin] + offset
    for start in range(0, len(line), _BAND_ROWS):
        band = slice(start, start + _BAND_ROWS)
        yield _packbits(np.ascontiguousarray(rows[line[band]]), repeats[band])


def _split(lengths: _Counts, limit: int) -> tuple[_Counts, _Counts, _Counts]:
    """Cut each run into pieces of at most ``limit``: (which run, offset in it, size) per piece."""
    pieces = -(-lengths // limit)
    origin = np.repeat(np.arange(len(lengths)), pieces)
    nth = np.arange(len(origin)) - (np.cumsum(pieces) - pieces)[origin]
    return origin, nth * limit, np.minimum(lengths[origin] - nth * limit, limit)


def _packbits(lines: Rows, repeats: _Counts) -> bytes:
    """PackBits of whole lines at once: find the runs, lay out the pieces, then fill them in."""
    width = lines.shape[1]
    flat = lines.reshape(-1)
    start, size, repeated = _pieces(flat, width)
    opens_line = start % width == 0
    length = np.where(repeated, 2, size + 1) + opens_line
    end = np.cumsum(length)
    control = end - length + opens_line
    out = np.empty(end[-1], np.uint8)
    out[control[opens_line] - 1] = repeats - 1
    out[control] = np.where(repeated, size - 1, 257 - size)
    out[control[repeated] + 1] = flat[start[repeated]]
    literal = ~repeated
    counts = size[literal]
    index = np.arange(counts.sum())
    before = np.cumsum(counts) - counts
    to = np.repeat(control[literal] + 1 - before, counts)
    out[index + to] = flat[index + np.repeat(start[literal] - before, counts)]
    return out.tobytes()


def _pieces(flat: Rows, width: int) -> tuple[_Counts, _Counts, npt.NDArray[np.bool_]]:
    """(start, size, is a repeat) of every PackBits piece; none crosses a line's end."""
    changes = np.append(True, flat[1:] != flat[:-1])
    changes[::width] = True
    run = np.flatnonzero(changes)
    long = np.diff(run, append=flat.size) > 2  # a pair costs less inside a literal
    opens = long | (run % width == 0)
    opens[1:] |= long[:-1]
    piece = run[opens]
    origin, offset, size = _split(np.diff(piece, append=flat.size), _PACKBITS_MAX)
    # One byte cannot be a literal: the code for it would be 256.
    return piece[origin] + offset, size, long[opens][origin] | (size == 1)


# --- reading


class _Source:
    """A buffered stream that knows its offset."""

    def __init__(self, stream: ByteSource) -> None:
        self._stream = stream
        self.data = b""
        self.at = 0
        self._dropped = 0

    @property
    def offset(self) -> int:
        return self._dropped + self.at

    def fill(self, size: int) -> None:
        """Have ``size`` bytes ahead, or all there are."""
        while len(self.data) - self.at < size:
            chunk = self._stream.read(max(size, 65_536))
            if not chunk:
                return
            self._dropped += self.at
            self.data = self.data[self.at :] + chunk
            self.at = 0

    def more(self) -> bool:
        self.fill(1)
        return self.at < len(self.data)

    def take(self, size: int, what: str) -> bytes:
        self.fill(size)
        taken = self.data[self.at : self.at + size]
        if len(taken) < size:
            raise PwgError(self.offset + len(taken), f"ends inside {what}")
        self.at += size
        return taken


def _read_page(source: _Source, number: int) -> Page:
    begins = source.offset
    header = source.take(HEADER_SIZE, f"the header of page {number}")
    _require_black_1(header, begins)
    width, height = _number(header, _WIDTH), _number(header, _HEIGHT)
    rows = np.empty((height, -(-width // 8)), np.uint8)
    y = 0
    while y < height:
        y = _read_line(source, rows, y)
    return Page(
        number=number,
        total=_number(header, _TOTAL_PAGES),
        dpi=_number(header, _RESOLUTION),
        width_px=width,
        rows=rows,
        duplex=_number(header, _DUPLEX) != 0,
        tumble=_number(header, _TUMBLE) != 0,
        cross_feed=_direction(header, _CROSS_FEED, begins),
        feed=_direction(header, _FEED, begins),
    )


def _number(header: bytes, at: int) -> int:
    return int.from_bytes(header[at : at + 4], "big")


def _direction(header: bytes, at: int, begins: int) -> int:
    value = _number(header, at)
    if value not in (1, _MIRRORED):
        raise PwgError(begins + at, f"a transform of {value}, neither 1 nor -1")
    return 1 if value == 1 else -1


def _require_black_1(header: bytes, begins: int) -> None:
    if not header.startswith(_MAGIC + b"\0"):
        raise PwgError(begins, "a page header that does not say PwgRaster")
    width, dpi = _number(header, _WIDTH), _number(header, _RESOLUTION)
    for at in (_WIDTH, _HEIGHT, _RESOLUTION):
        if not 1 <= _number(header, at) <= _SIDE_MAX_PX:
            raise PwgError(begins + at, f"{_number(header, at)} where a page has 1 to 32,768")
    lawful = {
        _RESOLUTION + 4: (dpi, "vertical resolution"),
        _BITS_PER_COLOR: (1, "bits per colour"),
        _BITS_PER_PIXEL: (1, "bits per pixel"),
        _BYTES_PER_LINE: (-(-width // 8), "bytes per line"),
        _COLOR_ORDER: (0, "colour order"),
        _COLOR_SPACE: (_BLACK, "colour space"),
        _NUM_COLORS: (1, "number of colours"),
    }
    for at, (value, name) in lawful.items():
        if _number(header, at) != value:
            raise PwgError(begins + at, f"{name} is {_number(header, at)}, not {value}")


def _read_line(source: _Source, rows: Rows, y: int) -> int:
    """Decode one line with its repeats into ``rows`` from ``y``; returns the next free row."""
    width = rows.shape[1]
    source.fill(1 + 2 * width)  # no lawful line is longer
    data, at = source.data, source.at
    begins = source.offset
    repeats = data[at] + 1 if at < len(data) else 1
    at += 1
    line = bytearray()
    while len(line) < width and at < len(data):
        code = data[at]
        if code < _PACKBITS_MAX:
            line += data[at + 1 : at + 2] * (code + 1)
            at += 2
        elif code > _PACKBITS_MAX:
            line += data[at + 1 : at + 258 - code]
            at += 258 - code
        else:
            raise PwgError(source.offset + at - source.at, "PackBits code 128")
    if at > len(data) or len(line) < width:
        raise PwgError(source.offset + len(data) - source.at, f"ends inside line {y}")
    if len(line) > width:
        raise PwgError(begins, f"line {y} holds {len(line)} bytes, not {width}")
    if y + repeats > len(rows):
        raise PwgError(begins, f"line {y} repeats past the last of {len(rows)} lines")
    source.at = at
    rows[y : y + repeats] = np.frombuffer(bytes(line), np.uint8)
    return y + repeats
