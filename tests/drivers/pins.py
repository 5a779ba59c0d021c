"""Mock pins with hands: driven from another thread, as a real pin library's callbacks come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin

from drivers.device import Device, DeviceEvent


class GroundedPin(MockPin):  # type: ignore[misc]  # gpiozero has no annotations
    def _change_state(self, value: float) -> bool:
        return bool(super()._change_state(False))


class Pins:
    """The pins of one board, by BCM number."""

    def __init__(self, *, pwm: bool = False) -> None:
        self.factory = MockFactory(pin_class=MockPWMPin if pwm else MockPin)

    def pin(self, number: int) -> MockPin:
        pin = self.factory.pin(number)
        assert isinstance(pin, MockPin)
        return pin

    async def drive(self, number: int, *, high: bool) -> None:
        pin = self.pin(number)
        await asyncio.to_thread(pin.drive_high if high else pin.drive_low)

    def ground(self, number: int) -> None:
        """Wire a pin to ground for good: no pull-up lifts it."""
        self.factory.pin(number, pin_class=GroundedPin)

    def level(self, number: int) -> float:
        return float(self.pin(number).state)

    def onsets(self, number: int) -> int:
        """How often the pin went from off to on since it was first claimed."""
        states = [bool(state.state) for state in self.pin(number).states]
        return sum(not before and after for before, after in pairwise(states))


class BrokenPins(Pins):
    """A chip that can be made to fail, as when the GPIO driver is gone."""

    def __init__(self) -> None:
        super().__init__()
        broken = self

        class BreakablePin(MockPin):  # type: ignore[misc]
            def _set_state(self, value: float) -> None:
                broken.check()
                super()._set_state(value)

            def _get_state(self) -> float:
                broken.check()
                return float(super()._get_state())

        self.broken = False
        self.factory = MockFactory(pin_class=BreakablePin)

    def check(self) -> None:
        if self.broken:
            raise OSError(5, "Input/output error")


async def until(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait for something that happens in its own time; generous, as a busy machine is slow."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def heard(device: Device, count: int) -> list[DeviceEvent]:
    """The next ``count`` events."""
    events = device.events()
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(count)]


async def silent(device: Device) -> bool:
    """Whether nothing more is on the stream, once everything under way has arrived."""
    await asyncio.sleep(0.02)
    try:
        await asyncio.wait_for(anext(device.events()), 0.02)
    except TimeoutError:
        return True
    return False
