"""One suite for every receipt printer: in memory, and over ESC/POS on a pty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from drivers.device import DeviceState, StateChanged
from drivers.errors import PrinterError
from drivers.errors import PrinterFault as Fault
from drivers.printer import PaperState, PrinterNotReady, PrinterReady, ReceiptPrinter
from drivers.printer.escpos import EscPosReceiptPrinter
from drivers.printer.escpos_simulator import EscPosSimulator
from drivers.printer.mechanism import ReceiptSlot
from drivers.printer.simulated import SimulatedReceiptPrinter
from tests.drivers.printer.documents import next_event


def receipt(height: int = 700, width: int = 576, ink: float = 0.05, seed: int = 1) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).random((height, width)) >= ink)


@dataclass
class Bench:
    printer: ReceiptPrinter
    slot: ReceiptSlot


@pytest.fixture(params=["simulated", "pty"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        if request.param == "simulated":
            simulated = SimulatedReceiptPrinter()
            yield Bench(await stack.enter_async_context(simulated), simulated)
        else:
            far_end = await stack.enter_async_context(EscPosSimulator())
            escpos = EscPosReceiptPrinter("receipts", far_end.path, stall_s=0.5, idle_poll_s=0.05)
            yield Bench(await stack.enter_async_context(escpos), far_end)
            assert far_end.unknown == []


async def test_a_fresh_printer_is_ready(bench: Bench) -> None:
    status = await bench.printer.status()
    assert status.ready
    assert status.paper is PaperState.OK
    assert bench.printer.width_px == 576
    assert await next_event(bench.printer, StateChanged) == StateChanged(DeviceState.ONLINE)


@pytest.mark.parametrize("height", [1, 255, 256, 257, 700])
async def test_the_receipt_on_paper_is_the_image(bench: Bench, height: int) -> None:
    image = receipt(height)
    await bench.printer.print_receipt(image)
    (printed,) = bench.slot.receipts
    assert (printed.mode, printed.size) == ("1", image.size)
    assert printed.tobytes() == image.tobytes()


async def test_receipts_come_one_by_one(bench: Bench) -> None:
    first, second = receipt(seed=1), receipt(300, seed=2)
    await bench.printer.print_receipt(first)
    await bench.printer.print_receipt(second)
    assert [each.tobytes() for each in bench.slot.take()] == [first.tobytes(), second.tobytes()]


@pytest.mark.parametrize("image", [receipt(10, 575), receipt(10, 584), receipt(10).convert("L")])
async def test_another_shape_is_refused(bench: Bench, image: Image.Image) -> None:
    with pytest.raises(ValueError, match="1-bit image 576 wide"):
        await bench.printer.print_receipt(image)
    assert not bench.slot.receipts


@pytest.mark.parametrize("fault", [Fault.PAPER_OUT, Fault.PAPER_JAM, Fault.COVER_OPEN])
async def test_a_fault_is_told_and_mended(bench: Bench, fault: Fault) -> None:
    begin, end = {
        Fault.PAPER_OUT: (bench.slot.run_out_of_paper, bench.slot.load_paper),
        Fault.PAPER_JAM: (bench.slot.jam, bench.slot.clear_jam),
        Fault.COVER_OPEN: (bench.slot.open_cover, bench.slot.close_cover),
    }[fault]
    begin()
    assert await next_event(bench.printer, PrinterNotReady) == PrinterNotReady(fault)
    assert (await bench.printer.status()).faults == {fault}
    with pytest.raises(PrinterError) as caught:
        await bench.printer.print_receipt(receipt())
    assert (caught.value.fault, caught.value.sheets_out) == (fault, 0)
    end()
    assert await next_event(bench.printer, PrinterReady) == PrinterReady()
    image = receipt(seed=3)
    await bench.printer.print_receipt(image)
    # Nothing of the failed one is left to come out with, or before, this one.
    (printed,) = bench.slot.receipts
    assert printed.tobytes() == image.tobytes()


async def test_paper_near_its_end_is_low_and_no_fault(bench: Bench) -> None:
    bench.slot.run_out_of_paper(after=3)
    status = await bench.printer.status()
    assert status.ready
    assert status.paper is PaperState.LOW
