"""A receipt printer on the far end of a pty: takes ESC/POS bytes, keeps receipts.

Real-time commands (DLE EOT, DLE DC4) are found wherever they stand in the stream and obeyed at
once, inside raster data as well, as real printers do; everything else goes through a buffer that is
worked off only while the printer can print. When the buffer is full the printer stops reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tty
from typing import Self

import numpy as np

from drivers.errors import ImpossibleAct, PrinterFault
from drivers.printer.mechanism import ReceiptSlot, picture

_BUFFER = 65_536
_REAL_TIME = re.compile(rb"\x10\x04([\x01-\x04])|(\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08)")
_LONGEST_REAL_TIME = 10
_ALWAYS = 0b0001_0010  # the fixed bits of a DLE EOT answer

# Commands understood, besides GS v 0: prefix → bytes of parameters.
_PARAMETERS = {
    b"\x1b@": 0,  # initialise
    b"\x1da": 1,  # automatic status
    b"\x1dVB": 1,  # feed and cut
    b"\x10\x04": 1,  # already answered
    b"\n": 0,
    b"\0": 0,
}
_RASTER = b"\x1dv0"


class EscPosSimulator(ReceiptSlot):
    """``path`` is the port to open once entered. Text is not drawn: our receipts are images."""

    def __init__(self, *, width_px: int = 576, paper: int = 500) -> None:
        super().__init__(paper=paper)
        self.path = ""
        self.unknown: list[bytes] = []
        self._width = -(-width_px // 8)
        self._buffer = bytearray()
        self._tail = b""
        self._rows: list[bytes] = []
        self._stalled = False
        self._mute = False
        self._controller = self._port = -1

    async def __aenter__(self) -> Self:
        self._controller, self._port = os.openpty()
        # Our own descriptor of the port keeps the line up between the driver's openings.
        tty.setraw(self._port)
        os.set_blocking(self._controller, False)
        self.path = os.ttyname(self._port)
        self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ignore()
        for descriptor in {self._controller, self._port} - {-1}:
            os.close(descriptor)
        self._controller = self._port = -1

    def stall(self) -> None:
        """Stop reading, as with a wrong flow control wire: nothing is answered either."""
        if self._stalled:
            raise ImpossibleAct("the line is stalled already")
        self._stalled = True
        self._ignore()

    def resume(self) -> None:
        if not self._stalled:
            raise ImpossibleAct("the line is not stalled")
        self._stalled = False
        self._listen()

    def mute(self, *, mute: bool) -> None:
        """The wire from the printer is broken: it reads and prints, and is never heard."""
        self._mute = mute

    def unplug(self) -> None:
        """The cable is pulled: the driver's port hangs up for good."""
        if self._controller < 0:
            raise ImpossibleAct("it is unplugged already")
        self._ignore()
        os.close(self._controller)
        self._controller = -1

    # --- the line

    def _listen(self) -> None:
        if self._controller >= 0 and not self._stalled:
            asyncio.get_running_loop().add_reader(self._controller, self._readable)

    def _ignore(self) -> None:
        if self._controller >= 0:
            asyncio.get_running_loop().remove_reader(self._controller)

    def _readable(self) -> None:
        try:
            received = os.read(self._controller, 4096)
        except BlockingIOError:
            return
        except OSError:  # the other end hung up
            self._ignore()
            return
        self._buffer += received
        if self._obey_real_time(received):
            self._buffer.clear()
            self._rows.clear()
        self._work()
        if len(self._buffer) >= _BUFFER:
            self._ignore()

    def _obey_real_time(self, received: bytes) -> bool:
        """Answer at once; True when told to forget everything."""
        stream = self._tail + received
        forget, end = False, 0
        for found in _REAL_TIME.finditer(stream):
            end = found.end()
            if found[2]:
                forget = True
            elif not self._mute:
                with contextlib.suppress(BlockingIOError):
                    os.write(self._controller, bytes((self._status(found[1][0]),)))
        self._tail = stream[max(end, len(stream) - _LONGEST_REAL_TIME + 1) :]
        return forget

    def _status(self, kind: int) -> int:
        faults = self.faults
        cover, out = PrinterFault.COVER_OPEN in faults, PrinterFault.PAPER_OUT in faults
        jam = PrinterFault.PAPER_JAM in faults
        low = self.paper_state.value == "low"
        match kind:
            case 1:
                return _ALWAYS | (0x08 if faults else 0)
            case 2:
                return (
                    _ALWAYS | (0x04 if cover else 0) | (0x20 if out else 0) | (0x40 if jam else 0)
                )
            case 3:
                return _ALWAYS | (0x08 if jam else 0)
            case _:
                return _ALWAYS | (0x0C if low or out else 0) | (0x60 if out else 0)

    # --- the print buffer

    def _changed(self) -> None:
        """Paper loaded or cover closed: go on with what is in the buffer."""
        if self._controller >= 0:
            self._work()
            if len(self._buffer) < _BUFFER:
                self._listen()

    def _work(self) -> None:
        while self._buffer and not self.faults and self._command():
            pass

    def _command(self) -> bool:
        """Obey the first command in the buffer; False while it is incomplete."""
        if self._buffer.startswith(_RASTER):
            return self._raster()
        for prefix, parameters in _PARAMETERS.items():
            if self._buffer.startswith(prefix):
                if len(self._buffer) < len(prefix) + parameters:
                    return False
                self._obey(prefix)
                del self._buffer[: len(prefix) + parameters]
                return True
        if any(each.startswith(bytes(self._buffer)) for each in (_RASTER, *_PARAMETERS)):
            return False
        self.unknown.append(bytes(self._buffer[:1]))
        del self._buffer[:1]
        return True

    def _raster(self) -> bool:
        if len(self._buffer) < 8:
            return False
        width = int.from_bytes(self._buffer[4:6], "little")
        size = 8 + width * int.from_bytes(self._buffer[6:8], "little")
        if len(self._buffer) < size:
            return False
        for start in range(8, size, width):
            row = bytes(self._buffer[start : start + width])
            self._rows.append(row[: self._width].ljust(self._width, b"\0"))
        del self._buffer[:size]
        return True

    def _obey(self, prefix: bytes) -> None:
        if prefix == b"\x1b@":
            self._rows.clear()
        elif prefix == b"\x1dVB" and self._rows:
            rows = np.frombuffer(b"".join(self._rows), np.uint8).reshape(-1, self._width)
            self._rows = []
            self.present(picture(rows, self._width * 8))
