"""Brings one device to what is wanted of it, from beside the loop, so that a slow one holds up nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from drivers.device import Device
from drivers.errors import DriverError
from terminal.errors import kind_and_place

logger = logging.getLogger(__name__)

LIMIT_S = 1.0  # a lamp that is not lit by then is a lamp that does not work
RETRY_S = 1.0

Failing = Callable[[str, bool], None]
"""Told of a device that does not do what it is told, and when it does again."""

_T = TypeVar("_T")


class Bringing(Generic[_T]):
    """The latest wish wins; what fails is tried again. ``failing`` is told of both, once each."""

    def __init__(
        self, device: Device, bring: Callable[[_T], Awaitable[None]], failing: Failing
    ) -> None:
        self._name = device.name
        self._bring = bring
        self._failing = failing
        self._fails = False
        self._wanted: list[_T] = []
        self._changed = asyncio.Event()

    @property
    def works(self) -> bool:
        return not self._fails

    def want(self, what: _T) -> None:
        """From now on this; returns at once."""
        self._wanted = [what]
        self._changed.set()

    async def run(self) -> None:
        """For ever. A failure is told once, and so is its end."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                async with asyncio.timeout(LIMIT_S):
                    await self._bring(self._wanted[0])
            except Exception as error:  # noqa: BLE001 - a lamp must not end a visit, whatever it raises
                self._tell(fails=True, why=_why(error))
                self._changed.set()
                await asyncio.sleep(RETRY_S)
            else:
                self._tell(fails=False)

    def _tell(self, *, fails: bool, why: str = "") -> None:
        if fails == self._fails:
            return
        self._fails = fails
        if fails:
            logger.error("%s: %s", self._name, why)
        else:
            logger.info("%s: works again", self._name)
        self._failing(self._name, fails)


def _why(error: Exception) -> str:
    match error:
        case DriverError():
            return str(error)
        case TimeoutError():
            return "no answer"
        case _:
            return kind_and_place(error)
