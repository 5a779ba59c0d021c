"""Looks once a second whether every device still answers, all at one time: a Pi at rest is to stay at rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from drivers.device import Device, DeviceState, StateChanged
from terminal.errors import kind_and_place

EVERY_S = 1.0  # what has died is seen and named within two seconds


async def keep_probing(devices: Sequence[Device]) -> None:
    """For ever. What a device finds it publishes by itself; one that takes long holds up no other."""
    looking: dict[Device, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as looks:
        while True:
            await asyncio.sleep(EVERY_S)
            for device in devices:
                if device not in looking or looking[device].done():
                    looking[device] = looks.create_task(_look(device))


async def _look(device: Device) -> None:
    try:
        await device.probe()
    except Exception as error:  # noqa: BLE001 - a mistake in one driver is that device's fault
        device.publish(StateChanged(DeviceState.HARDWARE_ERROR, kind_and_place(error)))
