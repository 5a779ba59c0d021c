"""Sensors on GPIO pins: light barriers with open-collector outputs, micro switches.

Every input is pulled up, so that a broken wire reads high. Say in ``SensorInput`` what high means:
a cover switch that closes with the cover is ``true_when_high``, and then a cut wire reads as open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial

from gpiozero import DigitalInputDevice, Factory

from drivers.device import DeviceState, StateChanged
from drivers.errors import HardwareFault
from drivers.gpio_factory import claiming, driving, releasing
from drivers.sensors import Sensor, SensorChanged, Sensors

BOUNCE_S = 0.05  # a sheet that slides past flutters for longer than a switch


@dataclass(frozen=True, slots=True)
class SensorInput:
    """``pin`` is a BCM number; the sensor's answer is yes when the pin is low, unless said otherwise."""

    pin: int
    true_when_high: bool = False


class GpioSensors(Sensors):
    """Sensors not named are not fitted. At opening nothing is told: ``read`` what lies there (I-12)."""

    def __init__(
        self, inputs: Mapping[Sensor, SensorInput], factory: Factory, *, name: str = "sensors"
    ) -> None:
        super().__init__(name)
        self._inputs = dict(inputs)
        self._factory = factory
        self._claimed = ExitStack()
        self._pins: dict[Sensor, DigitalInputDevice] = {}
        self._told: dict[Sensor, bool] = {}

    @property
    def fitted(self) -> frozenset[Sensor]:
        return frozenset(self._inputs)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        with ExitStack() as claimed:
            pins = {sensor: self._claim(sensor, claimed) for sensor in self._inputs}
            for sensor, pin in pins.items():
                pin.when_activated = partial(self._tell, loop, sensor, True)
                pin.when_deactivated = partial(self._tell, loop, sensor, False)
            self._claimed = claimed.pop_all()
        self._pins = pins
        self._told = {
            sensor: self._value(sensor, low=pin.is_active) for sensor, pin in pins.items()
        }
        self.publish(StateChanged(DeviceState.ONLINE))

    def _claim(self, sensor: Sensor, claimed: ExitStack) -> DigitalInputDevice:
        number = self._inputs[sensor].pin
        with claiming(self, sensor.value, number):
            pin = DigitalInputDevice(
                number, pull_up=True, bounce_time=BOUNCE_S, pin_factory=self._factory
            )
        claimed.callback(pin.close)
        return pin

    def _value(self, sensor: Sensor, *, low: bool) -> bool:
        return low != self._inputs[sensor].true_when_high

    def _tell(self, loop: asyncio.AbstractEventLoop, sensor: Sensor, low: bool) -> None:
        """On the pin library's thread, which dies if this raises.

        Positional only: gpiozero refuses a handler whose partial carries keywords.
        """
        with suppress(RuntimeError):  # the loop has ended: nobody listens any more
            loop.call_soon_threadsafe(partial(self._changed, sensor, low=low))

    def _changed(self, sensor: Sensor, *, low: bool) -> None:
        value = self._value(sensor, low=low)
        if sensor in self._pins and self._told[sensor] != value:
            self._told[sensor] = value
            self.publish(SensorChanged(sensor, value))

    def read(self, sensor: Sensor) -> bool | None:
        """The pin's level at this moment, whatever edges were told of it."""
        pin = self._pins.get(sensor)
        if pin is None:
            return None
        try:
            with driving(self, f"reading {sensor.value}"):
                return self._value(sensor, low=bool(pin.is_active))
        except HardwareFault:
            return None

    async def probe(self) -> None:
        """A chip that has died says nothing any more: that is not “nothing there”. And what no edge told,
        because it was lost or the chip was away, is told now."""
        for sensor in self._pins:
            value = self.read(sensor)
            if value is not None and self._told[sensor] != value:
                self._told[sensor] = value
                self.publish(SensorChanged(sensor, value))

    async def close(self) -> None:
        self._pins = {}
        with releasing(self):
            self._claimed.close()
        self.publish(StateChanged(DeviceState.OFFLINE))
