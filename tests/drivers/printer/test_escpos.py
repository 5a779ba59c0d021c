"""What only a line can do: stall, go silent, be pulled; and our bytes against python-escpos'."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import AsyncIterator
from contextlib import redirect_stdout

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct, PrinterError
from drivers.errors import PrinterFault as Fault
from drivers.printer import PaperState
from drivers.printer.escpos import EscPosReceiptPrinter
from drivers.printer.escpos_commands import (
    StatusBytes,
    is_status,
    may_be_answered,
    receipt_status,
    strips,
)
from drivers.printer.escpos_simulator import EscPosSimulator
from tests.drivers.printer.documents import next_event
from tests.drivers.printer.test_receipt_contract import receipt

OK = 0x12


@pytest.fixture
async def far_end() -> AsyncIterator[EscPosSimulator]:
    async with EscPosSimulator() as simulator:
        yield simulator


@pytest.fixture
async def printer(far_end: EscPosSimulator) -> AsyncIterator[EscPosReceiptPrinter]:
    device = EscPosReceiptPrinter("receipts", far_end.path, stall_s=0.2, idle_poll_s=60)
    async with device:
        yield device


def by_the_book(data: bytes, width: int) -> tuple[bytes, int]:
    """A decoder of a few lines: GS v 0, m = 0, width in bytes, rows, then a bit for each dot, 1 is ink.

    The rows, as wide as the image, and how many commands there were.
    """
    octets, rows, commands, at = -(-width // 8), b"", 0, 0
    while at < len(data):
        assert data[at : at + 4] == b"\x1dv0\x00"
        across = int.from_bytes(data[at + 4 : at + 6], "little")
        down = int.from_bytes(data[at + 6 : at + 8], "little")
        assert 1 <= across <= octets
        assert 1 <= down <= 256
        for row in range(down):
            start = at + 8 + row * across
            rows += data[start : start + across].ljust(octets, b"\0")
        at += 8 + across * down
        commands += 1
    return rows, commands


def inked(image: Image.Image) -> bytes:
    return ImageOps.invert(image.convert("L")).convert("1", dither=Image.Dither.NONE).tobytes()


@pytest.mark.parametrize("ink", [0.3, 0.002, 0.0])
@pytest.mark.parametrize(("width", "height"), [(576, 700), (576, 1), (8, 256), (577, 300)])
def test_strips_are_raster_images_by_the_book(width: int, height: int, ink: float) -> None:
    image = receipt(height, width, ink=ink)
    spoken = io.StringIO()
    with redirect_stdout(spoken):
        sent = list(strips(image))
    assert spoken.getvalue() == "", "the encoder must not talk"
    assert len(sent) == -(-height // 256), "the printer is asked between them how it is"
    assert by_the_book(b"".join(sent), width)[0] == inked(image)


def test_white_is_hardly_sent() -> None:
    image = Image.new("1", (576, 512), 1)
    ImageDraw.Draw(image).rectangle((0, 300, 79, 309), fill=0)
    (first, second) = strips(image)
    assert len(first) == 8 + 256
    assert len(second) == (8 + 44) + (8 + 10 * 10) + (8 + 202)


@pytest.mark.parametrize(
    ("said", "faults", "paper"),
    [
        ((OK, OK, OK, OK), set(), PaperState.OK),
        ((OK, OK, OK, OK | 0x0C), set(), PaperState.LOW),
        ((OK | 0x08, OK | 0x20, OK, OK | 0x60), {Fault.PAPER_OUT}, PaperState.OUT),
        ((OK, OK, OK, OK | 0x60), {Fault.PAPER_OUT}, PaperState.OUT),
        ((OK | 0x08, OK | 0x04, OK, OK), {Fault.COVER_OPEN}, PaperState.OK),
        ((OK | 0x08, OK | 0x40, OK | 0x08, OK), {Fault.PAPER_JAM}, PaperState.JAMMED),
        ((OK | 0x08, OK | 0x40, OK | 0x20, OK), {Fault.OTHER}, PaperState.OK),
        ((OK | 0x08, OK, OK, OK), {Fault.OFFLINE}, PaperState.OK),
        ((None, OK, OK, OK), {Fault.OFFLINE}, PaperState.UNKNOWN),
        ((OK, OK, OK, None), {Fault.OFFLINE}, PaperState.UNKNOWN),
    ],
)
def test_silence_is_never_plenty(
    said: tuple[int | None, int | None, int | None, int | None],
    faults: set[Fault],
    paper: PaperState,
) -> None:
    status = receipt_status(StatusBytes(*said))
    assert status.faults == faults
    assert status.paper is paper
    assert status.ready == (not faults)


@given(st.integers(0, 255))
def test_noise_is_no_status(answer: int) -> None:
    fixed = [answer >> bit & 1 for bit in (0, 1, 4, 7)]
    assert is_status(answer) == (fixed == [0, 1, 1, 0])


async def test_an_image_may_hold_the_bytes_of_a_question(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    """Printers answer DLE EOT inside raster data too; the next real question must not be fooled."""
    rows = np.zeros((300, 72), np.uint8)
    rows[7::9, 3:6] = (0x10, 0x04, 0x01)
    rows[8::9, 3:6] = (0x10, 0x04, 0x02)
    image = Image.fromarray(np.unpackbits(rows, axis=1) == 0)
    assert any(may_be_answered(strip) for strip in strips(image))
    far_end.run_out_of_paper(after=5)  # kind 4 answers differently from 1 and 2
    await printer.print_receipt(image)
    (printed,) = far_end.receipts
    assert printed.tobytes() == image.tobytes()
    assert (await printer.status()).paper is PaperState.LOW


async def test_a_stalled_line_is_given_up_in_time_and_leaves_nothing(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    far_end.stall()
    began = time.monotonic()
    with pytest.raises(PrinterError) as caught:
        await printer.print_receipt(receipt())
    assert (caught.value.fault, caught.value.sheets_out) == (Fault.OFFLINE, 0)
    assert time.monotonic() - began < 10
    far_end.resume()
    image = receipt(seed=2)
    await printer.print_receipt(image)
    assert [each.tobytes() for each in far_end.receipts] == [image.tobytes()]


async def test_a_line_that_stalls_half_way_is_given_up_and_resumes_clean(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    await printer.print_receipt(receipt(10))
    tall = receipt(20_000)  # far more than the line and the printer's buffer hold
    printing = asyncio.create_task(printer.print_receipt(tall))
    await asyncio.sleep(0.05)
    far_end.stall()
    with pytest.raises(PrinterError) as caught:
        await printing
    assert (caught.value.fault, caught.value.sheets_out) == (Fault.OFFLINE, 0)
    far_end.resume()
    image = receipt(seed=2)
    await printer.print_receipt(image)
    assert len(far_end.receipts) == 2
    assert far_end.receipts[1].tobytes() == image.tobytes()


async def test_a_printer_that_is_never_heard_gets_nothing_to_print(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    far_end.mute(mute=True)
    status = await printer.status()
    assert status.paper is PaperState.UNKNOWN
    assert status.faults == {Fault.OFFLINE}
    with pytest.raises(PrinterError, match="offline"):
        await printer.print_receipt(receipt())
    far_end.mute(mute=False)
    assert (await printer.status()).ready
    assert not far_end.receipts


async def test_a_pulled_cable_is_a_missing_device(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    far_end.unplug()
    with pytest.raises(DeviceUnavailable, match="check cable"):
        await printer.status()
    with pytest.raises(PrinterError) as caught:
        await printer.print_receipt(receipt())
    assert (caught.value.fault, caught.value.sheets_out) == (Fault.OFFLINE, 0)
    with pytest.raises(ImpossibleAct):
        far_end.unplug()


async def test_a_port_that_is_not_there_is_looked_for() -> None:
    async with EscPosReceiptPrinter("receipts", "/dev/no-such-port", idle_poll_s=0.02) as printer:
        assert await next_event(printer, StateChanged) == StateChanged(
            DeviceState.NO_DEVICE, "receipts is not connected: " + (await advice(printer))
        )


async def advice(printer: EscPosReceiptPrinter) -> str:
    with pytest.raises(DeviceUnavailable) as caught:
        await printer.status()
    return caught.value.advice


async def test_one_port_has_one_owner(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    async with EscPosReceiptPrinter("second", far_end.path, idle_poll_s=60) as second:
        with pytest.raises(DeviceUnavailable, match="cannot be used"):
            await second.status()
    assert (await printer.status()).ready


async def test_a_caller_that_gives_up_frees_the_port_at_once(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    far_end.stall()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await printer.print_receipt(receipt())
    far_end.resume()
    assert (await printer.status()).ready
    assert not far_end.receipts


async def test_a_caller_that_gives_up_before_its_turn_prints_nothing(
    far_end: EscPosSimulator, printer: EscPosReceiptPrinter
) -> None:
    """The port's thread was busy with something else all the time."""
    free = threading.Event()
    assert printer._thread is not None
    printer._thread.submit(free.wait)
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await printer.print_receipt(receipt())
    finally:
        free.set()
    assert (await printer.status()).ready
    assert not far_end.receipts


async def test_a_closed_printer_is_unavailable_until_it_is_opened_again(
    far_end: EscPosSimulator,
) -> None:
    printer = EscPosReceiptPrinter("receipts", far_end.path, idle_poll_s=60)
    async with printer:
        assert (await printer.status()).ready
    assert printer.state is DeviceState.OFFLINE
    with pytest.raises(DeviceUnavailable, match="not been opened"):
        await printer.status()
    async with printer:
        assert (await printer.status()).ready


async def test_impossible_acts_are_refused(far_end: EscPosSimulator) -> None:
    with pytest.raises(ImpossibleAct):
        far_end.resume()
    far_end.stall()
    with pytest.raises(ImpossibleAct):
        far_end.stall()
    with pytest.raises(ImpossibleAct):
        far_end.take()
