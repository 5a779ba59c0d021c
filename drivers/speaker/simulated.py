"""A voice that a program can listen to; it is silent, and knows how long each speech lasts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct
from drivers.speaker import Speaker, Speech, SpeechEnded

HISTORY = 1000  # a demo may run for days


class SimulatedSpeaker(Speaker):
    """``on_change`` is told what is being said, and None when it falls silent."""

    def __init__(
        self, name: str = "speaker", *, on_change: Callable[[Speech | None], None] | None = None
    ) -> None:
        super().__init__(name)
        self.on_change = on_change
        self.history: deque[Speech] = deque(maxlen=HISTORY)
        self._saying: Speech | None = None
        self._end: asyncio.TimerHandle | None = None

    @property
    def saying(self) -> Speech | None:
        return self._saying

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def say(self, speech: Speech) -> None:
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(self.name, self.state, "plug its cable in")
        self._cancel_end()
        self.history.append(speech)
        self._set(speech)
        self._end = asyncio.get_running_loop().call_later(speech.ms / 1000, self._ended, speech)

    async def stop(self) -> None:
        self._cancel_end()
        if self._saying is not None:
            self._set(None)

    def unplug(self) -> None:
        """Somebody pulls its cable, in the middle of a word. ImpossibleAct if it is out already."""
        if self.state is DeviceState.NO_DEVICE:
            raise ImpossibleAct(f"{self.name} is not plugged in")
        self._cancel_end()
        self._set(None)
        self.publish(StateChanged(DeviceState.NO_DEVICE, "it was unplugged"))

    def plug(self) -> None:
        """And puts it back. ImpossibleAct if it is in."""
        if self.state is not DeviceState.NO_DEVICE:
            raise ImpossibleAct(f"{self.name} is plugged in")
        self.publish(StateChanged(DeviceState.ONLINE))

    def _ended(self, speech: Speech) -> None:
        self._set(None)
        self.publish(SpeechEnded(speech))

    def _set(self, speech: Speech | None) -> None:
        self._saying = speech
        if self.on_change is not None:
            self.on_change(speech)

    def _cancel_end(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    async def close(self) -> None:
        await self.stop()
        self.publish(StateChanged(DeviceState.OFFLINE))
