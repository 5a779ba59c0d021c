"""A key device of the Linux kernel (evdev): opened for us alone, and read record by record.

Ungrabbed, what is typed on it goes to the text console as well: into a login prompt, into a shell's
history. Numbers and layouts are those of linux/input.h and input-event-codes.h.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable

EV_SYN, EV_KEY, EV_REL, EV_LED = 0x00, 0x01, 0x02, 0x11
SYN_DROPPED = 3
_LED_NUM_LOCK = 0
_BUS_BLUETOOTH = 0x05

_RECORD = struct.Struct("@llHHi")  # time (two words), type, code, value
_MOST_RECORDS = 64
_KEY_BITS = 96  # bytes: 768 key codes
_GET_ID = 0x80084502  # EVIOCGID
_GRAB = 0x40044590  # EVIOCGRAB

SYS_INPUT = Path("/sys/class/input")


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that the kernel tells. Its repr hides the code: it may be a digit of a PIN."""

    type: int
    code: int
    value: int

    def __repr__(self) -> str:
        return f"Record(type={self.type})"


class InputDevice:
    """An open device. ``fd`` does not block."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def grabbed(cls, name: str, path: Path) -> Self:
        """Raises DeviceUnavailable: not there, not ours, not a keypad, or one that works by radio."""
        try:
            fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise _unavailable(name, path, error) from error
        device = cls(fd)
        try:
            device._refuse_radio(name, path)
            device._need_digits(name, path)
            fcntl.ioctl(fd, _GRAB, 1)
        except OSError as error:
            device.close()
            raise _unavailable(name, path, error) from error
        except DeviceUnavailable:
            device.close()
            raise
        return device

    def records(self) -> Iterator[Record]:
        """What has happened since; nothing is no error. Raises OSError when the device has gone."""
        try:
            octets = os.read(self.fd, _RECORD.size * _MOST_RECORDS)
        except BlockingIOError:
            return
        if not octets:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        whole = len(octets) - len(octets) % _RECORD.size
        for _, _, kind, code, value in _RECORD.iter_unpack(octets[:whole]):
            yield Record(kind, code, value)

    def light_num_lock(self) -> None:
        """Some keypads send arrows instead of digits until this light is on. Raises OSError."""
        lit = _RECORD.pack(0, 0, EV_LED, _LED_NUM_LOCK, 1)
        os.write(self.fd, lit + _RECORD.pack(0, 0, EV_SYN, 0, 0))

    def close(self) -> None:
        """The kernel lets go of it, too."""
        os.close(self.fd)

    def _refuse_radio(self, name: str, path: Path) -> None:
        bus, *_ = struct.unpack("@HHHH", fcntl.ioctl(self.fd, _GET_ID, bytes(8)))
        if bus == _BUS_BLUETOOTH or _has_a_mouse_beside(path):
            advice = (
                f"{path} seems to be wireless: what is typed on it, a PIN too, can be heard by radio."
                " Use a wired keypad"
            )
            raise DeviceUnavailable(name, DeviceState.HARDWARE_ERROR, advice)

    def _need_digits(self, name: str, path: Path) -> None:
        request = 2 << 30 | _KEY_BITS << 16 | ord("E") << 8 | 0x20 + EV_KEY  # EVIOCGBIT(EV_KEY, …)
        bits = int.from_bytes(fcntl.ioctl(self.fd, request, bytes(_KEY_BITS)), "little")
        keypad, row = (71, 72, 73, 75, 76, 77, 79, 80, 81, 82), range(2, 12)
        if not any(all(bits >> code & 1 for code in digits) for digits in (keypad, row)):
            advice = f"{path} has no ten digits: give the keypad's own path, of those in by-id"
            raise DeviceUnavailable(name, DeviceState.HARDWARE_ERROR, advice)


def _has_a_mouse_beside(path: Path) -> bool:
    """Receivers of wireless keypads show a keyboard and a mouse on one plug, whatever was bought."""
    own = SYS_INPUT / path.resolve().name / "device"
    plug = _plug_of(own)
    return bool(plug) and any(
        _plug_of(device) == plug and _moves(device) for device in SYS_INPUT.glob("event*/device")
    )


def _plug_of(device: Path) -> str:
    """Where it is plugged in: usb-0000:01:00.0-1.2/input0 → usb-0000:01:00.0-1.2."""
    try:
        return (device / "phys").read_text().strip().rpartition("/")[0]
    except OSError:
        return ""


def _moves(device: Path) -> bool:
    try:
        return int((device / "capabilities" / "rel").read_text().split()[-1], 16) != 0
    except (OSError, ValueError, IndexError):
        return False


def _unavailable(name: str, path: Path, error: OSError) -> DeviceUnavailable:
    match error.errno:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return DeviceUnavailable(name, DeviceState.NO_DEVICE, f"{path}: check its cable")
        case errno.EACCES | errno.EPERM:
            advice = f"{path} is not for this user: add it to the group input (systemd/sysusers.d)"
            return DeviceUnavailable(name, DeviceState.OFFLINE, advice)
        case errno.EBUSY:
            advice = f"{path} is held by another program: stop it, a PIN is typed on it"
            return DeviceUnavailable(name, DeviceState.OFFLINE, advice)
        case _:
            return DeviceUnavailable(name, DeviceState.HARDWARE_ERROR, f"{path}: {error.strerror}")
