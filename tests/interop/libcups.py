"""CUPS' own raster code, by ctypes: the reader every Linux print filter uses, and its writer."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drivers.printer.pwg import Rows

_READ, _WRITE_PWG = 0, 3
_HEADER_SIZE = 1796  # cups_page_header2_t


class _Media(ctypes.Structure):
    """pwg_media_t."""

    _fields_ = (
        ("pwg", ctypes.c_char_p),
        ("legacy", ctypes.c_char_p),
        ("ppd", ctypes.c_char_p),
        ("width", ctypes.c_int),
        ("length", ctypes.c_int),
    )


def load() -> ctypes.CDLL | None:
    """The library with the raster functions: libcups itself since 2.3, libcupsimage before."""
    for name in ("libcups.so.2", "libcupsimage.so.2"):
        try:
            library = ctypes.CDLL(name, use_errno=True)
            library.cupsRasterOpen.restype = ctypes.c_void_p
        except (OSError, AttributeError):
            continue
        library.cupsRasterOpen.argtypes = (ctypes.c_int, ctypes.c_int)
        library.cupsRasterClose.argtypes = (ctypes.c_void_p,)
        header = (ctypes.c_void_p, ctypes.c_char_p)
        library.cupsRasterReadHeader2.argtypes = library.cupsRasterWriteHeader2.argtypes = header
        pixels = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint)
        library.cupsRasterReadPixels.argtypes = library.cupsRasterWritePixels.argtypes = pixels
        return library
    return None


@dataclass(frozen=True, slots=True, eq=False)
class CupsPage:
    rows: Rows
    dpi: tuple[int, int]
    size_pt: tuple[int, int]
    media: str
    duplex: bool
    total: int
    transform: tuple[int, int]


def read(library: ctypes.CDLL, path: Path) -> list[CupsPage]:
    pages: list[CupsPage] = []
    with _raster(library, path, os.O_RDONLY, _READ) as raster:
        header = ctypes.create_string_buffer(_HEADER_SIZE)
        while library.cupsRasterReadHeader2(raster, header):
            pages.append(_page(library, raster, header.raw))
    return pages


def write(library: ctypes.CDLL, path: Path, pages: list[Rows], dpi: int, sheet_back: str) -> None:
    """Two-sided A4 pages in black_1, as cups-filters would make them."""
    library.pwgMediaForPWG.restype = ctypes.POINTER(_Media)
    media = library.pwgMediaForPWG(b"iso_a4_210x297mm")
    header = ctypes.create_string_buffer(_HEADER_SIZE)
    with _raster(library, path, os.O_WRONLY | os.O_CREAT, _WRITE_PWG) as raster:
        for number, rows in enumerate(pages):
            back = sheet_back.encode() if number % 2 else None
            assert library.cupsRasterInitPWGHeader(
                header, media, b"black_1", dpi, dpi, b"two-sided-long-edge", back
            )
            height, bytes_per_line = _number(header.raw, 376), _number(header.raw, 392)
            assert rows.shape == (height, bytes_per_line)
            assert library.cupsRasterWriteHeader2(raster, header)
            for row in rows:
                assert library.cupsRasterWritePixels(raster, row.tobytes(), bytes_per_line)


@contextmanager
def _raster(library: ctypes.CDLL, path: Path, flags: int, mode: int) -> Generator[int]:
    fd = os.open(path, flags, 0o600)
    try:
        raster = library.cupsRasterOpen(fd, mode)
        assert raster, f"CUPS does not open {path.name} as raster"
        try:
            yield raster
        finally:
            library.cupsRasterClose(raster)
    finally:
        os.close(fd)


def _page(library: ctypes.CDLL, raster: int, header: bytes) -> CupsPage:
    height, bytes_per_line = _number(header, 376), _number(header, 392)
    # One bit a pixel, one colour, colour space K: what the printer was promised.
    assert [_number(header, at) for at in (384, 388, 400, 420)] == [1, 1, 3, 1]
    rows = np.empty((height, bytes_per_line), np.uint8)
    for row in rows:
        read = library.cupsRasterReadPixels(raster, row.ctypes.data, bytes_per_line)
        assert read == bytes_per_line
    return CupsPage(
        rows=rows,
        dpi=(_number(header, 276), _number(header, 280)),
        size_pt=(_number(header, 352), _number(header, 356)),
        media=header[1732:].split(b"\0")[0].decode(),
        duplex=bool(_number(header, 272)),
        total=_number(header, 452),
        transform=(_number(header, 456, signed=True), _number(header, 460, signed=True)),
    )


def _number(header: bytes, at: int, *, signed: bool = False) -> int:
    """CUPS hands the header over in the machine's own byte order."""
    return int.from_bytes(header[at : at + 4], sys.byteorder, signed=signed)
