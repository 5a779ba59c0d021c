"""Presence and enclosure sensors."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from enum import Enum

from drivers.device import Device, DeviceEvent


class Sensor(Enum):
    """Each is a question whose answer True means: yes, it is so."""

    SHEETS_IN_TRAY = "sheets_in_tray"
    RECEIPT_IN_SLOT = "receipt_in_slot"
    CHANGE_IN_CUP = "change_in_cup"
    COVER_OPEN = "cover_open"
    TAMPERED = "tampered"
    HEADPHONES = "headphones"


@dataclass(frozen=True, slots=True)
class SensorChanged(DeviceEvent):
    sensor: Sensor
    value: bool


class Sensors(Device):
    """Publishes SensorChanged and StateChanged."""

    @property
    @abc.abstractmethod
    def fitted(self) -> frozenset[Sensor]:
        """Those that this terminal has, whether or not they answer now."""

    @abc.abstractmethod
    def read(self, sensor: Sensor) -> bool | None:
        """What the sensor says now; None when nothing can tell (not fitted, off, broken). Never raises."""
