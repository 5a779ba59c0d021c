"""One suite for every small display: simulated, an OLED whose commands are recorded, a till's on a pty."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from PIL import Image

from drivers.device import DeviceState, StateChanged
from drivers.display import Display
from drivers.display.customer import CustomerDisplay
from drivers.display.oled import OledDisplay, drawn
from drivers.display.simulated import SimulatedDisplay
from drivers.errors import DeviceUnavailable, DriverError
from terminal.receipt import find_font
from tests.drivers.pins import heard, until

MICROHEI = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")


class Eyes(abc.ABC):
    display: Display

    @abc.abstractmethod
    def sees(self, lines: tuple[str, ...]) -> bool:
        """Are these lines on it, and nothing else?"""

    @abc.abstractmethod
    def unplug(self) -> None: ...

    @abc.abstractmethod
    def plug(self) -> None: ...

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """What the test itself holds open."""


class OnSimulated(Eyes):
    def __init__(self) -> None:
        self.display = self.simulated = SimulatedDisplay()

    def sees(self, lines: tuple[str, ...]) -> bool:
        return tuple(line for line in self.simulated.lines if line) == lines

    def unplug(self) -> None:
        self.simulated.unplug()

    def plug(self) -> None:
        self.simulated.plug()


class Recorder:
    """The kernel's end of an I2C line: keeps the controller's memory as the data sheet says it is written."""

    def __init__(self) -> None:
        self.gone = False
        self.open: set[int] = set()
        self.memory = bytearray(1024)
        self._numbers = count()

    def bus(self, _port: int) -> Any:
        number = next(self._numbers)
        self.open.add(number)
        return SimpleNamespace(
            write_i2c_block_data=self._command,
            i2c_rdwr=self._data,
            close=lambda: self.open.discard(number),
        )

    def _command(self, _address: int, _mode: int, _octets: list[int]) -> None:
        self._answer()

    def _data(self, message: Iterable[int]) -> None:
        self._answer()
        mode, *octets = message
        assert mode == 0x40
        self.memory[:] = bytes(octets)

    def _answer(self) -> None:
        if self.gone:
            raise OSError(121, "Remote I/O error")

    def image(self) -> Image.Image:
        """Eight pages of 128 columns; the lowest bit is the highest dot."""
        image = Image.new("1", (128, 64))
        for place, octet in enumerate(self.memory):
            page, column = divmod(place, 128)
            for bit in range(8):
                image.putpixel((column, page * 8 + bit), octet >> bit & 1)
        return image


class OnOled(Eyes):
    def __init__(self) -> None:
        self.line = Recorder()
        self.display = OledDisplay("ssd1306", [find_font()])
        self._kernel = mock.patch("smbus2.SMBus", self.line.bus)
        self._kernel.start()

    def close(self) -> None:
        self._kernel.stop()

    def sees(self, lines: tuple[str, ...]) -> bool:
        return self.line.image().tobytes() == drawn(lines, [find_font()], (128, 64)).tobytes()

    def unplug(self) -> None:
        self.line.gone = True

    def plug(self) -> None:
        self.line.gone = False


class Till:
    """What stands on a customer display after some octets."""

    def __init__(self) -> None:
        self.rows = [[" "] * 20, [" "] * 20]
        self.row = self.column = 0

    def take(self, octets: bytes) -> None:
        at = 0
        while at < len(octets):
            match octets[at : at + 2]:
                case b"\x1b@":
                    at += 2
                case b"\x1b=":
                    at += 3
                case b"\x1f$":
                    self.column, self.row = octets[at + 2] - 1, octets[at + 3] - 1
                    at += 4
                case pair if pair[:1] == b"\x0c":
                    self.__init__()  # type: ignore[misc]
                    at += 1
                case pair:
                    self.rows[self.row][self.column] = chr(pair[0])
                    self.column += 1
                    at += 1

    def lines(self) -> tuple[str, ...]:
        return tuple(line for row in self.rows if (line := "".join(row).rstrip()))


class OnTill(Eyes):
    def __init__(self, folder: Path) -> None:
        self.path = folder / "till"
        self.far = -1
        self.plug()
        self.display = CustomerDisplay(str(self.path))

    def sees(self, lines: tuple[str, ...]) -> bool:
        with contextlib.suppress(BlockingIOError):
            self.till.take(os.read(self.far, 4096))
        return self.till.lines() == lines

    def unplug(self) -> None:
        self.path.unlink()
        os.close(self.far)
        self.far = -1

    def plug(self) -> None:
        self.far, near = pty.openpty()
        tty.setraw(near)
        os.set_blocking(self.far, False)
        self.path.symlink_to(os.ttyname(near))
        self.near = near
        self.till = Till()

    def close(self) -> None:
        for fd in (self.far, self.near):
            if fd >= 0:
                os.close(fd)


def is_away(display: Display) -> bool:
    return display.state in {DeviceState.NO_DEVICE, DeviceState.HARDWARE_ERROR}


@pytest.fixture(params=["sim", "oled", "till"])
def eyes(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made: Eyes
    match request.param:
        case "sim":
            made = OnSimulated()
        case "oled":
            made = OnOled()
        case _:
            made = OnTill(tmp_path)
    yield made
    made.close()


async def test_lines_are_shown_and_replaced_as_a_whole(eyes: Eyes) -> None:
    async with eyes.display as display:
        assert await heard(display, 1) == [StateChanged(DeviceState.ONLINE)]
        await display.show(("Please take", "your card"))
        await until(lambda: eyes.sees(("Please take", "your card")))
        await display.show(("Thank you",))
        await until(lambda: eyes.sees(("Thank you",)))


async def test_what_does_not_fit_is_a_mistake(eyes: Eyes) -> None:
    async with eyes.display as display:
        for lines in (("x" * (display.columns + 1),), ("x",) * (display.rows + 1)):
            with pytest.raises(ValueError, match="cells"):
                await display.show(lines)


async def test_closing_leaves_it_dark(eyes: Eyes) -> None:
    async with eyes.display as display:
        await display.show(("Card",))
        await until(lambda: eyes.sees(("Card",)))
    assert display.state is DeviceState.OFFLINE
    if not isinstance(eyes, OnOled):  # luma switches its power off and leaves the memory as it was
        await until(lambda: eyes.sees(()))


async def test_a_closed_display_shows_nothing(eyes: Eyes) -> None:
    with pytest.raises(DeviceUnavailable):
        await eyes.display.show(("x",))
    await eyes.display.close()


async def test_one_that_is_unplugged_is_seen_and_shows_again_when_it_is_back(eyes: Eyes) -> None:
    async with eyes.display as display:
        await display.show(("Card",))
        eyes.unplug()
        await display.probe()
        assert is_away(display)
        with pytest.raises(DriverError):
            await display.show(("Paper",))
        eyes.plug()
        async with asyncio.timeout(10):
            while is_away(display):
                await asyncio.sleep(0.05)
                await display.probe()
        if isinstance(eyes, OnSimulated):
            await display.show(("Paper",))  # its presenter tries again
        await until(lambda: eyes.sees(("Paper",)))


async def test_a_display_knows_what_it_cannot_show(tmp_path: Path) -> None:
    async with OledDisplay("ssd1306", [find_font()]) as oled:
        assert oled.can_show("証明書をお取りください (3)")
        assert not oled.can_show("증명서")
    every = OledDisplay("ssd1306", [find_font(), MICROHEI])
    assert every.can_show("증명서 证明书 Giấy chứng nhận 証明書")
    till = CustomerDisplay("/nowhere")
    assert till.can_show("Card")
    assert not till.can_show("カード")
    assert CustomerDisplay("/nowhere", encoding="shift_jis").can_show("証明書")


async def test_a_display_that_is_not_there_yet_is_looked_for(tmp_path: Path) -> None:
    async with CustomerDisplay(str(tmp_path / "none")) as display:
        assert display.state is DeviceState.NO_DEVICE
        await display.probe()


async def test_an_oled_that_comes_and_goes_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("drivers.display.on_thread.FIRST_WAIT_S", 0.0)
    eyes = OnOled()
    seen: list[tuple[DeviceState, int]] = []
    try:
        async with eyes.display as display:
            for _ in range(5):
                eyes.unplug()
                await display.probe()
                await display.probe()
                seen.append((display.state, len(eyes.line.open)))
                eyes.plug()
                await display.probe()
                seen.append((display.state, len(eyes.line.open)))
        assert seen == [(DeviceState.NO_DEVICE, 0), (DeviceState.ONLINE, 1)] * 5
        assert not eyes.line.open
    finally:
        eyes.close()
