"""Readers with keys of their own: the bytes of PC/SC part 10, and what such a reader may answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Command
from drivers.card_reader.pin_pad import GET_FEATURES, features, pin_pad_of, verify_structure
from drivers.card_reader.scard import CardHandle, Scard
from drivers.errors import (
    CardProtocolError,
    DriverError,
    HardwareFault,
    NoCard,
    PinEntryCancelled,
    PinEntryIncomplete,
    PinEntryTimedOut,
)
from tests.drivers.card_reader.test_scard import returning, scripted

VERIFY = Command(0x00, 0x20, 0x00, 0x80)
CODE = 0x42330006
FEATURES = bytes.fromhex("0604423300060704423300070A044233000A")


class Pad:
    """A reader's side of SCardControl: features, then an answer to VERIFY."""

    def __init__(self, answer: bytes, code: int = 0, known: bytes = FEATURES) -> None:
        self.asked: list[tuple[int, bytes]] = []
        self._answer = answer
        self._code = code
        self._known = known

    def control(self, _handle: int, code: int, octets: list[int]) -> tuple[int, list[int]]:
        self.asked.append((code, bytes(octets)))
        if code == GET_FEATURES:
            return 0, list(self._known)
        return self._code, list(self._answer)

    @property
    def scard(self) -> Scard:
        return scripted(SCardControl=self.control)


def typed(pad: Pad) -> bytes:
    found = pin_pad_of(CardHandle(pad.scard, 1, 2))
    assert found is not None
    return found.verify(VERIFY, 30)


def test_R14_the_structure_is_part_10s_byte_for_byte() -> None:
    assert verify_structure(VERIFY, 30) == bytes.fromhex(
        "1E0A"  # 30 s for the first key, 10 s after it
        "82"  # bytes; PIN at position 0; left; ASCII
        "04"  # a block of four bytes, without a length
        "00"  # no length anywhere
        "0404"  # four digits at the most, four at the least
        "02"  # done when OK is pressed
        "FF"  # the reader's own message
        "1104"  # in Japanese, little-endian
        "00"
        "000000"
        "09000000"  # nine bytes follow, little-endian
        "0020008004"
        "00000000"
    )


@pytest.mark.parametrize(("seconds", "octet"), [(0.2, 1), (8, 8), (29.6, 30), (3600, 255)])
def test_the_time_for_typing_is_one_byte_of_seconds(seconds: float, octet: int) -> None:
    assert verify_structure(VERIFY, seconds)[:2] == bytes((octet, min(octet, 10)))


def test_R14_the_reader_is_sent_its_own_code_and_no_digit() -> None:
    pad = Pad(b"\x90\x00")
    assert typed(pad) == b"\x90\x00"
    assert pad.asked == [(GET_FEATURES, b""), (CODE, verify_structure(VERIFY, 30))]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("6400", PinEntryTimedOut),
        ("6401", PinEntryCancelled),
        ("6402", PinEntryIncomplete),
        ("6403", PinEntryIncomplete),
        ("", CardProtocolError),
        ("90", CardProtocolError),
        ("009000", CardProtocolError),
    ],
)
def test_what_the_reader_says_itself(answer: str, error: type[DriverError]) -> None:
    with pytest.raises(error) as caught:
        typed(Pad(bytes.fromhex(answer)))
    assert type(caught.value) is error


@pytest.mark.parametrize("answer", ["9000", "63C2", "6983", "6B80"])
def test_what_the_card_says_is_passed_on(answer: str) -> None:
    assert typed(Pad(bytes.fromhex(answer))).hex().upper() == answer


@pytest.mark.parametrize(
    ("code", "error"), [(0x80100069, NoCard), (0x80100016, NoCard), (0x80100001, HardwareFault)]
)
def test_a_card_that_is_pulled_while_somebody_types(code: int, error: type[DriverError]) -> None:
    with pytest.raises(error):
        typed(Pad(b"", code))


@pytest.mark.parametrize("known", ["", "070442330007", "06", "0604423300", "0603423300"])
def test_a_reader_without_keys_is_known_before_anybody_types(known: str) -> None:
    pad = Pad(b"", known=bytes.fromhex(known))
    assert pin_pad_of(CardHandle(pad.scard, 1, 2)) is None


@pytest.mark.parametrize("code", [0x80100016, 0x8010001F, 0x80100022])
def test_a_reader_that_knows_no_features_has_no_keys(code: int) -> None:
    scard = scripted(SCardControl=returning(code, []))
    assert pin_pad_of(CardHandle(scard, 1, 2)) is None


@given(st.binary(max_size=64))
def test_any_bytes_may_be_a_list_of_features(octets: bytes) -> None:
    assert all(0 <= code < 1 << 32 for code in features(octets).values())
