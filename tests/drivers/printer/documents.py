"""Documents to print, as the document worker hands them over: PWG raster in anonymous memory."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

import numpy as np

from drivers.device import Device, DeviceEvent
from drivers.printer import DocumentPrinter, PageFormat, PrintJob, PrintProgress
from drivers.printer.pwg import Rows, write_page

# A sheet small enough that a test prints many; no printer here measures what it is given.
SMALL = PageFormat(dpi=300, width_px=400, height_px=120)


def page_rows(page: PageFormat, number: int) -> Rows:
    """Ink that differs from page to page and has no symmetry: lines, runs and noise."""
    generator = np.random.default_rng(number)
    shape = (page.height_px, -(-page.width_px // 8))
    rows = generator.integers(0, 256, shape, dtype=np.uint8)
    rows[generator.random(shape) < 0.9] = 0
    rows[: shape[0] // 3] = rows[0]
    if page.width_px % 8:
        rows[:, -1] &= 0xFF << (8 - page.width_px % 8) & 0xFF
    return rows


def raster(pages: int, page: PageFormat) -> bytes:
    stream = io.BytesIO()
    for number in range(1, pages + 1):
        write_page(stream, page_rows(page, number), number, pages, page)
    return stream.getvalue()


@contextmanager
def print_job(pages: int, page: PageFormat = SMALL, name: str = "order") -> Generator[PrintJob]:
    data = raster(pages, page)
    sheets = -(-pages // 2) if page.duplex else pages
    with memory(data) as fd:
        yield PrintJob(name, fd, len(data), sheets, page)


@contextmanager
def memory(data: bytes) -> Generator[int]:
    fd = os.memfd_create("document")
    try:
        os.write(fd, data)
        yield fd
    finally:
        os.close(fd)


async def printed(printer: DocumentPrinter, job: PrintJob) -> list[PrintProgress]:
    return [step async for step in printer.print_document(job)]


async def next_event(device: Device, kind: type[DeviceEvent]) -> DeviceEvent:
    """The next event of a kind, whatever comes before it."""

    async def look() -> AsyncIterator[DeviceEvent]:
        async for event in device.events():
            if isinstance(event, kind):
                yield event

    async with asyncio.timeout(10):
        return await anext(look())
