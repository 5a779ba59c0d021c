"""Commands and responses as bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import SW, Command, Response, converse, exchanges, tries_left
from drivers.errors import CardProtocolError
from tests.drivers.card.cards import run_over

octet = st.integers(0, 255)
commands = st.builds(
    Command,
    octet,
    octet,
    octet,
    octet,
    st.binary(max_size=255),
    st.none() | st.integers(1, 256),
)


@given(commands)
def test_a_command_survives_its_encoding(command: Command) -> None:
    assert Command.decode(command.encode()) == command


@given(st.binary(max_size=300))
def test_whatever_decodes_encodes_to_the_same_bytes(octets: bytes) -> None:
    try:
        command = Command.decode(octets)
    except ValueError:
        return
    assert command.encode() == octets


@given(st.binary(min_size=2, max_size=300))
def test_a_response_survives_its_decoding(octets: bytes) -> None:
    assert Response.decode(octets).encode() == octets


@pytest.mark.parametrize(
    ("command", "octets"),
    [
        (Command(0x00, 0x20, 0x00, 0x80), "00200080"),
        (Command(0x00, 0xB0, 0x01, 0x00, le=256), "00B0010000"),
        (Command(0x00, 0xB0, 0x01, 0x00, le=15), "00B001000F"),
        (Command(0x00, 0xA4, 0x02, 0x0C, b"\x00\x06"), "00A4020C020006"),
        (Command(0x80, 0x2A, 0x00, 0x80, b"\xaa", le=256), "802A008001AA00"),
    ],
)
def test_the_four_cases_of_a_short_command(command: Command, octets: str) -> None:
    assert command.encode() == bytes.fromhex(octets)


@pytest.mark.parametrize("octets", ["", "002000", "00A4020C0300", "00A4020C00000206"])
def test_what_is_no_short_command_is_refused(octets: str) -> None:
    with pytest.raises(ValueError, match=r"command|Lc"):
        Command.decode(bytes.fromhex(octets))


@pytest.mark.parametrize("arguments", [(256, 0, 0, 0), (0, 0, 0, -1), (0, 0, 0, 0, bytes(256))])
def test_a_command_that_cannot_be_sent_cannot_be_made(arguments: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="byte"):
        Command(*arguments)


@pytest.mark.parametrize("le", [0, 257])
def test_le_is_1_to_256(le: int) -> None:
    with pytest.raises(ValueError, match="Le"):
        Command(0, 0xB0, 0, 0, le=le)


@pytest.mark.parametrize("octets", [b"", b"\x90"])
def test_an_answer_without_a_status_word_is_no_answer(octets: bytes) -> None:
    with pytest.raises(CardProtocolError, match="status word"):
        Response.decode(octets)


@pytest.mark.parametrize("ins", [0x20, 0x24, 0x2C])
def test_R14_a_pin_is_not_in_a_commands_repr(ins: int) -> None:
    shown = repr(Command(0x00, ins, 0x00, 0x80, bytearray(b"4951")))
    assert "4951" not in shown
    assert "34393531" not in shown
    assert f"{ins:02X} 00 80" in shown


def test_a_response_keeps_its_data_out_of_its_repr() -> None:
    assert repr(Response(b"TARO", 0x9000)) == "<4 bytes, 9000>"


def test_R14_wiping_the_pin_wipes_the_command() -> None:
    pin = bytearray(b"4951")
    command = Command(0x00, 0x20, 0x00, 0x80, pin)
    pin[:] = bytes(4)
    assert command.data == bytes(4)
    with pytest.raises(ValueError, match="wiped"):
        command.encode()  # four zeros would be a wrong PIN, and cost a try


@pytest.mark.parametrize(
    ("sw", "tries"),
    [
        (0x63C3, 3),
        (0x63C1, 1),
        (0x63C0, 0),
        (0x6983, 0),
        (0x6984, 0),
        (0x9000, None),
        (0x6300, None),
    ],
)
def test_R45_every_way_to_say_blocked_means_no_tries(sw: int, tries: int | None) -> None:
    assert tries_left(sw) == tries


def _answers(*responses: Response) -> Iterator[Response]:
    return iter(responses)


def test_the_rest_of_an_answer_is_fetched() -> None:
    sent: list[Command] = []
    answers = _answers(Response(b"", 0x6110), Response(b"a" * 16, 0x6100), Response(b"b", SW.OK))
    command = Command(0x80, 0x2A, 0x00, 0x80, b"x")
    whole = run_over(exchanges(command), lambda _: next(answers), sent)
    assert whole == Response(b"a" * 16 + b"b", SW.OK)
    assert sent[1:] == [Command(0, 0xC0, 0, 0, le=16), Command(0, 0xC0, 0, 0, le=256)]


def test_a_command_is_repeated_once_with_the_length_the_card_names() -> None:
    sent: list[Command] = []
    answers = _answers(Response(b"", 0x6C05), Response(b"12345", SW.OK))
    run_over(exchanges(Command(0, 0xB0, 0, 0, le=256)), lambda _: next(answers), sent)
    assert sent == [Command(0, 0xB0, 0, 0, le=256), Command(0, 0xB0, 0, 0, le=5)]


def test_R45_a_command_with_a_pin_is_never_sent_again() -> None:
    sent: list[Command] = []
    verify = Command(0, 0x20, 0, 0x80, bytearray(b"4951"))
    assert run_over(exchanges(verify), lambda _: Response(b"", 0x6C04), sent).sw == 0x6C04
    assert sent == [verify]


def test_a_card_that_never_ends_its_answer_is_given_up() -> None:
    with pytest.raises(CardProtocolError, match="never ends"):
        run_over(exchanges(Command(0, 0xB0, 0, 0, le=1)), lambda _: Response(b"", 0x6100))


async def test_what_the_asked_one_raises_ends_the_steps() -> None:
    steps = exchanges(Command(0, 0xB0, 0, 0, le=1))

    async def ask(_: Command) -> Response:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await converse(steps, ask)
    assert list(steps) == []
