"""Buttons between a GPIO pin and ground, with the Pi's own pull-up.

The callbacks run on the pin library's thread, and lgpio's ends for good if one raises: all they do is
hand the new level to the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import partial

from gpiozero import DigitalInputDevice, Factory

from drivers.buttons import Button, ButtonPressed, ButtonReleased, Buttons
from drivers.device import DeviceState, StateChanged
from drivers.errors import HardwareFault
from drivers.gpio_factory import claiming, driving, releasing

BOUNCE_S = 0.02  # arcade-style micro switches settle within 5–10 ms


class GpioButtons(Buttons):
    """``pins`` are BCM numbers; buttons not named are not fitted."""

    def __init__(
        self, pins: Mapping[Button, int], factory: Factory, *, name: str = "buttons"
    ) -> None:
        super().__init__(name)
        self._pins = dict(pins)
        self._factory = factory
        self._claimed = ExitStack()
        self._inputs: dict[Button, DigitalInputDevice] = {}
        self._down: set[Button] = set()

    @property
    def fitted(self) -> frozenset[Button]:
        return frozenset(self._pins)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        with ExitStack() as claimed:
            inputs = {button: self._claim(button, claimed) for button in self._pins}
            for button, pin in inputs.items():
                pin.when_activated = partial(self._tell, loop, button, True)
                pin.when_deactivated = partial(self._tell, loop, button, False)
            self._claimed = claimed.pop_all()
        self._inputs = inputs
        self.publish(StateChanged(DeviceState.ONLINE))
        # A key switch may have been turned while the power was off; a finger on a button means
        # nothing before there is a screen to answer.
        supervisor = inputs.get(Button.SUPERVISOR)
        if supervisor is not None and supervisor.is_active:
            self._moved(Button.SUPERVISOR, down=True)

    def _claim(self, button: Button, claimed: ExitStack) -> DigitalInputDevice:
        number = self._pins[button]
        with claiming(self, button.value, number):
            pin = DigitalInputDevice(
                number, pull_up=True, bounce_time=BOUNCE_S, pin_factory=self._factory
            )
        claimed.callback(pin.close)
        return pin

    def _tell(self, loop: asyncio.AbstractEventLoop, button: Button, down: bool) -> None:
        # Positional only: gpiozero refuses a handler whose partial carries keywords.
        with suppress(RuntimeError):  # the loop has ended: nobody listens any more
            loop.call_soon_threadsafe(partial(self._moved, button, down=down))

    def _moved(self, button: Button, *, down: bool) -> None:
        """On the loop: tell each real change once, whatever edges the library reported."""
        if self.state is DeviceState.OFFLINE or (button in self._down) == down:
            return
        if down:
            self._down.add(button)
            self.publish(ButtonPressed(button))
        else:
            self._down.remove(button)
            self.publish(ButtonReleased(button))

    async def probe(self) -> None:
        """Without its chip no button is heard: that must be seen."""
        if self._inputs:
            with suppress(HardwareFault), driving(self, "reading the pins"):
                levels = {button: bool(pin.is_active) for button, pin in self._inputs.items()}
                # A key switch stays where it was turned to: what no edge told is told now.
                if Button.SUPERVISOR in levels:
                    self._moved(Button.SUPERVISOR, down=levels[Button.SUPERVISOR])

    async def close(self) -> None:
        self._inputs = {}
        with releasing(self):
            self._claimed.close()
        self._down.clear()
        self.publish(StateChanged(DeviceState.OFFLINE))
