"""A display that a program can look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from drivers.device import DeviceState, StateChanged
from drivers.display import Display, checked
from drivers.errors import DeviceUnavailable

HISTORY = 1000  # a demo may run for days


class SimulatedDisplay(Display):
    """``on_change`` is told the lines that are shown."""

    def __init__(
        self,
        columns: int = 16,
        rows: int = 4,
        *,
        name: str = "display",
        on_change: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        super().__init__(name)
        self.columns, self.rows = columns, rows
        self.on_change = on_change
        self.history: deque[tuple[str, ...]] = deque(maxlen=HISTORY)
        self.lines: tuple[str, ...] = ()
        """What is shown now; none while it is dark."""

    def can_show(self, text: str) -> bool:
        return text.isprintable()

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def show(self, lines: tuple[str, ...]) -> None:
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(self.name, self.state, "plug the display in")
        self._set(checked(lines, self))

    def unplug(self) -> None:
        """Somebody pulls its cable."""
        self._set(())
        self.publish(StateChanged(DeviceState.NO_DEVICE, "it was unplugged"))

    def plug(self) -> None:
        """And puts it back: the display is dark until something is shown."""
        self.publish(StateChanged(DeviceState.ONLINE))

    def _set(self, lines: tuple[str, ...]) -> None:
        if lines == self.lines:
            return
        self.lines = lines
        self.history.append(lines)
        if self.on_change is not None:
            self.on_change(lines)

    async def close(self) -> None:
        self._set(())
        self.publish(StateChanged(DeviceState.OFFLINE))
