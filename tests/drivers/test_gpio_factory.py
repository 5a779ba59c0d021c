from __future__ import annotations

import sys
from types import ModuleType

import pytest
from gpiozero import Factory, PinUnknownPi

from drivers.errors import DeviceUnavailable
from drivers.gpio_factory import pin_factory


def _pretend(monkeypatch: pytest.MonkeyPatch, failure: Exception | None) -> None:
    """A gpiozero back end that fails as given when its factory is made (None: no lgpio at all)."""
    if failure is None:
        monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", None)
        return

    def fail() -> Factory:
        raise failure

    module = ModuleType("gpiozero.pins.lgpio")
    module.LGPIOFactory = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", module)


class Refused(Exception):
    """Stands for lgpio's own error, which derives from Exception alone."""


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (None, "install python3-lgpio"),
        (AttributeError("SET_BIAS_DISABLE"), "install python3-lgpio"),
        (PinUnknownPi("unable to locate Pi revision"), "not look like a Raspberry Pi"),
        (FileNotFoundError(".lgd-nfy0"), "current directory"),
        (PermissionError("/dev/gpiochip0"), "group gpio"),
        (Refused("can not open gpiochip"), "group gpio"),
    ],
)
def test_every_way_of_having_no_pins_is_an_error_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, failure: Exception | None, advice: str
) -> None:
    lgpio = ModuleType("lgpio")
    lgpio.error = Refused  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lgpio", lgpio)
    _pretend(monkeypatch, failure)
    with pytest.raises(DeviceUnavailable, match=advice):
        pin_factory("lgpio")


def test_mock_pins_are_given_only_when_asked_for_and_share_nothing() -> None:
    one, other = pin_factory("mock"), pin_factory("mock")
    assert one.pin(5) is not other.pin(5)
