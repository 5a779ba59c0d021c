"""Buttons pressed by a program: the dock, a test."""

from __future__ import annotations

from drivers.buttons import Button, ButtonPressed, ButtonReleased, Buttons
from drivers.device import DeviceState, StateChanged
from drivers.errors import ImpossibleAct


class SimulatedButtons(Buttons):
    """Buttons keep their position with the power off, as real ones do."""

    def __init__(self, name: str = "buttons") -> None:
        super().__init__(name)
        self._down: set[Button] = set()

    @property
    def fitted(self) -> frozenset[Button]:
        return frozenset(Button)

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))
        if Button.SUPERVISOR in self._down:
            self.publish(ButtonPressed(Button.SUPERVISOR))

    async def close(self) -> None:
        self.publish(StateChanged(DeviceState.OFFLINE))

    def press(self, button: Button) -> None:
        """A finger goes down, or the key switch is turned. ImpossibleAct if it is down already."""
        if button in self._down:
            raise ImpossibleAct(f"{button.value} is already pressed")
        self._down.add(button)
        if self.state is DeviceState.ONLINE:
            self.publish(ButtonPressed(button))

    def release(self, button: Button) -> None:
        """The finger goes up, the key is turned back. ImpossibleAct if it is not down."""
        if button not in self._down:
            raise ImpossibleAct(f"{button.value} is not pressed")
        self._down.remove(button)
        if self.state is DeviceState.ONLINE:
            self.publish(ButtonReleased(button))
