"""A keypad pressed by a program: the dock, a test."""

from __future__ import annotations

from drivers.device import DeviceState, StateChanged
from drivers.errors import ImpossibleAct
from drivers.keypad import Key, Keypad, KeyPressed


class SimulatedKeypad(Keypad):
    def __init__(self, name: str = "keypad") -> None:
        super().__init__(name)

    @property
    def fitted(self) -> frozenset[Key]:
        return frozenset(Key)

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def close(self) -> None:
        self.publish(StateChanged(DeviceState.OFFLINE))

    def press(self, key: Key) -> None:
        """A person presses a key. ImpossibleAct while the keypad has no power."""
        if self.state is not DeviceState.ONLINE:
            raise ImpossibleAct(f"{self.name} is off: no key of it can be felt")
        self.publish(KeyPressed(key))
