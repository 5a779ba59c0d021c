"""The simulated mechanism refuses what no hand could do, and is heard when something lies in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct, PrinterError
from drivers.errors import PrinterFault as Fault
from drivers.printer import PrintCompleted, PrintStarted, SheetPrinted
from drivers.printer.a4 import a4
from drivers.printer.mechanism import PaperPath, ReceiptSlot, Sheet
from drivers.printer.simulated import SimulatedDocumentPrinter, SimulatedReceiptPrinter
from tests.drivers.printer.documents import SMALL, next_event, print_job, printed
from tests.drivers.printer.test_receipt_contract import receipt


def load_nothing(path: PaperPath) -> None:
    path.load_paper(0)


def open_twice(path: PaperPath) -> None:
    path.open_cover()
    path.open_cover()


@pytest.mark.parametrize(
    "act",
    [
        PaperPath.take,
        PaperPath.close_cover,
        PaperPath.clear_jam,
        PaperPath.change_toner,
        load_nothing,
        open_twice,
    ],
)
def test_impossible_acts_are_refused(act: Callable[[PaperPath], object]) -> None:
    with pytest.raises(ImpossibleAct):
        act(PaperPath(paper=10, seconds_per_sheet=0))


def test_an_empty_slot_gives_nothing() -> None:
    with pytest.raises(ImpossibleAct):
        ReceiptSlot(paper=1).take()


async def test_the_tray_is_heard_filling_and_being_emptied() -> None:
    async with SimulatedDocumentPrinter() as printer:
        heard: list[int] = []
        printer.on_tray = heard.append
        with print_job(3) as job:
            await printed(printer, job)
        sheets = printer.take()
        assert heard == [1, 2, 3, 0]
        assert printer.taken == sheets
        assert not printer.sheets


async def test_the_slot_is_heard_too() -> None:
    async with SimulatedReceiptPrinter() as printer:
        heard: list[int] = []
        printer.on_slot = heard.append
        await printer.print_receipt(receipt())
        printer.take()
        assert heard == [1, 0]


async def test_I12_the_life_counter_moves_by_the_pages() -> None:
    async with SimulatedDocumentPrinter(impressions=1000) as printer:
        with print_job(2) as job:
            assert (await printed(printer, job))[-1] == PrintCompleted(1002)
        assert (await printer.status()).impressions == 1002


async def test_a_sheet_is_a_picture_of_what_was_drawn() -> None:
    page = a4(300, duplex=True, sheet_back="rotated")
    async with SimulatedDocumentPrinter(duplex=True) as printer:
        with print_job(2, page) as job:
            await printed(printer, job)
        (sheet,) = printer.take()
    assert isinstance(sheet, Sheet)
    assert sheet.back_image is not None
    for image in (sheet.image, sheet.back_image):
        assert (image.mode, image.size) == ("1", (2480, 3508))
    # 1 is ink on the wire and white in a picture.
    first = int(sheet.front.upright()[0, 0])
    assert [sheet.image.getpixel((x, 0)) for x in range(8)] == [
        0 if first >> (7 - x) & 1 else 255 for x in range(8)
    ]


async def test_a_jam_spoils_the_sheet_inside() -> None:
    async with SimulatedDocumentPrinter(seconds_per_sheet=0.05) as printer:
        with print_job(2) as job:
            running = printer.print_document(job)
            assert await anext(running) == PrintStarted()
            assert await anext(running) == SheetPrinted(1)
            printer.jam(after=0)
            with pytest.raises(PrinterError, match="jam"):
                await anext(running)
        assert len(printer.take()) == 1


async def test_a_printer_that_is_switched_off_is_offline() -> None:
    async with SimulatedDocumentPrinter() as printer:
        await next_event(printer, StateChanged)
        printer.switch_off()
        assert isinstance(await next_event(printer, StateChanged), StateChanged)
        assert printer.state is DeviceState.OFFLINE
        with pytest.raises(ImpossibleAct):
            printer.switch_off()
        with pytest.raises(DeviceUnavailable):
            await printer.status()
        with print_job(1) as job, pytest.raises(PrinterError) as caught:
            await printed(printer, job)
        assert (caught.value.fault, caught.value.sheets_out) == (Fault.OFFLINE, 0)
        printer.switch_on()
        assert (await printer.status()).ready
        with pytest.raises(ImpossibleAct):
            printer.switch_on()


async def test_switching_off_half_way_leaves_the_sheets_unknown() -> None:
    async with SimulatedDocumentPrinter() as printer:
        with print_job(2) as job:
            running = printer.print_document(job)
            assert await anext(running) == PrintStarted()
            printer.switch_off()
            with pytest.raises(PrinterError) as caught:
                await anext(running)
        assert (caught.value.fault, caught.value.sheets_out) == (Fault.OFFLINE, None)


async def test_a_job_of_another_length_than_announced_is_no_success() -> None:
    async with SimulatedDocumentPrinter() as printer:
        with print_job(2) as job:
            wrong = type(job)(job.name, job.fd, job.length, 3, SMALL)
            with pytest.raises(PrinterError) as caught:
                await printed(printer, wrong)
        assert (caught.value.fault, caught.value.sheets_out) == (Fault.ABORTED, 2)


async def test_purging_stops_the_job() -> None:
    async with SimulatedDocumentPrinter() as printer:
        with print_job(3) as job:
            running = printer.print_document(job)
            assert await anext(running) == PrintStarted()
            assert await anext(running) == SheetPrinted(1)
            assert await printer.purge() == 1
            with pytest.raises(PrinterError, match="aborted"):
                await anext(running)
        assert (await printer.status()).ready
