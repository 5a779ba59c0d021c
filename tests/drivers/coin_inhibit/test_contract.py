"""Every inhibit line: shut unless it was opened, and shut again whatever ends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.coin_inhibit import CoinInhibit
from drivers.coin_inhibit.gpio import GpioInhibit
from drivers.coin_inhibit.simulated import SimulatedInhibit
from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable, HardwareFault
from tests.drivers.pins import BrokenPins, Pins

PIN = 16
Made = tuple[CoinInhibit, Callable[[], bool]]


def simulated() -> Made:
    line = SimulatedInhibit()
    return line, lambda: line.lets_in


def on_pins() -> Made:
    pins = Pins()
    return GpioInhibit(PIN, pins.factory), lambda: bool(pins.level(PIN))


@pytest.fixture(params=[simulated, on_pins], ids=["sim", "pins"])
def made(request: pytest.FixtureRequest) -> Made:
    line: Made = request.param()
    return line


async def test_coins_are_let_in_only_between_the_two(made: Made) -> None:
    line, lets_in = made
    async with line:
        assert not lets_in()
        await line.let_in()
        assert lets_in()
        await line.keep_out()
        assert not lets_in()
        await line.let_in()
    assert not lets_in()
    await line.keep_out()


async def test_a_closed_line_lets_nothing_in(made: Made) -> None:
    line, lets_in = made
    with pytest.raises(DeviceUnavailable):
        await line.let_in()
    await line.close()
    assert not lets_in()


async def test_a_chip_that_fails_is_told_and_keeping_out_never_raises() -> None:
    pins = BrokenPins()
    async with GpioInhibit(PIN, pins.factory) as line:
        pins.broken = True
        with pytest.raises(HardwareFault):
            await line.let_in()
        await line.keep_out()
        assert line.state is DeviceState.HARDWARE_ERROR
        pins.broken = False
        await line.probe()
        assert pins.level(PIN) == 0
