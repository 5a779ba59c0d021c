"""An inhibit line that a program can look at."""

from __future__ import annotations

from drivers.coin_inhibit import CoinInhibit
from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable


class SimulatedInhibit(CoinInhibit):
    def __init__(self, name: str = "coin inhibit") -> None:
        super().__init__(name)
        self.lets_in = False

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def let_in(self) -> None:
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(self.name, self.state, "open the coin inhibit first")
        self.lets_in = True

    async def keep_out(self) -> None:
        self.lets_in = False

    async def close(self) -> None:
        self.lets_in = False
        self.publish(StateChanged(DeviceState.OFFLINE))
