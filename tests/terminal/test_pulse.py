"""Every device is looked at within two seconds, whatever the others do."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from drivers.device import Device, DeviceState
from terminal import pulse


class Patient(Device):
    """Counts how often it was looked at."""

    looks = 0

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def probe(self) -> None:
        self.looks += 1


class Hanging(Patient):
    async def probe(self) -> None:
        await super().probe()
        await asyncio.Event().wait()


class Mistaken(Patient):
    async def probe(self) -> None:
        await super().probe()
        raise KeyError("青木　春菜")


async def looked_at(*devices: Patient) -> None:
    """Until the last has been looked at three times."""
    probing = asyncio.create_task(pulse.keep_probing(devices))
    while devices[-1].looks < 3:
        await asyncio.sleep(0)
    probing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await probing


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pulse.EVERY_S <= 1.5, (
        "an answer and its way to the screen need the rest of the two seconds"
    )
    monkeypatch.setattr(pulse, "EVERY_S", 0.0)


async def test_one_that_hangs_holds_up_no_other() -> None:
    hanging, other = Hanging("display"), Patient("lights")
    async with asyncio.timeout(10):
        await looked_at(hanging, other)
    assert hanging.looks == 1, "asked again before it has answered"


async def test_a_mistake_is_the_devices_fault_and_tells_no_name() -> None:
    mistaken, other = Mistaken("display"), Patient("lights")
    events = mistaken.events()
    async with asyncio.timeout(10):
        await looked_at(mistaken, other)
        told = await anext(events)
    assert mistaken.state is DeviceState.HARDWARE_ERROR
    assert "KeyError at terminal/test_pulse.py" in repr(told)
    assert "春菜" not in repr(told)
