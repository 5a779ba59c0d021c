"""A buzzer that a program can look at; it is silent, and knows how long each sound lasts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable
from drivers.sounder import Sound, Sounder

HISTORY = 1000  # a demo may run for days


class SimulatedSounder(Sounder):
    """``on_change`` is told what sounds now, and None when it falls silent."""

    def __init__(
        self, name: str = "sounder", *, on_change: Callable[[Sound | None], None] | None = None
    ) -> None:
        super().__init__(name)
        self.on_change = on_change
        self.history: deque[Sound] = deque(maxlen=HISTORY)
        self._sounding: Sound | None = None
        self._end: asyncio.TimerHandle | None = None

    @property
    def sounding(self) -> Sound | None:
        return self._sounding

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def play(self, sound: Sound) -> None:
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(
                self.name, self.state, "open the sounder before playing a sound"
            )
        self._cancel_end()
        self.history.append(sound)
        self._set(sound)
        if not sound.repeat:
            loop = asyncio.get_running_loop()
            self._end = loop.call_later(sound.ms / 1000, self._set, None)

    async def stop(self) -> None:
        self._cancel_end()
        if self._sounding is not None:
            self._set(None)

    def _set(self, sound: Sound | None) -> None:
        self._sounding = sound
        if self.on_change is not None:
            self.on_change(sound)

    def _cancel_end(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    async def close(self) -> None:
        await self.stop()
        self.publish(StateChanged(DeviceState.OFFLINE))
