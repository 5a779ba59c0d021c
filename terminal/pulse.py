"""Looks once a second whether every device still answers, in one go: a Pi at rest is to stay at rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from drivers.device import Device, DeviceState, StateChanged

EVERY_S = 1.0  # what has died is seen and named within two seconds


async def keep_probing(devices: Sequence[Device]) -> None:
    """For ever. What a device finds it publishes by itself."""
    while True:
        await asyncio.sleep(EVERY_S)
        found = await asyncio.gather(*(d.probe() for d in devices), return_exceptions=True)
        for device, result in zip(devices, found, strict=True):
            if isinstance(result, Exception):
                why = f"unexpected {type(result).__name__}"
                device.publish(StateChanged(DeviceState.HARDWARE_ERROR, why))
