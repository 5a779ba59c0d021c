"""Taking money. It stays in escrow until kept, and can go back whole until then (decision d)."""

from __future__ import annotations

import abc
from dataclasses import dataclass

from drivers.device import Device, DeviceEvent


@dataclass(frozen=True, slots=True)
class MoneyInserted(DeviceEvent):
    """Escrow now holds ``held_yen`` in total."""

    held_yen: int


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """``held_yen`` in escrow now; ``kept_yen`` is the device's lifetime counter, None if it has none."""

    held_yen: int
    kept_yen: int | None


class Payment(Device):
    """Publishes MoneyInserted (only while accepting) and StateChanged."""

    @abc.abstractmethod
    async def status(self) -> PaymentStatus:
        """Ask the device itself. Raises DeviceUnavailable."""

    @abc.abstractmethod
    async def accept(self, yen: int) -> None:
        """Open the slot until ``yen`` are held or ``close_slot``; returns once it is open.

        If that much is held already (a payment that was paused), the slot stays shut and
        MoneyInserted says so at once. Raises DeviceUnavailable. Refuses anything but a positive whole amount with ValueError (R58: 0 is not representable).
        """

    @abc.abstractmethod
    async def close_slot(self) -> None:
        """Take no more money; what is held stays held."""

    @abc.abstractmethod
    async def keep(self, yen: int) -> int:
        """Keep exactly ``yen`` of what is held, give the rest back; returns the change given.

        Raises PaymentError, keeping nothing, when too little is held or the change cannot be given.
        """

    @abc.abstractmethod
    async def give_back(self) -> int:
        """Shut the slot, return all that is held; the yen that went back. Raises PaymentError if it cannot."""
