"""What every device has: a name, a state, and one stream of events.

Facts are events, failures are exceptions: a card that is pulled while it is being spoken to makes
the call raise ``NoCard`` *and* the stream say ``CardRemoved``, in either order.
"""

from __future__ import annotations

import abc
import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self


class DeviceState(Enum):
    """XFS4IoT's Common states, as far as they can be told apart here."""

    ONLINE = "online"
    OFFLINE = "offline"
    NO_DEVICE = "not connected"
    HARDWARE_ERROR = "faulty"


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something a device noticed by itself. Concrete events live beside their device's ABC."""


@dataclass(frozen=True, slots=True)
class StateChanged(DeviceEvent):
    """The device came, went or broke; ``detail`` is for the operator."""

    state: DeviceState
    detail: str = ""


class Device(abc.ABC):
    """A part of the terminal. Entered once (``async with``), then used from the event loop only.

    ``publish`` may be called from any thread; ``events`` has one reader: the conductor.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._state = DeviceState.OFFLINE
        self._queue: asyncio.Queue[DeviceEvent] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def state(self) -> DeviceState:
        return self._state

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        try:
            await self.open()
        except BaseException:
            await self.close()  # what it had begun when it failed or was cancelled
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def require(self) -> None:  # noqa: B027 - most find out when they are made
        """Look for what of this computer the device needs, touching nothing; raises DeviceUnavailable."""

    @abc.abstractmethod
    async def open(self) -> None:
        """Start the device; raises DeviceUnavailable if it can never work as configured."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Leave the hardware in its safe state. Never raises for a device that is already gone.

        Called after an ``open`` that failed, too.
        """

    async def probe(self) -> None:  # noqa: B027 - most devices tell by themselves
        """Look whether the device still answers: asked once a second, so it must be cheap.

        What has changed is published as StateChanged; never raises.
        """

    async def events(self) -> AsyncIterator[DeviceEvent]:
        """Every event in order, from opening on; ends only by cancellation."""
        while True:
            yield await self._queue.get()

    def publish(self, event: DeviceEvent) -> None:
        """Put an event on the stream, from the loop or from a driver's own thread."""
        if isinstance(event, StateChanged):
            if event.state is self._state:
                return
            self._state = event.state
        if self._loop is None:
            self._queue.put_nowait(event)
            return
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            self._queue.put_nowait(event)
        else:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)
