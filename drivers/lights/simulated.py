"""Lights whose pattern a program can look at. Nothing blinks here: the pattern says that it would."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable
from drivers.lights import FlashRate, Light, Lights

Pattern = Mapping[Light, FlashRate]

HISTORY = 1000  # a demo may run for days


class SimulatedLights(Lights):
    """``on_change`` is told each new pattern, off lights left out."""

    def __init__(
        self, name: str = "lights", *, on_change: Callable[[Pattern], None] | None = None
    ) -> None:
        super().__init__(name)
        self.on_change = on_change
        self.history: deque[Pattern] = deque(maxlen=HISTORY)
        self._pattern: Pattern = {}

    @property
    def pattern(self) -> dict[Light, FlashRate]:
        """What is shown now, off lights left out."""
        return dict(self._pattern)

    @property
    def fitted(self) -> frozenset[Light]:
        return frozenset(Light)

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def show(self, pattern: dict[Light, FlashRate]) -> None:
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(
                self.name, self.state, "open the lights before showing a pattern"
            )
        self._set(pattern)

    def _set(self, pattern: Pattern) -> None:
        shown = {light: rate for light, rate in pattern.items() if rate is not FlashRate.OFF}
        if shown == self._pattern:
            return
        self._pattern = shown
        self.history.append(dict(shown))
        if self.on_change is not None:
            self.on_change(dict(shown))

    async def close(self) -> None:
        self._set({})
        self.publish(StateChanged(DeviceState.OFFLINE))
