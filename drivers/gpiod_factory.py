"""gpiozero's pins on libgpiod: for Pythons and boards where lgpio has no wheel. Needs no Raspberry Pi.

The kernel does the debouncing. One thread waits for the edges of all pins; what a callback raises is logged
there and ends nothing. There is no PWM: a tonal buzzer needs lgpio.
"""

# pyright: reportIncompatibleMethodOverride=false
# gpiozero's base classes are without annotations, and what they raise is taken for what they return.

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import threading
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import WeakMethod

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero import (
    Factory,
    GPIOPinInUse,
    Pin,
    PinInvalidFunction,
    PinInvalidPull,
    PinPWMUnsupported,
    PinSetInput,
)

logger = logging.getLogger(__name__)

CONSUMER = "madoguchi"
CHIPS = Path("/dev")
HEADER_CHIPS = ("pinctrl-bcm", "pinctrl-rp1")
"""Labels of the chips behind a Raspberry Pi's header: 0–4, and 5."""

_BIAS = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
_EDGES = {"both": Edge.BOTH, "rising": Edge.RISING, "falling": Edge.FALLING, "none": Edge.NONE}


class GpiodFactory(Factory):  # type: ignore[misc]  # gpiozero has no annotations
    """``chip`` is a path such as /dev/gpiochip0; the header's own is found by its label. Raises OSError."""

    def __init__(self, chip: Path | None = None) -> None:
        super().__init__()
        self.chip = gpiod.Chip(str(chip or header_chip()))
        self.watcher = _Watcher()
        self._pins: dict[int, GpiodPin] = {}
        self._owners: dict[str, weakref.ref[object]] = {}

    # gpiozero's own keeping of who has which pin asks for the board's layout, which nobody needs here.

    def reserve_pins(self, requester: object, *names: object) -> None:
        """Raises GPIOPinInUse when a device that still lives has one of them."""
        with self._res_lock:
            for name in names:
                owner = self._owner(name)
                if owner is not None and owner is not requester:
                    raise GPIOPinInUse(f"{_name(name)} is already in use by {owner!r}")
            self._owners |= {_name(name): weakref.ref(requester) for name in names}

    def release_pins(self, reserver: object, *names: object) -> None:
        with self._res_lock:
            for name in names:
                if self._owner(name) in (None, reserver):
                    self._owners.pop(_name(name), None)

    def _owner(self, name: object) -> object | None:
        held = self._owners.get(_name(name))
        return None if held is None else held()

    def release_all(self, reserver: object) -> None:
        self.release_pins(reserver, *list(self._owners))

    def pin(self, name: int) -> GpiodPin:
        """The same object for the same number."""
        number = int(str(name).removeprefix("GPIO"))
        if number not in self._pins:
            self._pins[number] = GpiodPin(self, number)
        return self._pins[number]

    def ticks(self) -> float:
        return time.monotonic()

    def ticks_diff(self, later: float, earlier: float) -> float:
        return later - earlier

    def close(self) -> None:
        for pin in self._pins.values():
            pin.close()
        self._pins.clear()
        self.watcher.close()
        self.chip.close()


class GpiodPin(Pin):  # type: ignore[misc]
    """One line. Taken from the kernel when it is first used, given back by ``close``."""

    def __init__(self, factory: GpiodFactory, number: int) -> None:
        self._factory = factory
        self._number = number
        self._request: Any = None
        self._deaf: OSError | None = None
        self._direction = Direction.INPUT
        self._pull = "floating"
        self._edges = "none"
        self._bounce: float | None = None
        self._changed: Callable[[], Callable[[float, int], None] | None] | None = None

    def _get_info(self) -> SimpleNamespace:
        return SimpleNamespace(name=_name(self._number), number=self._number)

    # --- direction ---------------------------------------------------------------------------

    def output_with_state(self, state: bool) -> None:
        self._direction = Direction.OUTPUT
        self._apply(Value.ACTIVE if state else Value.INACTIVE)

    def input_with_pull(self, pull: str) -> None:
        self._direction = Direction.INPUT
        self._set_pull(pull)

    def _get_function(self) -> str:
        return "output" if self._direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value not in {"input", "output"}:
            raise PinInvalidFunction(f"{_name(self._number)} is an input or an output")
        self._direction = Direction.OUTPUT if value == "output" else Direction.INPUT
        self._apply()

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if value not in _BIAS:
            raise PinInvalidPull(f"{_name(self._number)} cannot be pulled {value}")
        self._pull = value
        self._apply()

    # --- levels ------------------------------------------------------------------------------

    def _get_state(self) -> int:
        if self._deaf is not None:
            raise self._deaf
        return int(self._line().get_value(self._number) is Value.ACTIVE)

    def _set_state(self, value: float) -> None:
        if self._direction is not Direction.OUTPUT:
            raise PinSetInput(f"{_name(self._number)} is an input")
        self._line().set_value(self._number, Value.ACTIVE if value else Value.INACTIVE)

    def _get_frequency(self) -> None:
        return None

    def _set_frequency(self, value: float | None) -> None:
        if value is not None:
            raise PinPWMUnsupported(f"libgpiod has no PWM for {_name(self._number)}")

    # --- edges -------------------------------------------------------------------------------

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        self._bounce = value
        self._apply()

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        self._edges = value
        self._apply()

    def _get_when_changed(self) -> Callable[[float, int], None] | None:
        return self._changed() if self._changed is not None else None

    def _set_when_changed(self, value: Callable[[float, int], None] | None) -> None:
        """A method is held weakly, as gpiozero's own pins do: a device that is gone is not called."""
        if value is None:
            self._changed = None
        else:
            self._changed = WeakMethod(value) if hasattr(value, "__self__") else lambda: value
        self._apply()

    def happened(self) -> None:
        """On the watcher's thread: tell what the line did."""
        try:
            events = self._request.read_edge_events()
        except OSError as error:
            # A line whose chip has gone is readable for ever: watched on, it would keep a core busy. And
            # one that is not watched is deaf: from now on whoever asks for its level is told so.
            logger.error("%s: %s; it is not watched any more", self.info.name, error.strerror)
            self._factory.watcher.forget(self._request.fd)
            self._deaf = error
            return
        for event in events:
            changed = self._get_when_changed()
            if changed is not None:
                rising = event.event_type is event.Type.RISING_EDGE
                changed(event.timestamp_ns / 1e9, int(rising))

    def _line(self) -> Any:  # noqa: ANN401 - libgpiod's request
        if self._request is None:
            self._apply()
        return self._request

    # --- the kernel --------------------------------------------------------------------------

    def _apply(self, value: Value | None = None) -> None:
        is_output = self._direction is Direction.OUTPUT
        watched = not is_output and self._changed is not None
        settings = gpiod.LineSettings(
            direction=self._direction,
            bias=Bias.AS_IS if is_output else _BIAS[self._pull],
            edge_detection=_EDGES[self._edges] if watched else Edge.NONE,
            debounce_period=timedelta(seconds=0 if is_output else self._bounce or 0),
            output_value=value if value is not None else Value.INACTIVE,
        )
        if self._request is None:
            self._request = self._factory.chip.request_lines(
                {self._number: settings}, consumer=CONSUMER
            )
        else:
            self._request.reconfigure_lines({self._number: settings})
        if watched:
            self._factory.watcher.watch(self._request.fd, self.happened)
        else:
            self._factory.watcher.forget(self._request.fd)

    def close(self) -> None:
        request, self._request = self._request, None
        self._deaf = None
        self._changed = None
        if request is not None:
            self._factory.watcher.forget(request.fd)
            request.release()


class _Watcher:
    """One thread for the edges of all pins."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.RLock()
        self._wake, far = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._far = far
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._closed = False
        self._thread: threading.Thread | None = None

    def watch(self, fd: int, happened: Callable[[], None]) -> None:
        with self._lock:
            if fd not in self._selector.get_map():
                self._selector.register(fd, selectors.EVENT_READ, happened)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gpio edges", daemon=True)
                self._thread.start()

    def forget(self, fd: int) -> None:
        """Nothing of this pin is told any more, once this has returned."""
        with self._lock, contextlib.suppress(KeyError):
            self._selector.unregister(fd)

    def _run(self) -> None:
        while not self._closed:
            for key, _ in self._selector.select():
                with self._lock:
                    if key.data is not None and key.fd in self._selector.get_map():
                        self._tell(key.data)

    def _tell(self, happened: Callable[[], None]) -> None:
        try:
            happened()
        except Exception:
            logger.exception("what was to be done on an edge failed")

    def close(self) -> None:
        self._closed = True
        os.write(self._far, b"\0")
        if self._thread is not None:
            self._thread.join(1)
        self._selector.close()
        os.close(self._wake)
        os.close(self._far)


def header_chip(devices: Path = CHIPS) -> Path:
    """The chip of the Pi's header. Raises OSError where there is none."""
    for path in sorted(devices.glob("gpiochip*")):
        with contextlib.suppress(OSError), gpiod.Chip(str(path)) as chip:
            if chip.get_info().label.startswith(HEADER_CHIPS):
                return path
    raise FileNotFoundError(2, "there is no GPIO chip of a Raspberry Pi's header", str(devices))


def _name(number: object) -> str:
    return f"GPIO{str(number).removeprefix('GPIO')}"
