"""The one place that decides where pins come from, and what gpiozero's errors mean.

gpiozero by itself tries four libraries and settles, with a warning, for one that may see nothing: on
a terminal a dead pin library must be seen. So a factory is always made here and passed on by hand.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Literal

from gpiozero import Factory, GPIOPinInUse, GPIOZeroError, PinInvalidPin, PinUnknownPi

from drivers.device import Device, DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault

logger = logging.getLogger(__name__)

PinSource = Literal["lgpio", "libgpiod", "mock"]


def pin_factory(kind: PinSource) -> Factory:
    """Where a terminal's GPIO devices get their pins. Raises DeviceUnavailable with the remedy.

    ``lgpio`` and ``libgpiod`` are one factory each for the whole process, so that a pin used twice is
    noticed; it is never closed, the kernel does that. ``mock`` is a new one each time: levels in memory, touching nothing.
    """
    if kind == "lgpio":
        return _lgpio_factory()
    if kind == "libgpiod":
        return _libgpiod_factory()
    from gpiozero.pins.mock import MockFactory, MockPWMPin  # noqa: PLC0415 (only where asked for)

    return MockFactory(pin_class=MockPWMPin)


@cache
def _lgpio_factory() -> Factory:
    try:
        # lgpio is compiled, opens a pipe and starts a thread when imported.
        from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415

        return LGPIOFactory()
    except (
        ImportError,
        AttributeError,
    ) as exc:  # AttributeError: the empty package without a wheel
        raise _no_gpio(
            "the lgpio library is missing: install python3-lgpio from Raspberry Pi OS"
        ) from exc
    except PinUnknownPi as exc:
        raise _no_gpio(
            "this does not look like a Raspberry Pi (no board revision in /proc); "
            "in a systemd unit, ProcSubset=pid hides it"
        ) from exc
    except FileNotFoundError as exc:
        raise _no_gpio(
            "lgpio could not make its pipe in the current directory: start in a writable one"
        ) from exc
    except _library_errors() as exc:
        raise _no_gpio(
            f"the GPIO chip could not be opened ({exc}): is the user in the group gpio, "
            "and does the unit allow char-gpiochip?"
        ) from exc


@cache
def _libgpiod_factory() -> Factory:
    try:
        from drivers.gpiod_factory import GpiodFactory  # noqa: PLC0415 - only where asked for
    except ImportError as exc:
        raise _no_gpio("libgpiod's Python library is missing: pip install gpiod") from exc
    try:
        return GpiodFactory()
    except OSError as exc:
        raise _no_gpio(
            f"the GPIO chip could not be opened ({exc}): is this a Raspberry Pi, is the user in the "
            "group gpio, and does the unit allow char-gpiochip?"
        ) from exc


def _no_gpio(advice: str) -> DeviceUnavailable:
    return DeviceUnavailable("gpio", DeviceState.NO_DEVICE, advice)


def _library_errors() -> tuple[type[Exception], ...]:
    """What pin access may raise. lgpio's own error is known only once lgpio is there."""
    lgpio = sys.modules.get("lgpio")
    own: type[Exception] | None = getattr(lgpio, "error", None)
    return (GPIOZeroError, OSError) if own is None else (GPIOZeroError, OSError, own)


@contextmanager
def claiming(device: Device, purpose: str, pin: int) -> Generator[None]:
    """Around taking a pin: what goes wrong becomes DeviceUnavailable, naming pin and purpose."""
    where = f"GPIO{pin} ({purpose})"
    try:
        yield
    except GPIOPinInUse as exc:
        advice = f"{where} is already used by another device: give each its own pin in the config"
        raise DeviceUnavailable(device.name, DeviceState.NO_DEVICE, advice) from exc
    except PinInvalidPin as exc:
        advice = f"{where} does not exist on this board: correct the pin (BCM number) in the config"
        raise DeviceUnavailable(device.name, DeviceState.NO_DEVICE, advice) from exc
    except _library_errors() as exc:
        advice = f"{where} could not be taken ({exc}): is another program using it?"
        raise DeviceUnavailable(device.name, DeviceState.HARDWARE_ERROR, advice) from exc


@contextmanager
def driving(device: Device, doing: str, *, is_well: bool = True) -> Generator[None]:
    """Around moving or reading pins: failure is HardwareFault and a state, success is back online.

    ``is_well`` False: something else is wrong, so that an answer of the chip does not make it well."""
    try:
        yield
    except _library_errors() as exc:
        device.publish(StateChanged(DeviceState.HARDWARE_ERROR, str(exc)))
        raise HardwareFault(device.name, f"{doing} failed: {exc}") from exc
    if is_well:
        device.publish(StateChanged(DeviceState.ONLINE))


@contextmanager
def releasing(device: Device) -> Generator[None]:
    """Around giving pins back: a chip that is already gone is no reason not to close."""
    try:
        yield
    except _library_errors() as exc:
        logger.info("%s: while giving its pins back: %s", device.name, exc)
