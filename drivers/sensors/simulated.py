"""Sensors whose answers a program decides: the dock, a test."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.device import DeviceState, StateChanged
from drivers.errors import ImpossibleAct
from drivers.sensors import Sensor, SensorChanged, Sensors


class SimulatedSensors(Sensors):
    """``fitted`` are the sensors this terminal has; what they see stays so with the power off."""

    def __init__(self, fitted: Iterable[Sensor] = tuple(Sensor), *, name: str = "sensors") -> None:
        super().__init__(name)
        self._values = dict.fromkeys(fitted, False)

    @property
    def fitted(self) -> frozenset[Sensor]:
        return frozenset(self._values)

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def close(self) -> None:
        self.publish(StateChanged(DeviceState.OFFLINE))

    def read(self, sensor: Sensor) -> bool | None:
        if self.state is not DeviceState.ONLINE:
            return None
        return self._values.get(sensor)

    def set(self, sensor: Sensor, value: bool) -> None:
        """What lies (or no longer lies) before the sensor. ImpossibleAct if there is no such sensor."""
        if sensor not in self._values:
            raise ImpossibleAct(f"this terminal has no sensor {sensor.value}")
        if self._values[sensor] == value:
            return
        self._values[sensor] = value
        if self.state is DeviceState.ONLINE:
            self.publish(SensorChanged(sensor, value))
