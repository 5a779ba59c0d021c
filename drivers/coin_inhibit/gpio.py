"""The inhibit line on a GPIO pin: high lets coins in. A Pi that is dead or booting leaves it low, and so
does the optocoupler behind it."""

from __future__ import annotations

from contextlib import ExitStack, suppress

from gpiozero import DigitalOutputDevice, Factory

from drivers.coin_inhibit import CoinInhibit
from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault
from drivers.gpio_factory import claiming, driving, releasing


class GpioInhibit(CoinInhibit):
    """``pin`` is a BCM number."""

    def __init__(self, pin: int, factory: Factory, *, name: str = "coin inhibit") -> None:
        super().__init__(name)
        self._number = pin
        self._factory = factory
        self._claimed = ExitStack()
        self._pin: DigitalOutputDevice | None = None

    async def open(self) -> None:
        with claiming(self, "coin inhibit", self._number):
            self._pin = DigitalOutputDevice(
                self._number, initial_value=False, pin_factory=self._factory
            )
        self._claimed.callback(self._pin.close)
        self.publish(StateChanged(DeviceState.ONLINE))

    async def let_in(self) -> None:
        if self._pin is None:
            raise DeviceUnavailable(self.name, self.state, "open the coin inhibit first")
        with driving(self, "letting coins in"):
            self._pin.on()

    async def keep_out(self) -> None:
        if self._pin is not None:
            with suppress(HardwareFault), driving(self, "keeping coins out"):
                self._pin.off()

    async def probe(self) -> None:
        if self._pin is not None:
            with suppress(HardwareFault), driving(self, "reading the pin"):
                _ = self._pin.value

    async def close(self) -> None:
        pin, self._pin = self._pin, None
        if pin is not None:
            with releasing(self):
                pin.off()
        with releasing(self):
            self._claimed.close()
        self.publish(StateChanged(DeviceState.OFFLINE))
