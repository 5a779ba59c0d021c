"""What displays have in common whose library blocks: a thread, a time limit, and coming back by itself."""

from __future__ import annotations

import abc
import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from drivers.call_thread import CallThread
from drivers.device import DeviceState, StateChanged
from drivers.display import Display, checked
from drivers.errors import DeviceTimeout, DeviceUnavailable, DriverError, HardwareFault

logger = logging.getLogger(__name__)

LIMIT_S = 0.9  # a whole page at the slowest line takes a tenth of it
CLOSE_S = 1.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0

_T = TypeVar("_T")


class DisplayOnThread(Display):
    """Its parts that block are called on one thread, one after the other. What is wanted is shown again
    once a display that was away is back."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._thread: CallThread | None = None
        self._wanted: tuple[str, ...] = ()
        self._wait_s = FIRST_WAIT_S
        self._try_at = 0.0

    @abc.abstractmethod
    def _connect(self) -> None:
        """Raises DeviceUnavailable with the remedy."""

    @abc.abstractmethod
    def _draw(self, lines: tuple[str, ...]) -> None:
        """All rows. Raises OSError when the display does not take it."""

    @abc.abstractmethod
    def _ping(self) -> None:
        """The cheapest thing that fails when the display is gone. Raises OSError."""

    @abc.abstractmethod
    def _disconnect(self) -> None:
        """Dark, and let go of; raises OSError when it is gone already."""

    async def open(self) -> None:
        """A display that is not there yet is no error: it will be looked for."""
        self._thread = CallThread(self.name)
        self._wait_s = FIRST_WAIT_S
        await self._try()

    async def show(self, lines: tuple[str, ...]) -> None:
        self._wanted = checked(lines, self)
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(self.name, self.state, "it is looked for")
        await self._call("showing lines", lambda: self._draw(self._wanted))

    async def probe(self) -> None:
        if self.state is DeviceState.OFFLINE:
            return
        try:
            if self.state is DeviceState.ONLINE:
                await self._call("answering", self._ping)
            elif asyncio.get_running_loop().time() >= self._try_at:
                await self._try()
        except DriverError as error:
            logger.debug("%s", error)  # and its state says so

    async def _try(self) -> None:
        """Connect, and show what is wanted; or say why not, and when to look again."""
        try:
            await self._call("connecting", self._connect)
            if self._wanted:
                await self._call("showing lines", lambda: self._draw(self._wanted))
        except DeviceUnavailable as error:
            self._lost(error.state, error.advice)
        except DriverError as error:
            self._lost(DeviceState.HARDWARE_ERROR, str(error))
        else:
            self._wait_s = FIRST_WAIT_S
            self.publish(StateChanged(DeviceState.ONLINE))

    def _lost(self, state: DeviceState, why: str) -> None:
        self._try_at = asyncio.get_running_loop().time() + self._wait_s
        self._wait_s = min(LONGEST_WAIT_S, self._wait_s * 2)
        self.publish(StateChanged(state, why))

    async def _call(self, doing: str, work: Callable[[], _T]) -> _T:
        """Raises DeviceUnavailable, DeviceTimeout, HardwareFault; the state says so first."""
        if self._thread is None:
            raise DeviceUnavailable(self.name, self.state, "open the display first")
        future = asyncio.wrap_future(self._thread.submit(work))
        try:
            async with asyncio.timeout(LIMIT_S):
                return await future
        except TimeoutError as error:
            late = DeviceTimeout(self.name, doing, LIMIT_S)
            self._lost(DeviceState.HARDWARE_ERROR, str(late))
            raise late from error
        except OSError as error:
            fault = HardwareFault(self.name, f"{doing} failed: {error.strerror or error}")
            self._lost(DeviceState.HARDWARE_ERROR, fault.reason)
            raise fault from error

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(self._disconnect)
            await thread.close(CLOSE_S)
        self._wanted = ()
        self.publish(StateChanged(DeviceState.OFFLINE))
