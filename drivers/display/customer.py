"""A till's customer display on a serial line: two lines of twenty characters, ESC/POS.

Commands of Epson's DM-D series, which others follow: initialise, clear, move the cursor. Displays with a
Kanji ROM take Shift JIS in their Kanji mode; that part is from the makers' public command lists, and unproven.
"""

from __future__ import annotations

import contextlib
import termios
from typing import Literal

import serial

from drivers.device import DeviceState
from drivers.display.on_thread import DisplayOnThread
from drivers.errors import DeviceUnavailable

Encoding = Literal["ascii", "shift_jis"]

INITIALISE = b"\x1b@"
SELECT = b"\x1b=\x02"  # the display, where it is daisy-chained with a printer
CLEAR = b"\x0c"
KANJI_MODE = {"ascii": b"", "shift_jis": b"\x1c&"}
_WRITE_S = 0.5


def moved(row: int) -> bytes:
    """The cursor to the start of a line: US $ n m, counted from 1."""
    return b"\x1f$" + bytes((1, row + 1))


class CustomerDisplay(DisplayOnThread):
    columns, rows = 20, 2

    def __init__(
        self,
        device: str,
        baudrate: int = 9600,
        encoding: Encoding = "ascii",
        *,
        name: str = "display",
    ) -> None:
        super().__init__(name)
        self._device = device
        self._baudrate = baudrate
        self._encoding: Encoding = encoding
        self._port: serial.Serial | None = None

    def can_show(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return text.isprintable()

    def _connect(self) -> None:
        self._disconnect()
        try:
            self._port = serial.Serial(
                self._device, self._baudrate, timeout=0, write_timeout=_WRITE_S, exclusive=True
            )
            self._write(SELECT + INITIALISE + KANJI_MODE[self._encoding])
        except (OSError, termios.error) as error:
            advice = f"{self._device}: {error}; check its cable and [display] device"
            raise DeviceUnavailable(self.name, DeviceState.NO_DEVICE, advice) from error

    def _draw(self, lines: tuple[str, ...]) -> None:
        rows = b"".join(
            moved(row) + line.encode(self._encoding) for row, line in enumerate(lines) if line
        )
        self._write(SELECT + CLEAR + rows)

    def _ping(self) -> None:
        """A port whose device is gone cannot be asked how much there is to read."""
        if self._port is not None:
            _ = self._port.in_waiting

    def _write(self, octets: bytes) -> None:
        assert self._port is not None
        self._port.write(octets)

    def _disconnect(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(OSError, termios.error):
                port.write(CLEAR)
            port.close()
