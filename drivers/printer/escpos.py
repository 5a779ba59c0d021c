"""A receipt printer on a serial line (or USB serial) that speaks ESC/POS.

The receipt is an image, sent in strips; between strips the printer is asked how it is, because a
printer without paper simply stops reading. All port calls run on one thread and end by themselves:
every write has a time limit made of its own length and the line's speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import termios
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import serial
from PIL import Image

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceTimeout, DeviceUnavailable, DriverError, PrinterError, PrinterFault
from drivers.printer import PrinterNotReady, PrinterReady, PrinterStatus, ReceiptPrinter, gravest
from drivers.printer.escpos_commands import (
    CLEAR_BUFFERS,
    FEED_AND_CUT,
    INITIALISE,
    NO_AUTOMATIC_STATUS,
    STATUS_KINDS,
    STRIP_ROWS,
    StatusBytes,
    ask_status,
    is_status,
    may_be_answered,
    receipt_status,
    strips,
    warm_up,
)

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_ANSWER_S = 0.5  # DLE EOT is answered in real time: 20 ms on the slowest lines
_QUIET_S = 0.2
_BITS_A_BYTE = 10
_RECONNECT_MAX_S = 60.0
_PORT_ERRORS = (OSError, termios.error)  # SerialException is an OSError, termios.error is not


class EscPosReceiptPrinter(ReceiptPrinter):
    """``device`` is the port's path. ``stall_s`` is how long a strip may be late before giving up."""

    def __init__(
        self,
        name: str,
        device: str,
        baudrate: int = 115_200,
        *,
        width_px: int = 576,
        stall_s: float = 5.0,
        idle_poll_s: float = 5.0,
    ) -> None:
        super().__init__(name)
        self._width_px = width_px
        self._idle_poll_s = idle_poll_s
        self._line = _Line(name, device, baudrate, width_px, stall_s)
        self._thread: ThreadPoolExecutor | None = None
        self._use = asyncio.Lock()
        self._faults: frozenset[PrinterFault] = frozenset()
        self._watcher: asyncio.Task[None] | None = None

    @property
    def width_px(self) -> int:
        return self._width_px

    async def open(self) -> None:
        """A printer that is not there yet is no error: it is OFFLINE and will be looked for."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self.name)
        self._thread.submit(warm_up)
        await self._look()
        self._watcher = asyncio.create_task(self._watch(), name=f"{self.name} status")

    async def close(self) -> None:
        self._line.abort()
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.wrap_future(thread.submit(self._line.close))
            thread.shutdown(wait=False)
        self.publish(StateChanged(DeviceState.OFFLINE))

    async def status(self) -> PrinterStatus:
        status = await self._call("asking its status", self._line.status, 10 * _ANSWER_S)
        self._notice(status)
        return status

    async def print_receipt(self, image: Image.Image) -> None:
        """Raises PrinterError with 0 receipts out, or None once the cut may have been made."""
        if image.mode != "1" or image.width != self._width_px:
            raise ValueError(f"a receipt is a 1-bit image {self._width_px} wide, not {image!r}")
        limit = self._line.longest(image.height)
        try:
            status = await self._call("printing", lambda: self._line.print(image), limit)
        except DeviceUnavailable as error:
            raise PrinterError(PrinterFault.OFFLINE, 0, error.advice) from error
        except DeviceTimeout as error:
            raise PrinterError(PrinterFault.OFFLINE, None, str(error)) from error
        self._notice(status)

    async def _call(self, doing: str, work: Callable[[], _T], limit: float) -> _T:
        """Run on the port's thread; past ``limit`` the port is aborted, which frees the thread."""
        async with self._use:
            if self._thread is None:
                raise DeviceUnavailable(self.name, DeviceState.OFFLINE, "it has not been opened")
            self._line.rearm()
            call = self._thread.submit(work)
            result = asyncio.wrap_future(call)
            try:
                async with asyncio.timeout(limit):
                    return await asyncio.shield(result)
            except TimeoutError as error:
                await self._abort(call, result)
                raise DeviceTimeout(self.name, doing, limit) from error
            except asyncio.CancelledError:
                await self._abort(call, result)
                raise

    async def _abort(self, call: Future[_T], result: asyncio.Future[_T]) -> None:
        """A call that has not begun never does; one that has is cut short, and its end waited for."""
        if call.cancel():
            return
        self._line.abort()
        await asyncio.wait({result})
        if not result.cancelled():
            result.exception()

    async def _watch(self) -> None:
        wait = self._idle_poll_s
        while True:
            await asyncio.sleep(wait)
            present = await self._look()
            wait = self._idle_poll_s if present else min(wait * 2, _RECONNECT_MAX_S)

    async def _look(self) -> bool:
        try:
            await self.status()
        except DriverError as error:
            gone = isinstance(error, DeviceUnavailable)
            state = DeviceState.NO_DEVICE if gone else DeviceState.OFFLINE
            self.publish(StateChanged(state, str(error)))
            return False
        return True

    def _notice(self, status: PrinterStatus) -> None:
        silent = PrinterFault.OFFLINE in status.faults
        self.publish(StateChanged(DeviceState.OFFLINE if silent else DeviceState.ONLINE))
        for fault in sorted(status.faults - self._faults, key=lambda fault: fault.value):
            self.publish(PrinterNotReady(fault))
        if self._faults and not status.faults:
            self.publish(PrinterReady())
        self._faults = status.faults


class _Line:
    """The port, used from one thread only; ``abort`` and ``rearm`` are the loop's."""

    def __init__(
        self, name: str, device: str, baudrate: int, width_px: int, stall_s: float
    ) -> None:
        self._name = name
        self._device = device
        self._baudrate = baudrate
        self._strip_bytes = -(-width_px // 8) * STRIP_ROWS
        self._stall_s = stall_s
        self._port: serial.Serial | None = None
        self._aborted = threading.Event()
        self._unfinished = True  # nobody knows what the printer was told before us

    def longest(self, height: int) -> float:
        """Seconds after which a receipt of ``height`` rows cannot still be on its way."""
        count = -(-height // STRIP_ROWS) + 2
        return count * (self._seconds(self._strip_bytes) + self._stall_s + 4 * _ANSWER_S)

    def rearm(self) -> None:
        """Before the next call: an ``abort`` was meant for the last one."""
        self._aborted.clear()

    def abort(self) -> None:
        self._aborted.set()
        port = self._port
        if port is not None:
            with contextlib.suppress(*_PORT_ERRORS, TypeError):
                port.cancel_write()
                port.cancel_read()

    def close(self) -> None:
        if self._port is not None:
            with contextlib.suppress(*_PORT_ERRORS):
                self._port.close()
            self._port = None

    def status(self) -> PrinterStatus:
        """Raises DeviceUnavailable when there is no such port, or it went away."""
        port = self._opened()
        try:
            return self._ask(port)
        except serial.SerialTimeoutException:
            return receipt_status(StatusBytes(None, None, None, None))
        except _PORT_ERRORS as error:
            raise self._gone(error) from error

    def print(self, image: Image.Image) -> PrinterStatus:
        """The whole receipt, or PrinterError with the printer told to forget it."""
        port = self._opened()
        out: int | None = 0
        try:
            self._require_ready(self._ask(port), out)
            self._resume(port)
            for strip in strips(image):
                self._write(port, strip)
                if may_be_answered(strip):
                    self._hear_out(port)
                self._require_ready(self._ask(port), out)
            out = None  # from here on the cut may be made
            self._write(port, FEED_AND_CUT)
            status = self._ask(port)
            self._require_ready(status, out)
            self._unfinished = False
        except PrinterError:
            self._forget(port)
            raise
        except serial.SerialTimeoutException as error:
            self._forget(port)
            raise PrinterError(PrinterFault.OFFLINE, out, "it stopped reading") from error
        except _PORT_ERRORS as error:
            raise PrinterError(PrinterFault.OFFLINE, out, str(self._gone(error))) from error
        return status

    def _require_ready(self, status: PrinterStatus, out: int | None) -> None:
        if status.faults:
            raise PrinterError(gravest(status.faults), out)

    def _resume(self, port: serial.Serial) -> None:
        """Start clean: a printer left in the middle of a strip still waits for its white rest."""
        if self._unfinished:
            self._write(port, bytes(self._strip_bytes))
        self._unfinished = True
        self._write(port, INITIALISE + NO_AUTOMATIC_STATUS)

    def _forget(self, port: serial.Serial) -> None:
        """Leave nothing to come out later: empty our buffer, then the printer's."""
        with contextlib.suppress(*_PORT_ERRORS):
            port.reset_output_buffer()
            self._write(port, CLEAR_BUFFERS)

    def _opened(self) -> serial.Serial:
        if self._port is None:
            try:
                self._port = serial.Serial(
                    self._device,
                    self._baudrate,
                    timeout=_ANSWER_S,
                    write_timeout=self._stall_s,
                    exclusive=True,
                )
            except (*_PORT_ERRORS, ValueError) as error:
                raise self._gone(error) from error
        return self._port

    def _gone(self, error: Exception) -> DeviceUnavailable:
        self.close()
        advice = f"{self._device} cannot be used ({error}); check cable, power and permissions"
        return DeviceUnavailable(self._name, DeviceState.NO_DEVICE, advice)

    def _seconds(self, size: int) -> float:
        return size * _BITS_A_BYTE / self._baudrate

    def _write(self, port: serial.Serial, data: bytes) -> None:
        """Write and see it leave the machine. Raises SerialTimeoutException."""
        if self._aborted.is_set():
            raise serial.SerialTimeoutException("aborted")
        limit = self._seconds(len(data)) + self._stall_s
        port.write_timeout = limit
        ends = time.monotonic() + limit
        port.write(data)
        # Not flush(): that is tcdrain, which waits for ever on a stalled line.
        while port.out_waiting:
            if self._aborted.is_set() or time.monotonic() > ends:
                raise serial.SerialTimeoutException("written, but not sent")
            time.sleep(0.005)

    def _hear_out(self, port: serial.Serial) -> None:
        """Let answers to what was no question pass, or they would be taken for the next one's."""
        port.timeout = _QUIET_S
        while port.read(1):
            pass
        port.timeout = _ANSWER_S

    def _ask(self, port: serial.Serial) -> PrinterStatus:
        port.reset_input_buffer()
        said: list[int | None] = []
        for kind in STATUS_KINDS:
            # One silence is enough: it would be waited for four times.
            said.append(None if None in said else self._answer(port, kind))
        return receipt_status(StatusBytes(*said))

    def _answer(self, port: serial.Serial, kind: int) -> int | None:
        self._write(port, ask_status(kind))
        answer = port.read(1)
        return answer[0] if answer and is_status(answer[0]) else None
