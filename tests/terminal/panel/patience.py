"""Waiting for what must come, without guessing how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 5.0


async def until(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Returns as soon as the condition holds; TimeoutError if it does not come to that."""
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)
