"""Runs inside the guest: a keypad made by uinput, our driver at it, and what each heard, as JSON."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from drivers.device import StateChanged
from drivers.errors import DeviceUnavailable
from drivers.keypad import KeyPressed
from drivers.keypad.evdev import EvdevKeypad
from drivers.keypad.input_device import EV_KEY, EV_LED, EV_REL, EV_SYN, InputDevice

_SET_EVBIT, _SET_KEYBIT, _SET_RELBIT, _SET_LEDBIT = 0x40045564, 0x40045565, 0x40045566, 0x40045569
_SET_PHYS, _SETUP, _CREATE = 0x4008556C, 0x405C5503, 0x5501
_BUS_USB, _BUS_BLUETOOTH = 3, 5
DIGITS = (82, 79, 80, 81, 75, 76, 77, 71, 72, 73)
KEYS = (*DIGITS, 69, 74, 78, 96, 14)


class Made:
    """An input device of this program's own."""

    def __init__(self, name: str, phys: str, *, bus: int = _BUS_USB, mouse: bool = False) -> None:
        self._fd = os.open("/dev/uinput", os.O_RDWR | os.O_NONBLOCK)
        before = set(Path("/dev/input").glob("event*"))
        self._set(_SET_EVBIT, EV_REL if mouse else EV_KEY)
        if mouse:
            self._set(_SET_RELBIT, 0)
            self._set(_SET_RELBIT, 1)
        else:
            self._set(_SET_EVBIT, EV_LED)
            self._set(_SET_LEDBIT, 0)
            for key in KEYS:
                self._set(_SET_KEYBIT, key)
        fcntl.ioctl(self._fd, _SET_PHYS, phys.encode() + b"\0")
        setup = struct.pack("@HHHH80sI", bus, 0x1234, 0x5678, 1, name.encode(), 0)
        fcntl.ioctl(self._fd, _SETUP, setup)
        fcntl.ioctl(self._fd, _CREATE)
        self.path = _appeared(before)

    def _set(self, request: int, value: int) -> None:
        fcntl.ioctl(self._fd, request, value)

    def type(self, *codes: int) -> None:
        for code in codes:
            for kind, number, value in (
                (EV_KEY, code, 1),
                (EV_SYN, 0, 0),
                (EV_KEY, code, 0),
                (EV_SYN, 0, 0),
            ):
                os.write(self._fd, struct.pack("@llHHi", 0, 0, kind, number, value))

    def lights(self) -> list[tuple[int, int]]:
        """What the system has lit: (light, on)."""
        told: list[tuple[int, int]] = []
        try:
            while octets := os.read(self._fd, 24):
                _, _, kind, code, value = struct.unpack("@llHHi", octets)
                if kind == EV_LED:
                    told.append((code, value))
        except BlockingIOError:
            pass
        return told

    def pull_out(self) -> None:
        os.close(self._fd)


def _appeared(before: set[Path]) -> Path:
    for _ in range(200):
        new = set(Path("/dev/input").glob("event*")) - before
        if new:
            time.sleep(0.3)  # udev gives it its group
            return new.pop()
        time.sleep(0.05)
    raise TimeoutError("no input device appeared")


def refusal(path: Path) -> str:
    try:
        InputDevice.grabbed("keypad", path).close()
    except DeviceUnavailable as error:
        return error.advice
    return "taken"


async def heard(keypad: EvdevKeypad, count: int) -> list[str]:
    told: list[str] = []
    async with asyncio.timeout(20):
        async for event in keypad.events():
            if isinstance(event, KeyPressed):
                told.append(event.key.value)
            elif isinstance(event, StateChanged):
                told.append(event.state.value)
            if len(told) == count:
                break
    return told


async def main() -> None:
    result: dict[str, object] = {}
    made = Made("Wired keypad", "usb-test-1/input0")
    async with EvdevKeypad(made.path) as keypad:
        made.type(*DIGITS, 96)
        result["heard"] = await heard(keypad, 12)
        result["lights"] = made.lights()
        result["second program"] = refusal(made.path)
        made.pull_out()
        result["pulled out"] = await heard(keypad, 1)
    again = Made("Wired keypad", "usb-test-1/input0")
    result["released"] = refusal(again.path)
    mouse = Made("Its mouse", "usb-test-1/input1", mouse=True)
    result["with a mouse beside"] = refusal(again.path)
    result["a mouse"] = refusal(mouse.path)
    result["bluetooth"] = refusal(Made("Radio", "aa:bb", bus=_BUS_BLUETOOTH).path)
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
