"""Guide lights on GPIO pins, one transistor each; the rhythm is kept by the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from math import isinf

from gpiozero import DigitalOutputDevice, Factory

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault
from drivers.gpio_factory import claiming, driving, releasing
from drivers.lights import FlashRate, Light, Lights
from drivers.lights.rhythm import Rhythm


class GpioLights(Lights):
    """``pins`` are BCM numbers; lights not named are not fitted.

    Pins are written from the event loop itself: one ioctl of microseconds, no thread needed.
    """

    def __init__(
        self,
        pins: Mapping[Light, int],
        factory: Factory,
        *,
        active_high: bool = True,
        name: str = "lights",
    ) -> None:
        super().__init__(name)
        self._numbers = dict(pins)
        self._factory = factory
        self._active_high = active_high
        self._pins: dict[Light, DigitalOutputDevice] = {}
        self._claimed = ExitStack()
        self._rhythm = Rhythm()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def fitted(self) -> frozenset[Light]:
        return frozenset(self._numbers)

    async def open(self) -> None:
        with ExitStack() as claimed:
            self._pins = {light: self._claim(light, claimed) for light in self._numbers}
            self._claimed = claimed.pop_all()
        self.publish(StateChanged(DeviceState.ONLINE))

    def _claim(self, light: Light, claimed: ExitStack) -> DigitalOutputDevice:
        number = self._numbers[light]
        with claiming(self, light.value, number):
            pin = DigitalOutputDevice(
                number,
                active_high=self._active_high,
                initial_value=False,
                pin_factory=self._factory,
            )
        claimed.callback(pin.close)
        return pin

    async def show(self, pattern: dict[Light, FlashRate]) -> None:
        if self.state is DeviceState.OFFLINE:
            raise DeviceUnavailable(
                self.name, self.state, "open the lights before showing a pattern"
            )
        lit = self._rhythm.show(pattern, asyncio.get_running_loop().time())
        self._set_timer()  # first, so that flashing goes on when a pin refuses for once
        self._write(lit)

    async def probe(self) -> None:
        """A chip that has died is seen although no lamp is to change."""
        if self._pins:
            with suppress(HardwareFault), driving(self, "reading the pins"):
                for pin in self._pins.values():
                    _ = pin.value

    def _tick(self) -> None:
        lit = self._rhythm.advance(asyncio.get_running_loop().time())
        self._set_timer()
        with suppress(HardwareFault):  # told as a state already; the next beat tries again
            self._write(lit)

    def _write(self, lit: frozenset[Light]) -> None:
        with driving(self, "writing the pins"):
            for light, pin in self._pins.items():
                if bool(pin.value) != (light in lit):
                    pin.value = light in lit

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._rhythm.next_change()
        loop = asyncio.get_running_loop()
        self._timer = None if isinf(due) else loop.call_at(due, self._tick)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rhythm = Rhythm()
        with releasing(self):
            for pin in self._pins.values():
                pin.off()
        self._pins = {}
        with releasing(self):
            self._claimed.close()
        self.publish(StateChanged(DeviceState.OFFLINE))
