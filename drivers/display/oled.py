"""An OLED of 128 x 64 dots on I2C (SSD1306 and its kin), through luma: four lines of eight kanji each."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageFont

from drivers.device import DeviceState
from drivers.display.cells import cells
from drivers.display.on_thread import DisplayOnThread
from drivers.errors import DeviceUnavailable

Controller = Literal["ssd1306", "ssd1309", "sh1106"]
NOP = 0xE3  # of all these controllers
CELL_PX, ROW_PX, SMALLEST_PX = 8, 16, 10
# A word in a small alphabet, or one character.
_RUN = re.compile(r"[\u0021-\u10ff\u1e00-\u1eff]+|.", re.DOTALL)
_NO_CHARACTER = "\U0010ffff"  # no font has it: what is drawn then is what is drawn for any it lacks


class OledDisplay(DisplayOnThread):
    """``fonts`` are TrueType files, asked in this order for each word."""

    columns, rows = 16, 4

    def __init__(
        self,
        controller: Controller,
        fonts: Sequence[Path],
        bus: int = 1,
        address: int = 0x3C,
        *,
        name: str = "display",
    ) -> None:
        super().__init__(name)
        self._fonts = tuple(fonts)
        self._controller: Controller = controller
        self._where = bus, address
        self._line: Any = None
        self._luma: Any = None

    def require(self) -> None:
        self._require_fonts()
        _library(self.name)

    def _require_fonts(self) -> None:
        for font in self._fonts:
            try:
                _sized(font, ROW_PX)
            except OSError as error:
                advice = f"{font} is no font file: name others in [display] fonts"
                raise DeviceUnavailable(self.name, DeviceState.NO_DEVICE, advice) from error

    async def open(self) -> None:
        self._require_fonts()
        await super().open()

    def can_show(self, text: str) -> bool:
        return all(any(_has(font, character) for font in self._fonts) for character in text)

    def _connect(self) -> None:
        self._disconnect()
        self._line, self._luma = _luma(self.name, self._controller, *self._where)

    def _draw(self, lines: tuple[str, ...]) -> None:
        with _plainly():
            self._luma.display(drawn(lines, self._fonts, (self._luma.width, self._luma.height)))

    def _ping(self) -> None:
        with _plainly():
            self._luma.command(NOP)

    def _disconnect(self) -> None:
        if self._luma is not None:
            with contextlib.suppress(OSError), _plainly():
                self._luma.cleanup()  # dark first, and then the line: without an answer it stays open
            self._line.cleanup()
            self._line = self._luma = None


def drawn(lines: tuple[str, ...], fonts: Sequence[Path], size: tuple[int, int]) -> Image.Image:
    """White on black, hard-edged. A kanji has two cells of its own; a Latin word is set as a whole, as large
    as its cells allow: no letter runs into the next."""
    image = Image.new("1", size)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    for row, line in enumerate(lines):
        at = 0
        for run in _RUN.findall(line):
            place = (at * CELL_PX, row * ROW_PX + ROW_PX - 2)
            draw.text(place, run, 1, _fitting(_font_of(run, fonts), run), anchor="ls")
            at += cells(run)
    return image


def _font_of(run: str, fonts: Sequence[Path]) -> Path:
    """The first that has every character of it."""
    whole = (font for font in fonts if all(_has(font, character) for character in run))
    return next(whole, fonts[0])


@cache
def _sized(font: Path, px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font), px)


def _fitting(font: Path, run: str) -> ImageFont.FreeTypeFont:
    sizes = (_sized(font, px) for px in range(ROW_PX, SMALLEST_PX, -1))
    room = cells(run) * CELL_PX
    return next((each for each in sizes if each.getlength(run) <= room), _sized(font, SMALLEST_PX))


@cache
def _has(font: Path, character: str) -> bool:
    """Whether the font draws it as anything else than what it draws for a character it does not have."""
    if character.isspace():
        return True
    return _glyph(font, character) != _glyph(font, _NO_CHARACTER)


def _glyph(font: Path, character: str) -> bytes:
    image = Image.new("1", (2 * ROW_PX, 2 * ROW_PX))
    ImageDraw.Draw(image).text((0, 0), character, 1, _sized(font, ROW_PX))
    return image.tobytes()


@contextlib.contextmanager
def _plainly() -> Generator[None]:
    """Luma has an error of its own for a line on which nobody answers; everybody else has OSError."""
    from luma.core.error import Error as LumaError  # noqa: PLC0415 - only where one is fitted

    try:
        yield
    except LumaError as error:
        raise OSError(errno.EREMOTEIO, str(error)) from error


def _library(name: str) -> tuple[Any, Any]:
    """Luma's I2C line and its devices. Raises DeviceUnavailable."""
    try:
        from luma.core.interface.serial import i2c  # noqa: PLC0415 - only where one is fitted
        from luma.oled import device as devices  # noqa: PLC0415
    except ImportError as error:
        advice = "luma.oled is not installed: pip install luma.oled"
        raise DeviceUnavailable(name, DeviceState.NO_DEVICE, advice) from error
    return i2c, devices


def _luma(name: str, controller: Controller, bus: int, address: int) -> tuple[Any, Any]:
    """The line and luma's device on it. Raises DeviceUnavailable, and leaves nothing open then."""
    i2c, devices = _library(name)
    with contextlib.ExitStack() as opened:
        try:
            with _plainly():
                line = i2c(port=bus, address=address)
                opened.callback(line.cleanup)
                # Before luma makes a device of it: of each that it makes it keeps something for ever.
                line.command(NOP)
                made = getattr(devices, controller)(line, width=128, height=64)
        except OSError as error:
            advice = (
                f"nothing answers at {address:#04x} on /dev/i2c-{bus} ({error}): is I2C on "
                "(dtparam=i2c_arm=on), the user in the group i2c, and the address right?"
            )
            raise DeviceUnavailable(name, DeviceState.NO_DEVICE, advice) from error
        opened.pop_all()
    return line, made
