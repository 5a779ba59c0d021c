"""What is written about a conversation, and what never is."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu_log import ApduLog, Exchange, masked
from tests.drivers.card.cards import PIN

VERIFY = bytes.fromhex("0020008004") + PIN.encode()


def test_a_line_tells_time_command_answer_and_duration() -> None:
    file = io.StringIO()
    log = ApduLog(file)
    log(Exchange.of(1, bytes.fromhex("00A4020C020018"), b"\x90\x00", 0.0153))
    log(Exchange.of(2, VERIFY, b"\x63\xc2", 0.0))
    log(Exchange.of(3, bytes.fromhex("00B08A0000"), bytes(256) + b"\x90\x00", 0.0))
    log(Exchange.of(4, bytes.fromhex("00B0010000"), b"", 0.0))
    time, *lines = re.split(r"\d\d:\d\d:\d\d\.\d{6} ", file.getvalue())
    assert time == ""
    assert lines == [
        "   1 00 A4 02 0C 02 00 18 → 9000  15.3 ms\n",
        "   2 00 20 00 80 (5 more) → 63C2  0.0 ms\n",
        "   3 00 B0 8A 00 (1 more) → 9000, 256 bytes  0.0 ms\n",
        "   4 00 B0 01 00 (1 more) → no answer  0.0 ms\n",
    ]


def test_bytes_are_counted() -> None:
    exchange = Exchange.of(7, VERIFY, b"\x90\x00", 0.5)
    assert (exchange.number, exchange.sent, exchange.received) == (7, 9, 2)
    assert (exchange.sw, exchange.seconds) == (0x9000, 0.5)
    assert Exchange.of(7, VERIFY, b"", 0.5).sw is None


def test_a_name_is_shown_and_what_is_too_long_for_one_is_not() -> None:
    select = "00 A4 04 00 10 A0 00 00 02 31 01 00 00 00 00 00 00 00 00 00 00 00"
    assert masked(bytes.fromhex(select)) == select
    assert masked(bytes.fromhex("00A4020CFA" + "FF" * 250)) == "00 A4 02 0C (251 more)"


@given(header=st.binary(min_size=4, max_size=4), before=st.binary(max_size=9))
def test_R14_a_pin_is_never_written_whatever_command_it_comes_in(
    header: bytes, before: bytes
) -> None:
    """Also not with an instruction that has not been thought of, a wrong Lc, or padding before it."""
    command = header[:1] + (b"\x20" if header[1] == 0xA4 else header[1:2]) + header[2:]
    exchange = Exchange.of(1, command + before + PIN.encode(), b"\x90\x00", 0.0)
    shown = f"{exchange!r} {exchange}".replace(" ", "").upper()
    digits = PIN.encode().hex().upper()
    assert digits not in shown.replace(command.hex().upper(), "")
    assert masked(command) == command.hex(" ").upper()


@given(st.binary(min_size=8, max_size=64))
def test_an_answer_is_never_written(data: bytes) -> None:
    exchange = Exchange.of(1, b"\0\xb0\0\0\0", data + b"\x90\x00", 0.0)
    assert data.hex() not in f"{exchange!r}{exchange}".lower()
    assert len(str(exchange)) < 60
