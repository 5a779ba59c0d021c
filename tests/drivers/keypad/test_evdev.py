"""The USB keypad: records of the kernel's over a socket; tests/guest has it on a real kernel's input events."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.errors import DeviceUnavailable
from drivers.keypad import Key, KeyPressed, evdev, input_device
from drivers.keypad.evdev import EvdevKeypad
from drivers.keypad.input_device import EV_KEY, EV_LED, EV_SYN, SYN_DROPPED, InputDevice, Record
from drivers.keypad.key_codes import KEY_OF_CODE

PATH = Path("/dev/input/by-id/usb-ACME_keypad-event-kbd")
PATIENCE_S = 10.0
DIGITS = "0123456789"


def packed(kind: int, code: int, value: int) -> bytes:
    return struct.pack("@llHHi", 0, 0, kind, code, value)


class FarEnd:
    """The kernel's end of a keypad."""

    def __init__(self) -> None:
        self.refusal: DeviceUnavailable | None = None
        self.opened = 0
        self._ends: list[socket.socket] = []

    def open(self, _name: str, _path: Path) -> InputDevice:
        self.opened += 1
        if self.refusal is not None:
            raise self.refusal
        near, far = socket.socketpair()
        near.setblocking(False)
        self._ends.append(far)
        return InputDevice(near.detach())

    def tell(self, *records: tuple[int, int, int]) -> None:
        self._ends[-1].sendall(b"".join(packed(*record) for record in records))

    def type(self, *codes: int) -> None:
        for code in codes:
            self.tell((EV_KEY, code, 1), (EV_SYN, 0, 0), (EV_KEY, code, 0), (EV_SYN, 0, 0))

    def heard(self) -> bytes:
        self._ends[-1].setblocking(False)
        return self._ends[-1].recv(4096)

    def pull_out(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
async def far_end() -> AsyncIterator[FarEnd]:
    far_end = FarEnd()
    yield far_end
    far_end.pull_out()


@pytest.fixture
async def keypad(far_end: FarEnd) -> AsyncIterator[EvdevKeypad]:
    async with EvdevKeypad(PATH, opener=far_end.open) as keypad:
        assert await told(keypad) == StateChanged(DeviceState.ONLINE)
        yield keypad


async def told(keypad: EvdevKeypad) -> DeviceEvent:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(keypad.events())


async def keys(keypad: EvdevKeypad, count: int) -> list[Key]:
    events = [await told(keypad) for _ in range(count)]
    assert all(isinstance(event, KeyPressed) for event in events)
    return [event.key for event in events if isinstance(event, KeyPressed)]


@pytest.mark.parametrize(
    "codes",
    [
        (82, 79, 80, 81, 75, 76, 77, 71, 72, 73),
        (11, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        (110, 107, 108, 109, 105, 76, 106, 102, 103, 104),
    ],
    ids=["keypad", "upper row", "without NumLock"],
)
async def test_the_ten_digits_however_the_firmware_sends_them(
    far_end: FarEnd, keypad: EvdevKeypad, codes: tuple[int, ...]
) -> None:
    far_end.type(*codes)
    assert [key.value for key in await keys(keypad, 10)] == list(DIGITS)


async def test_a_keypad_of_another_layout_says_what_its_keys_mean(far_end: FarEnd) -> None:
    async with EvdevKeypad(PATH, {Key.SLOWER: 127, Key.OK: 15}, opener=far_end.open) as other:
        await told(other)
        far_end.type(127, 15, 96)
        assert await keys(other, 3) == [Key.SLOWER, Key.OK, Key.OK]
        assert Key.CALL_STAFF not in other.fitted, "its key means something else"


async def test_every_function_of_the_visit_is_on_some_key(
    far_end: FarEnd, keypad: EvdevKeypad
) -> None:
    assert set(KEY_OF_CODE.values()) == set(Key)
    far_end.type(96, 74, 14, 83, 78, 55, 98, 15)
    assert await keys(keypad, 8) == [
        *(Key.OK, Key.CANCEL, Key.CLEAR, Key.BACK),
        *(Key.MORE_TIME, Key.REPEAT, Key.LANGUAGE, Key.CALL_STAFF),
    ]


async def test_a_finger_that_rests_on_a_key_has_pressed_it_once(
    far_end: FarEnd, keypad: EvdevKeypad
) -> None:
    far_end.tell((EV_KEY, 79, 1), *[(EV_KEY, 79, 2)] * 50, (EV_KEY, 79, 0))
    far_end.type(80)
    assert await keys(keypad, 2) == [Key.D1, Key.D2]


async def test_num_lock_is_lit_and_lit_again_when_somebody_presses_it(
    far_end: FarEnd, keypad: EvdevKeypad
) -> None:
    lit = packed(EV_LED, 0, 1) + packed(EV_SYN, 0, 0)
    assert far_end.heard() == lit
    far_end.type(69, 79)
    assert await keys(keypad, 1) == [Key.D1]
    assert far_end.heard() == lit


async def test_what_was_lost_is_not_guessed(far_end: FarEnd, keypad: EvdevKeypad) -> None:
    """After SYN_DROPPED the kernel's records up to the next SYN_REPORT are of no use."""
    far_end.tell((EV_SYN, SYN_DROPPED, 0), (EV_KEY, 79, 1), (EV_SYN, 0, 0))
    far_end.type(80)
    assert await keys(keypad, 1) == [Key.D2]


async def test_a_keypad_that_is_pulled_out_is_told_and_found_again(
    far_end: FarEnd, keypad: EvdevKeypad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evdev, "LOOK_AGAIN_S", 0.01)
    far_end.refusal = DeviceUnavailable("keypad", DeviceState.NO_DEVICE, "check its cable")
    far_end.pull_out()
    lost = await told(keypad)
    assert isinstance(lost, StateChanged)
    assert (lost.state, "cable" in lost.detail) == (DeviceState.NO_DEVICE, True)
    far_end.refusal = None
    assert await told(keypad) == StateChanged(DeviceState.ONLINE)
    far_end.type(79)
    assert await keys(keypad, 1) == [Key.D1]


async def test_a_keypad_that_is_not_there_at_start_is_a_state_with_its_reason(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evdev, "LOOK_AGAIN_S", 0.01)
    far_end.refusal = DeviceUnavailable("keypad", DeviceState.OFFLINE, "held by another program")
    async with EvdevKeypad(PATH, opener=far_end.open) as keypad:
        await asyncio.sleep(0.05)
        assert keypad.state is DeviceState.OFFLINE
        far_end.refusal = None
        assert await told(keypad) == StateChanged(DeviceState.ONLINE)
        assert far_end.opened > 1


async def test_closing_lets_go_and_a_closed_keypad_says_nothing(far_end: FarEnd) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    async with EvdevKeypad(PATH, opener=far_end.open) as keypad:
        far_end.type(79)
    assert keypad.state is DeviceState.OFFLINE
    far_end.pull_out()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(
    ("path", "state", "says"),
    [
        (Path("/dev/input/by-id/none-such"), DeviceState.NO_DEVICE, "cable"),
        (Path("/dev/null"), DeviceState.HARDWARE_ERROR, "/dev/null"),
    ],
)
def test_what_is_no_keypad_is_said(path: Path, state: DeviceState, says: str) -> None:
    with pytest.raises(DeviceUnavailable, match=says) as caught:
        InputDevice.grabbed("keypad", path)
    assert caught.value.state is state


@pytest.mark.parametrize(
    ("number", "state", "says"),
    [
        (errno.EACCES, DeviceState.OFFLINE, "group input"),
        (errno.EBUSY, DeviceState.OFFLINE, "another program"),
        (errno.ENODEV, DeviceState.NO_DEVICE, "cable"),
        (errno.EIO, DeviceState.HARDWARE_ERROR, "Input/output"),
    ],
)
def test_every_refusal_of_the_kernel_says_what_to_do(
    number: int, state: DeviceState, says: str
) -> None:
    error = input_device._unavailable("keypad", PATH, OSError(number, os.strerror(number)))
    assert error.state is state
    assert says in error.advice


def test_R14_no_record_shows_its_code() -> None:
    assert "79" not in repr(Record(EV_KEY, 79, 1))


@given(st.binary(max_size=400))
def test_any_bytes_may_come_from_a_keypad(octets: bytes) -> None:
    async def listen() -> None:
        far_end = FarEnd()
        async with EvdevKeypad(PATH, opener=far_end.open) as keypad:
            far_end._ends[-1].sendall(octets)
            await asyncio.sleep(0)
            keypad._read()
        far_end.pull_out()

    asyncio.run(listen())
