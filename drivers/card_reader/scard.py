"""PC/SC through pyscard's lowest layer, with types, and with its return codes as our errors.

``smartcard.CardMonitoring`` is not used: its thread dies for good when pcscd restarts. pyscard is
imported when a reader is made, so that everything else works on a machine without it.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from typing import Any

from drivers.device import DeviceState
from drivers.errors import (
    CardMute,
    DeviceUnavailable,
    DriverError,
    HardwareFault,
    NoCard,
)

PLUG_AND_PLAY = r"\\?PnP?\Notification"
"""A reader that is none: its state is the number of readers, shifted like an event counter."""

CHANGED = 0x0002
UNAVAILABLE = 0x0004 | 0x0008  # unknown reader, or one that is gone
PRESENT = 0x0020
MUTE = 0x0200
COUNTER_SHIFT = 16

_SUCCESS = 0
_CANCELLED = 0x80100002
_INVALID_HANDLE = 0x80100003
_UNKNOWN_READER = 0x80100009
_TIMEOUT = 0x8010000A
_SHARING_VIOLATION = 0x8010000B
_NO_SMARTCARD = 0x8010000C
_PROTO_MISMATCH = 0x8010000F
_COMM_ERROR = 0x80100013
_NOT_TRANSACTED = 0x80100016
_READER_UNAVAILABLE = 0x80100017
_NO_SERVICE = 0x8010001D
_SERVICE_STOPPED = 0x8010001E
_NO_READERS = 0x8010002E
_UNRESPONSIVE_CARD = 0x80100066
_UNPOWERED_CARD = 0x80100067
_RESET_CARD = 0x80100068
_REMOVED_CARD = 0x80100069
_SECURITY_VIOLATION = 0x8010006A

_START_PCSCD = "pcscd is not running: start it with “systemctl start pcscd.socket”"
_ALLOW_PCSCD = (
    "pcscd refuses this user: install the polkit rule for org.debian.pcsc-lite.access_pcsc"
    " and org.debian.pcsc-lite.access_card"
)
_HELD = "another program holds the card: stop it, the terminal needs the reader for itself"
_PLUG_IN = "the reader is gone: check its cable"
_INSTALL = "pyscard is missing: “apt install python3-pyscard”, or “pip install pyscard”"

_UNAVAILABLE_ADVICE = {
    _NO_SERVICE: (DeviceState.OFFLINE, _START_PCSCD),
    _SERVICE_STOPPED: (DeviceState.OFFLINE, _START_PCSCD),
    _COMM_ERROR: (DeviceState.OFFLINE, _START_PCSCD),
    _INVALID_HANDLE: (DeviceState.OFFLINE, "pcscd has restarted: connect again"),
    _SECURITY_VIOLATION: (DeviceState.OFFLINE, _ALLOW_PCSCD),
    _UNKNOWN_READER: (DeviceState.NO_DEVICE, _PLUG_IN),
    _READER_UNAVAILABLE: (DeviceState.NO_DEVICE, _PLUG_IN),
    _NO_READERS: (DeviceState.NO_DEVICE, _PLUG_IN),
}
# A transaction that was cut is a card that lost contact: readers differ in which of these they say.
_GONE = {_NO_SMARTCARD, _NOT_TRANSACTED, _RESET_CARD, _REMOVED_CARD}
_UNKNOWN_CONTROL = {_NOT_TRANSACTED, 0x8010001F, 0x80100022}  # or unexpected, or unsupported
_SILENT = {_UNRESPONSIVE_CARD, _UNPOWERED_CARD, _PROTO_MISMATCH}


# libpcsclite searches the cards of all lines for a handle while another thread may be adding one of its
# own, or taking one out, without a lock between (seen as a crash in SCardDisconnect). So handles are used
# by one thread at a time.
_HANDLES = threading.Lock()


class ReaderHeld(DeviceUnavailable):
    """Another program has the card."""


class Scard:
    """The library. ``device`` is the name that errors bear."""

    def __init__(self, device: str) -> None:
        """Raises DeviceUnavailable where pyscard is missing."""
        self.device = device
        try:
            self.calls: Any = importlib.import_module("smartcard.scard")
        except ImportError as error:
            raise DeviceUnavailable(device, DeviceState.OFFLINE, _INSTALL) from error

    def establish(self) -> Context:
        """A line to pcscd. Raises DeviceUnavailable without one."""
        code, handle = self.calls.SCardEstablishContext(self.calls.SCARD_SCOPE_USER)
        self.check(code, "the first call to pcscd")
        return Context(self, handle)

    def check(self, code: int, doing: str) -> None:
        """Raise what the code means; return for success."""
        error = self._error(code & 0xFFFFFFFF, doing)
        if error is not None:
            raise error

    def _error(self, code: int, doing: str) -> DriverError | None:
        if code == _SUCCESS:
            return None
        if code == _SHARING_VIOLATION:
            return ReaderHeld(self.device, DeviceState.OFFLINE, _HELD)
        if code in _UNAVAILABLE_ADVICE:
            return DeviceUnavailable(self.device, *_UNAVAILABLE_ADVICE[code])
        if code in _GONE:
            return NoCard(f"no card, or no contact to it, during {doing} (PC/SC {code:08X})")
        if code in _SILENT:
            return CardMute(f"what lies in the reader does not answer to reset (PC/SC {code:08X})")
        return HardwareFault(self.device, f"PC/SC error {code:08X} during {doing}")


class Context:
    """One line to pcscd: to be used from one thread, but for ``cancel``."""

    def __init__(self, scard: Scard, handle: int) -> None:
        self._scard = scard
        self._calls = scard.calls
        self._handle = handle

    def release(self) -> None:
        self._calls.SCardReleaseContext(self._handle)

    def readers(self) -> list[str]:
        """Names of the readers that pcscd knows; none is no error."""
        code, names = self._calls.SCardListReaders(self._handle, [])
        if code & 0xFFFFFFFF == _NO_READERS:
            return []
        self._scard.check(code, "listing readers")
        return list(names)

    def wait(self, known: Mapping[str, int], timeout_s: float) -> dict[str, int]:
        """States that differ from ``known``, as soon as one does; {} after ``timeout_s``, or if cancelled."""
        code, states = self._calls.SCardGetStatusChange(
            self._handle, int(timeout_s * 1000), list(known.items())
        )
        if code & 0xFFFFFFFF in {_TIMEOUT, _CANCELLED}:
            return {}
        self._scard.check(code, "waiting for a card")
        return {name: state for name, state, _ in states if state & CHANGED}

    def cancel(self) -> None:
        """End a ``wait`` of another thread."""
        self._calls.SCardCancel(self._handle)

    def look_again(self, reader: str) -> bool:
        """Make pcscd try to power whatever lies in a reader it believes to be empty.

        False, and nothing done, while a card is being spoken to."""
        if not _HANDLES.acquire(blocking=False):
            return False
        try:
            self._power_briefly(reader)
        finally:
            _HANDLES.release()
        return True

    def _power_briefly(self, reader: str) -> None:
        calls = self._calls
        code, handle, _ = calls.SCardConnect(self._handle, reader, calls.SCARD_SHARE_DIRECT, 0)
        if code & 0xFFFFFFFF == _SUCCESS:
            calls.SCardReconnect(
                handle, calls.SCARD_SHARE_EXCLUSIVE, _either(calls), calls.SCARD_UNPOWER_CARD
            )
            calls.SCardDisconnect(handle, calls.SCARD_UNPOWER_CARD)

    def connect(self, reader: str) -> CardHandle:
        """Power the card, for us alone. Raises NoCard, CardMute, DeviceUnavailable, HardwareFault."""
        calls = self._calls
        with _HANDLES:
            code, handle, protocol = calls.SCardConnect(
                self._handle, reader, calls.SCARD_SHARE_EXCLUSIVE, _either(calls)
            )
        self._scard.check(code, "connecting")
        return CardHandle(self._scard, handle, protocol)


class CardHandle:
    """A powered card that is ours alone."""

    def __init__(self, scard: Scard, handle: int, protocol: int) -> None:
        self._scard = scard
        self._calls = scard.calls
        self._handle = handle
        self._protocol = protocol

    def atr(self) -> bytes:
        with _HANDLES:
            code, _reader, _state, _protocol, atr = self._calls.SCardStatus(self._handle)
        self._scard.check(code, "asking for the answer to reset")
        return bytes(atr)

    def transmit(self, octets: bytearray) -> bytes:
        """At least a status word. Raises NoCard also where "success" came without one: a pulled card."""
        numbers = list(octets)  # of the interpreter's own small integers: wiping the list wipes it
        try:
            with _HANDLES:
                code, answer = self._calls.SCardTransmit(self._handle, self._protocol, numbers)
        finally:
            numbers[:] = [0] * len(numbers)
        self._scard.check(code, "a command")
        if len(answer) < 2:
            raise NoCard("the card was pulled away while it answered")
        return bytes(answer)

    def asked(self, code: int) -> bytes:
        """What the reader answers to a question about itself; b"" where it does not know it."""
        with _HANDLES:
            result, answer = self._calls.SCardControl(self._handle, code, [])
        if result & 0xFFFFFFFF in _UNKNOWN_CONTROL:
            return b""
        self._scard.check(result, "a question to the reader")
        return bytes(answer)

    def control(self, code: int, octets: bytes) -> bytes:
        """Something for the reader to do with the card. Raises NoCard, HardwareFault, DeviceUnavailable."""
        with _HANDLES:
            code, answer = self._calls.SCardControl(self._handle, code, list(octets))
        self._scard.check(code, "a request to the reader")
        return bytes(answer)

    def unpower(self) -> None:
        """Cut the power and let go; harmless when card, reader or pcscd have gone."""
        with _HANDLES:
            self._calls.SCardDisconnect(self._handle, self._calls.SCARD_UNPOWER_CARD)


def _either(calls: Any) -> int:  # noqa: ANN401 - a library without types
    protocols: int = calls.SCARD_PROTOCOL_T0 | calls.SCARD_PROTOCOL_T1
    return protocols
