"""Which of pcscd's readers is ours.

pcscd names a reader by maker and model, an interface in square brackets where a device has several, the
serial number in round ones where the device tells it, and two numbers of its own, reader and slot:

    ACS ACR39U ICC Reader 00 00
    Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F CL Reader] (53201851200001) 01 00

One device may so have several names: by contact, contactless, a slot inside. All those of the chosen
device in which the pattern is found are faces of one reader. A slot for the operator's own module (SAM)
is told apart by its name, or kept out by the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable

_NAME = re.compile(
    r"(?P<model>.*?)(?: \[(?P<interface>[^\]]*)\])?(?: \((?P<serial>[^()]*)\))?"
    r"(?: (?P<index>[0-9A-F]{2}) (?P<slot>[0-9A-F]{2}))?",
    re.DOTALL,
)
_OWN_MODULE = re.compile(r"\bSAM\b")


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """``pattern`` is found in the name; ``serial``, where given, is the number in round brackets."""

    pattern: re.Pattern[str]
    serial: str = ""

    def faces(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names of our reader, in pcscd's order; () without one."""
        ours = [name for name in names if self._matches(name)]
        return tuple(name for name in ours if _device(name) == _device(ours[0]))

    def advice(self, names: list[str]) -> str:
        """What to do about a missing reader: that depends on whether pcscd sees others."""
        if not names:
            return "pcscd sees no reader: check its cable"
        seen = ", ".join(f"“{name}”" for name in names)
        serial = f" with the serial number “{self.serial}”" if self.serial else ""
        return f"no reader's name matches “{self.pattern.pattern}”{serial}; pcscd sees {seen}"

    def _matches(self, name: str) -> bool:
        if not self.pattern.search(name) or _OWN_MODULE.search(name):
            return False
        return not self.serial or _parts(name)["serial"] == self.serial


def compiled(device: str, pattern: str) -> re.Pattern[str]:
    """Raises DeviceUnavailable for what is no regular expression."""
    try:
        return re.compile(pattern)
    except re.error as error:
        advice = f"“{pattern}” is not a regular expression: {error}"
        raise DeviceUnavailable(device, DeviceState.NO_DEVICE, advice) from error


def _device(name: str) -> tuple[str, str]:
    """What two faces of one device have in common. Without a serial number, pcscd's own must do."""
    parts = _parts(name)
    return parts["model"], parts["serial"] or f"reader {parts['index']}"


def _parts(name: str) -> dict[str, str]:
    found = _NAME.fullmatch(name)
    assert found is not None  # every part of the expression is optional
    return {part: value or "" for part, value in found.groupdict().items()}
