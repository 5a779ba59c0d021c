"""Guide lights, named by what they point at. Patterns are data, driven from the event loop."""

from __future__ import annotations

import abc
from enum import Enum

from drivers.device import Device


class Light(Enum):
    CARD_READER = "card_reader"
    KEYPAD = "keypad"
    PAYMENT = "payment"
    PRINTER_TRAY = "printer_tray"
    RECEIPT = "receipt"
    STATUS = "status"


class FlashRate(Enum):
    """Never above 2 Hz (decision i; XFS4IoT's accessibility note). Value: half period in seconds."""

    OFF = 0.0
    STEADY = -1.0
    SLOW = 1.0
    QUICK = 0.25


class Lights(Device):
    """Publishes StateChanged."""

    @property
    @abc.abstractmethod
    def fitted(self) -> frozenset[Light]:
        """The lights that this terminal has."""

    @abc.abstractmethod
    async def show(self, pattern: dict[Light, FlashRate]) -> None:
        """Replace the whole pattern; a light not named is off. Flashing lights flash in step.

        A light this terminal does not have is ignored. Raises DeviceUnavailable while closed,
        HardwareFault when the pins refuse.
        """
