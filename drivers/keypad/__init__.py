"""The numeric keypad: ten digits and the visit's function keys."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from enum import Enum

from drivers.device import Device, DeviceEvent


class Key(Enum):
    """Every key a keypad may carry. Digits are choices and PIN digits alike."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    OK = "ok"
    BACK = "back"
    CANCEL = "cancel"
    CLEAR = "clear"
    MORE_TIME = "more_time"
    REPEAT = "repeat"
    SLOWER = "slower"
    VOLUME = "volume"
    CALL_STAFF = "call_staff"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class KeyPressed(DeviceEvent):
    """One key went down. Its repr hides which digit: it may be a digit of a PIN."""

    key: Key

    def __repr__(self) -> str:
        shown = "digit" if self.key.value.isdigit() else self.key.value
        return f"KeyPressed({shown})"


class Keypad(Device):
    """Publishes KeyPressed and StateChanged."""

    @property
    @abc.abstractmethod
    def fitted(self) -> frozenset[Key]:
        """The keys that it can have; one that is bought may have fewer."""
