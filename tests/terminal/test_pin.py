"""The typed PIN lies in one place, and in none when it has been used (R14)."""

from __future__ import annotations

import pytest

from terminal.pin import PinBuffer


def typed(digits: str) -> PinBuffer:
    buffer = PinBuffer()
    for digit in digits:
        buffer.type(int(digit))
    return buffer


@pytest.mark.parametrize(("keys", "held"), [("", b""), ("49", b"49"), ("4951", b"4951")])
def test_R14_the_digits_are_handed_over_once(keys: str, held: bytes) -> None:
    buffer = typed(keys)
    assert len(buffer) == len(held)
    assert buffer.take() == held
    assert len(buffer) == 0
    assert buffer.take() == b""


def test_R14_a_fifth_digit_has_no_room() -> None:
    buffer = typed("49512")
    assert buffer.take() == b"4951"


def test_R14_the_digits_never_move_while_they_are_typed() -> None:
    """Where a growing bytearray was, it leaves what it held."""
    buffer = PinBuffer()
    place = memoryview(buffer._digits)  # a bytearray that is looked at refuses to be moved
    for digit in (4, 9, 5, 1):
        buffer.type(digit)
    assert place.tobytes() == b"4951"
    buffer.wipe()
    assert place.tobytes() == bytes(4)
    assert len(buffer) == 0


def test_R14_nothing_shows_the_digits() -> None:
    buffer = typed("4951")
    assert not set("4951") & set(repr(buffer) + str(buffer))


@pytest.mark.parametrize("digit", [-1, 10])
def test_what_is_no_digit_is_refused(digit: int) -> None:
    with pytest.raises(ValueError, match="0 to 9"):
        PinBuffer().type(digit)
