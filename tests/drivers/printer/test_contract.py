"""One suite for every document printer: in memory, and CUPS' own IPP server with a mechanism."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import PrinterError
from drivers.errors import PrinterFault as Fault
from drivers.printer import (
    DocumentPrinter,
    PaperState,
    PrintCompleted,
    PrinterNotReady,
    PrinterReady,
    PrintJob,
    PrintProgress,
    PrintStarted,
    SheetPrinted,
)
from drivers.printer.a4 import a4
from drivers.printer.ipp import IppPrinter
from drivers.printer.ipp_job import Patience
from drivers.printer.ippeveprinter import EvePrinter
from drivers.printer.mechanism import PaperPath
from drivers.printer.simulated import SimulatedDocumentPrinter
from tests.drivers.printer.documents import (
    SMALL,
    memory,
    next_event,
    page_rows,
    print_job,
    printed,
    raster,
)

SERVER_PATH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
MISSING = next(
    (
        f"no {program} on this machine (Debian package: {package})"
        for program, package in (
            ("ippeveprinter", "cups-ipp-utils"),
            ("dbus-daemon", "dbus-daemon"),
        )
        if shutil.which(program, path=SERVER_PATH) is None
    ),
    "",
)
real_server = pytest.param("ippeveprinter", marks=pytest.mark.skipif(bool(MISSING), reason=MISSING))


@dataclass
class Bench:
    """A printer as the terminal has it, and hands on what moves inside it."""

    printer: DocumentPrinter
    paper: PaperPath

    async def settled(self) -> None:
        """A real server has to be told what happened to its mechanism."""
        if isinstance(self.paper, EvePrinter):
            await self.paper.settled()


@pytest.fixture(params=["simulated", real_server])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        if request.param == "simulated":
            simulated = SimulatedDocumentPrinter()
            yield Bench(await stack.enter_async_context(simulated), simulated)
        else:
            eve = await stack.enter_async_context(EvePrinter())
            patience = Patience(poll=0.02, offline_grace=0.3)
            ipp = IppPrinter("a4", eve.uri, idle_poll_s=0.05, patience=patience)
            yield Bench(await stack.enter_async_context(ipp), eve)


async def test_a_fresh_printer_is_ready(bench: Bench) -> None:
    status = await bench.printer.status()
    assert status.ready
    assert status.paper is PaperState.OK
    assert status.jobs_queued == 0
    assert bench.printer.state is DeviceState.ONLINE


async def test_R29_it_wants_a4_at_600_dpi(bench: Bench) -> None:
    assert await bench.printer.page_format() == a4(600)


async def test_a_set_comes_out_whole_and_in_order(bench: Bench) -> None:
    with print_job(3) as job:
        progress = await printed(bench.printer, job)
    assert progress[0] == PrintStarted()
    assert progress[1:-1] == [SheetPrinted(1), SheetPrinted(2), SheetPrinted(3)]
    assert isinstance(progress[-1], PrintCompleted)
    for number, sheet in enumerate(bench.paper.sheets, 1):
        assert (sheet.front.upright() == page_rows(SMALL, number)).all()
        assert sheet.back is None
    status = await bench.printer.status()
    assert status.ready
    if status.impressions is not None:
        assert progress[-1] == PrintCompleted(status.impressions) == PrintCompleted(3)


async def test_two_sided_sheets_carry_both_pages(bench: Bench) -> None:
    page = a4(300, duplex=True)
    with print_job(3, page) as job:
        progress = await printed(bench.printer, job)
    assert [step for step in progress if isinstance(step, SheetPrinted)] == [
        SheetPrinted(1),
        SheetPrinted(2),
    ]
    first, second = bench.paper.sheets
    assert first.back is not None
    assert (first.back.upright() == page_rows(page, 2)).all()
    assert second.back is None


@pytest.mark.parametrize("out", [0, 1, 2])
@pytest.mark.parametrize(
    "fault", [Fault.PAPER_OUT, Fault.PAPER_JAM, Fault.COVER_OPEN, Fault.TONER_OUT]
)
async def test_I12_a_fault_says_how_many_sheets_are_out_and_leaves_nothing_queued(
    bench: Bench, fault: Fault, out: int
) -> None:
    act = {
        Fault.PAPER_OUT: bench.paper.run_out_of_paper,
        Fault.PAPER_JAM: bench.paper.jam,
        Fault.COVER_OPEN: bench.paper.open_cover,
        Fault.TONER_OUT: bench.paper.run_out_of_toner,
    }[fault]
    act(after=out)
    await bench.settled()
    with print_job(3) as job, pytest.raises(PrinterError) as caught:
        await printed(bench.printer, job)
    assert (caught.value.fault, caught.value.sheets_out) == (fault, out)
    assert len(bench.paper.sheets) == out
    await bench.settled()
    status = await bench.printer.status()
    assert status.jobs_queued == 0
    assert status.faults == {fault}
    assert not status.ready


async def test_the_sheets_out_are_told_before_the_fault(bench: Bench) -> None:
    bench.paper.jam(after=2)
    told: list[PrintProgress] = []

    async def listen(job: PrintJob) -> None:
        async for step in bench.printer.print_document(job):
            told.append(step)  # noqa: PERF401 - it ends by raising, and what came before counts

    with print_job(3) as job, pytest.raises(PrinterError):
        await listen(job)
    assert told == [PrintStarted(), SheetPrinted(1), SheetPrinted(2)]


async def test_I12_after_a_fault_is_mended_only_what_is_sent_anew_comes_out(bench: Bench) -> None:
    bench.paper.jam(after=1)
    with print_job(2) as job, pytest.raises(PrinterError):
        await printed(bench.printer, job)
    bench.paper.take()
    bench.paper.clear_jam()
    await bench.settled()
    assert (await bench.printer.status()).ready
    with print_job(1) as job:
        await printed(bench.printer, job)
    (sheet,) = bench.paper.sheets
    assert (sheet.front.upright() == page_rows(SMALL, 1)).all()


async def test_paper_that_ends_with_the_last_sheet_is_no_failure(bench: Bench) -> None:
    bench.paper.run_out_of_paper(after=2)
    await bench.settled()
    with print_job(2) as job:
        progress = await printed(bench.printer, job)
    assert isinstance(progress[-1], PrintCompleted)
    await bench.settled()
    assert (await bench.printer.status()).paper is PaperState.OUT


async def test_it_says_by_itself_what_went_wrong_and_right(bench: Bench) -> None:
    bench.paper.open_cover()
    await bench.settled()
    assert await next_event(bench.printer, PrinterNotReady) == PrinterNotReady(Fault.COVER_OPEN)
    bench.paper.close_cover()
    await bench.settled()
    assert await next_event(bench.printer, PrinterReady) == PrinterReady()


async def test_coming_online_is_an_event(bench: Bench) -> None:
    assert await next_event(bench.printer, StateChanged) == StateChanged(DeviceState.ONLINE)


async def test_low_paper_is_told_and_no_fault(bench: Bench) -> None:
    bench.paper.run_out_of_paper(after=5)
    await bench.settled()
    status = await bench.printer.status()
    assert status.ready
    assert status.paper in (PaperState.LOW, PaperState.OK)


async def test_I12_a_second_job_meanwhile_is_refused(bench: Bench) -> None:
    bench.paper.seconds_per_sheet = 0.2
    with print_job(2) as job:
        running = bench.printer.print_document(job)
        assert await anext(running) == PrintStarted()
        with pytest.raises(PrinterError) as caught:
            await printed(bench.printer, job)
        assert (caught.value.fault, caught.value.sheets_out) == (Fault.BUSY, 0)
        assert [type(step) async for step in running][-1] is PrintCompleted
    assert len(bench.paper.sheets) == 2


async def test_I12_a_job_that_is_left_leaves_the_printer(bench: Bench) -> None:
    bench.paper.seconds_per_sheet = 0.1
    with print_job(20) as job:
        running = bench.printer.print_document(job)
        assert await anext(running) == PrintStarted()
        await running.aclose()
    assert len(bench.paper.sheets) < 20
    out = len(bench.paper.sheets)
    assert (await bench.printer.status()).ready
    await asyncio.sleep(0.25)
    assert len(bench.paper.sheets) == out


async def test_purging_an_empty_queue_finds_nothing(bench: Bench) -> None:
    assert await bench.printer.purge() == 0


async def test_what_is_no_raster_is_aborted(bench: Bench) -> None:
    data = raster(2, SMALL)
    with memory(data[:-1]) as fd, print_job(2) as job:
        cut = type(job)(job.name, fd, len(data) - 1, 2, SMALL)
        with pytest.raises(PrinterError) as caught:
            await printed(bench.printer, cut)
    assert (caught.value.fault, caught.value.sheets_out) == (Fault.ABORTED, 1)
    assert (await bench.printer.status()).jobs_queued == 0
