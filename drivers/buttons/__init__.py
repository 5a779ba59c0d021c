"""Single buttons beside the screen, and the operator's key."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from enum import Enum

from drivers.device import Device, DeviceEvent


class Button(Enum):
    """Named by what pressing them means. NEXT and CHOOSE alone are enough for a whole visit."""

    OK = "ok"
    CANCEL = "cancel"
    CALL_STAFF = "call_staff"
    REPEAT = "repeat"
    VOLUME = "volume"
    NEXT = "next"
    CHOOSE = "choose"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class ButtonPressed(DeviceEvent):
    button: Button


@dataclass(frozen=True, slots=True)
class ButtonReleased(DeviceEvent):
    button: Button


class Buttons(Device):
    """Publishes ButtonPressed, ButtonReleased (supervisor is a key switch: both matter), StateChanged.

    A supervisor switch that is already on at opening is told as pressed; a held button is not.
    """

    @property
    @abc.abstractmethod
    def fitted(self) -> frozenset[Button]:
        """The buttons that this terminal has."""
