"""What we send, as CUPS' server received it and CUPS' own raster reader sees it: pixel-identical."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from drivers.printer import PageFormat, PrintCompleted
from drivers.printer.a4 import SHEET_BACKS, a4
from drivers.printer.ipp import IppPrinter
from drivers.printer.ipp_job import Patience
from drivers.printer.ippeveprinter import EvePrinter
from drivers.printer.pwg import Rows, read_pages
from tests.drivers.printer.documents import page_rows, print_job, printed, raster
from tests.drivers.printer.test_contract import MISSING
from tests.interop import libcups


@pytest.fixture(scope="module")
def cups() -> ctypes.CDLL:
    library = libcups.load()
    if library is None:
        pytest.skip("no libcups raster reader here (Debian packages: libcups2, libcupsimage2)")
    return library


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize("duplex", [False, True], ids=["one-sided", "two-sided"])
@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize("dpi", [300, 600])
async def test_r29_the_job_a_server_received_is_pixel_identical(
    cups: ctypes.CDLL, tmp_path: Path, dpi: int, pages: int, duplex: bool
) -> None:
    page = a4(dpi, duplex=duplex)
    async with EvePrinter(dpi=(dpi,), keep=tmp_path) as eve:
        async with IppPrinter(
            "a4", eve.uri, duplex=duplex, patience=Patience(poll=0.05)
        ) as printer:
            assert await printer.page_format() == page
            with print_job(pages, page) as job:
                assert isinstance((await printed(printer, job))[-1], PrintCompleted)
    found = libcups.read(cups, only(tmp_path))
    assert len(found) == pages
    for number, seen in enumerate(found, 1):
        assert (seen.rows == page_rows(page, number)).all()
        assert seen.dpi == (dpi, dpi)
        assert seen.size_pt == (595, 841)
        assert (seen.media, seen.duplex, seen.total) == ("iso_a4_210x297mm", duplex, pages)


@pytest.mark.parametrize("sheet_back", SHEET_BACKS)
def test_backs_are_marked_as_cups_marks_them(
    cups: ctypes.CDLL, tmp_path: Path, sheet_back: str
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_bytes(raster(2, a4(300, duplex=True, sheet_back=sheet_back)))
    libcups.write(cups, theirs, cups_pages(2), 300, sheet_back)
    marks = [[page.transform for page in libcups.read(cups, path)] for path in (ours, theirs)]
    assert marks[0] == marks[1]


def test_what_cups_writes_we_read(cups: ctypes.CDLL, tmp_path: Path) -> None:
    """A second maker for our reader, with PackBits choices and repeats that are not ours."""
    pages = cups_pages(3)
    pages[1][200:1000] = pages[1][200]
    pages[2][:] = 0
    libcups.write(cups, path := tmp_path / "theirs", pages, 300, "normal")
    with path.open("rb") as stream:
        found = list(read_pages(stream))
    assert len(found) == 3
    for page, rows in zip(found, pages, strict=True):
        assert (page.rows == rows).all()
        assert (page.dpi, page.duplex, page.total) == (300, True, 0)


def only(directory: Path) -> Path:
    (path,) = directory.glob("*.pwg")
    return path


def cups_pages(count: int) -> list[Rows]:
    # CUPS cuts the height as well: one row less than a page of ours.
    page = PageFormat(dpi=300, width_px=2480, height_px=3507)
    return [np.ascontiguousarray(page_rows(page, number)) for number in range(1, count + 1)]
