"""What PC/SC says becomes our errors; a scripted library stands in for pcscd's rare moods."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.card_reader.scard import CHANGED, CardHandle, Context, ReaderHeld, Scard
from drivers.device import DeviceState
from drivers.errors import CardMute, DeviceUnavailable, DriverError, HardwareFault, NoCard


def scripted(**calls: Any) -> Scard:
    """A library whose functions answer as told; needs no pyscard."""
    scard = Scard.__new__(Scard)
    scard.device = "card reader"
    scard.calls = SimpleNamespace(**calls)
    return scard


def returning(code: int, result: object) -> Callable[..., tuple[int, object]]:
    def call(*_arguments: object) -> tuple[int, object]:
        return code, result

    return call


@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        (0x8010001D, DeviceUnavailable, "systemctl start pcscd"),
        (0x8010001E, DeviceUnavailable, "systemctl start pcscd"),
        (0x80100013, DeviceUnavailable, "systemctl start pcscd"),
        (0x80100003, DeviceUnavailable, "restarted"),
        (0x8010006A, DeviceUnavailable, "polkit"),
        (0x8010000B, ReaderHeld, "another program"),
        (0x80100009, DeviceUnavailable, "cable"),
        (0x80100017, DeviceUnavailable, "cable"),
        (0x8010002E, DeviceUnavailable, "cable"),
        (0x8010000C, NoCard, "8010000C"),
        (0x80100016, NoCard, "80100016"),
        (0x80100068, NoCard, "80100068"),
        (0x80100069, NoCard, "80100069"),
        (0x80100066, CardMute, "80100066"),
        (0x80100067, CardMute, "80100067"),
        (0x8010000F, CardMute, "8010000F"),
        (0x80100001, HardwareFault, "80100001"),
        (0x8010002F, HardwareFault, "8010002F"),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_every_return_code_says_what_to_do(
    code: int, error: type[DriverError], says: str, signed: bool
) -> None:
    scard = scripted()
    with pytest.raises(error, match=says) as caught:
        scard.check(code - (1 << 32) if signed else code, "a command")
    assert type(caught.value) is error


@pytest.mark.parametrize("answer", [[], [0x90]])
def test_success_without_a_status_word_is_a_pulled_card(answer: list[int]) -> None:
    scard = scripted(SCardTransmit=returning(0, answer))
    with pytest.raises(NoCard, match="pulled"):
        CardHandle(scard, 1, 2).transmit(bytearray(b"\0\xa4\0\0"))


@pytest.mark.parametrize("code", [0, 0x80100069])
def test_R14_what_is_given_to_the_library_is_wiped(code: int) -> None:
    given: list[list[int]] = []
    sent: list[bytes] = []

    def transmit(_handle: int, _protocol: int, numbers: list[int]) -> tuple[int, list[int]]:
        given.append(numbers)
        sent.append(bytes(numbers))
        return code, [0x90, 0x00]

    handle = CardHandle(scripted(SCardTransmit=transmit), 1, 2)
    with contextlib.suppress(NoCard):
        handle.transmit(bytearray(b"\0\x20\0\x80\x044951"))
    assert sent == [b"\0\x20\0\x80\x044951"]
    assert not any(given[0])


def test_no_readers_is_an_empty_list() -> None:
    scard = scripted(SCardListReaders=returning(0x8010002E, []))
    assert Context(scard, 1).readers() == []


@pytest.mark.parametrize("code", [0x8010000A, 0x80100002])
def test_a_wait_that_ends_without_a_change_says_nothing(code: int) -> None:
    scard = scripted(SCardGetStatusChange=returning(code, []))
    assert Context(scard, 1).wait({"A": 0}, 1.0) == {}


def test_only_what_has_changed_is_told() -> None:
    states: list[tuple[str, int, list[int]]] = [("A", 0x0022, []), ("B", 0x0010, [])]
    scard = scripted(SCardGetStatusChange=returning(0, states))
    assert Context(scard, 1).wait({"A": 0, "B": 0x10}, 1.0) == {"A": 0x0020 | CHANGED}


def test_without_pyscard_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    with pytest.raises(DeviceUnavailable, match="apt install python3-pyscard") as caught:
        Scard("card reader")
    assert caught.value.state is DeviceState.OFFLINE
