"""From sealed pages to paper's dots: what the worker takes for a page, and what others take for the dots alone.

Three pages of one set at 600 dots an inch. Ours is all that happens between the sealed document and the
printer: opening, the manifest, the clerk's reading, the dots, the ground, the seal read back from them, and
PWG raster in locked memory. The peers only turn the same PDF into dots: two of them into files of the same
kind, one into plain bitmaps.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from backend.city.opening import SAMPLE, load_cities
from backend.city.registry import filling
from backend.city.registry.records import Records
from drivers.printer import PageFormat, PrintJob, PrintStarted
from drivers.printer.ipp import IppPrinter
from drivers.printer.ippeveprinter import EvePrinter
from terminal.document.handle import DocumentWorker
from terminal.document.messages import Expected
from terminal.grounds import Grounds
from terminal.link import wire
from tests.backend.city.counter import NOON, SERIAL, Counter, make_card
from tests.backend.city.households import household, member

NATIVE = PageFormat(dpi=600, width_px=4960, height_px=7016)
HOLDER = "t-nine-0"
ITEMS = ("head_and_relationship", "registered_domicile", "my_number")
PAGES = 3
ROUNDS = 7
RESOLUTION = "Resolution=600dpi ColorModel=Gray print-color-mode=monochrome"
GHOSTSCRIPT = [
    "gs",
    "-q",
    "-dNOPAUSE",
    "-dBATCH",
    "-sDEVICE=pwgraster",
    "-r600",
    "-dcupsColorSpace=3",
    "-dcupsBitsPerColor=1",
    "-dcupsBitsPerPixel=1",
]


@dataclass(frozen=True)
class Source:
    """A city that issues the set, and what the visit knows of it."""

    counter: Counter
    order: wire.Order
    expected: Expected
    city_keys: dict[str, bytes]

    def sealed(self, public_key: bytes) -> wire.SealedDocument:
        city = self.counter.cities[self.order.city]
        signed, holder = self.counter.signed(self.order), self.counter.holder(HOLDER)
        document = city.issue(signed, holder, 1, public_key, SERIAL, NOON, began=NOON)
        return wire.SealedDocument(order=self.order.order, copy=1, sealed=document)

    def pdfs(self) -> tuple[bytes, ...]:
        issued = self.counter.issue(self.order, HOLDER)
        return self.counter.open(issued, self.order).pages


async def measure() -> dict[str, float]:
    """``page.ms`` and the peers' for one of three pages, ``page.peak_mb`` of the worker, ``page.first_byte_ms``
    from the go to the printer's word that it has begun, ``page.loop_lag_p99_ms`` of the daemon meanwhile."""
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as name:
        folder = Path(name)
        source = _source(folder)
        ground = await Grounds(folder).of(NATIVE)
        rounds = [await _once(source, ground) for _ in range(ROUNDS)]
        peers = await asyncio.to_thread(_peers, folder, source.pdfs())
    ours = statistics.median(one.page_ms for one in rounds)
    lags = sorted(lag for one in rounds for lag in one.lags_ms)
    return {
        "page.ms": ours,
        **{f"page.{name}_ms": value for name, value in peers.items()},
        "page.ratio_fastest_peer": ours / min(peers.values()),
        "page.peak_mb": statistics.median(one.peak_mb for one in rounds),
        "page.first_byte_ms": statistics.median(one.first_byte_ms for one in rounds),
        "page.loop_lag_p99_ms": lags[int(len(lags) * 0.99)],
    }


@dataclass(frozen=True)
class Round:
    page_ms: float
    peak_mb: float
    first_byte_ms: float
    lags_ms: list[float]


async def _once(source: Source, ground: bytes) -> Round:
    worker = DocumentWorker()
    await worker.start()
    try:
        async with _lags() as lags:
            await worker.prepare(source.expected, NATIVE, source.city_keys, ground)
            sealed = source.sealed(worker.public_key)
            lags.clear()  # the city has worked in this process, too
            begun = time.perf_counter()
            await worker.add(sealed)
            document = await worker.finish()
            page_ms = (time.perf_counter() - begun) * 1000 / PAGES
            job = PrintJob("bench", document.fd, document.length, document.sheets, NATIVE)
            first_byte_ms = await _first_byte(job)
        return Round(page_ms, _peak_mb(worker.pid), first_byte_ms, list(lags))
    finally:
        await worker.close()


async def _first_byte(job: PrintJob) -> float:
    async with EvePrinter() as server:
        printer = IppPrinter("bench", server.uri)
        await printer.open()
        try:
            first = 0.0
            begun = time.perf_counter()
            async for progress in printer.print_document(job):
                if isinstance(progress, PrintStarted):
                    first = (time.perf_counter() - begun) * 1000
            return first
        finally:
            await printer.close()


@asynccontextmanager
async def _lags() -> AsyncGenerator[list[float]]:
    """How late a task comes that wants to run each millisecond."""
    found: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            found.append(max(0.0, (time.perf_counter() - before) * 1000 - 1))

    task = asyncio.create_task(watch())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait({task})


def _peak_mb(pid: int | None) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) / 1024


def _source(folder: Path) -> Source:
    names = "一二三四五六七八九"
    nine = household(
        "nine", *(member(f"t-nine-{n}", name=f"試験　{k}郎") for n, k in enumerate(names))
    )
    with closing(sqlite3.connect(folder / "residents.sqlite3")) as connection:
        filling.store(connection, Records((nine,)))
    keys = {code: Ed25519PrivateKey.generate() for code in ("wakabano", "shiomi")}
    for code, key in keys.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{code}.pem").write_bytes(pem)
    cities = load_cities(SAMPLE, registry=folder / "residents.sqlite3", keys=folder)
    counter = Counter(cities, make_card())
    signed_in = counter.sign_in(HOLDER)
    public = keys["wakabano"].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    expected = Expected(
        order=counter.order(HOLDER, items=ITEMS),
        subject_tag=signed_in.subject_tag,
        names=tuple(person.name for person in signed_in.offers[0].people),
        city_name=signed_in.city_name,
        not_before=NOON - timedelta(minutes=1),
        not_after=NOON + timedelta(minutes=1),
    )
    return Source(counter, expected.order, expected, {cities["wakabano"].key.id: pem})


def _peers(folder: Path, pdfs: tuple[bytes, ...]) -> dict[str, float]:
    assert len(pdfs) == PAGES
    parts = [folder / f"{number}.pdf" for number in range(PAGES)]
    for path, pdf in zip(parts, pdfs, strict=True):
        path.write_bytes(pdf)
    whole = folder / "whole.pdf"
    subprocess.run(["pdfunite", *parts, whole], check=True, timeout=60)
    cups = ["/usr/lib/cups/filter/pdftoraster", "1", "bench", "bench", "1", RESOLUTION, str(whole)]
    commands = {
        "poppler": ["pdftoppm", "-mono", "-r", "600", str(whole), str(folder / "poppler")],
        "ghostscript": [*GHOSTSCRIPT, f"-sOutputFile={folder / 'gs.pwg'}", str(whole)],
        "cups_filters": cups,
    }
    return {name: _page_ms(command, folder / f"{name}.out") for name, command in commands.items()}


def _page_ms(command: list[str], out: Path) -> float:
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        with out.open("wb") as file:
            subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True, timeout=120)
        taken.append((time.perf_counter() - begun) * 1000 / PAGES)
    return statistics.median(taken)
