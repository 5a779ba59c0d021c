"""The coin acceptor's inhibit line: no coin may be taken that nobody counts."""

from __future__ import annotations

import abc

from drivers.device import Device


class CoinInhibit(Device):
    """Publishes StateChanged. Coins are kept out from opening on, and when it closes."""

    @abc.abstractmethod
    async def let_in(self) -> None:
        """Coins may fall into the acceptor. Raises DeviceUnavailable while closed, HardwareFault."""

    @abc.abstractmethod
    async def keep_out(self) -> None:
        """They fall through. Never raises: a line that cannot be moved is told as a state."""
