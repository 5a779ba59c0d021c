"""What every device has, whatever it drives."""

from __future__ import annotations

import asyncio

import pytest

from drivers.device import Device


class Halting(Device):
    """Gets half way through opening and then waits for ever."""

    def __init__(self) -> None:
        super().__init__("halting")
        self.held = False

    async def open(self) -> None:
        self.held = True
        await asyncio.sleep(3600)

    async def close(self) -> None:
        self.held = False


async def test_an_opening_that_is_cancelled_lets_go_of_what_it_held() -> None:
    device = Halting()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), device:
            raise AssertionError
    assert not device.held
