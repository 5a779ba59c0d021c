"""The card application, against the virtual card, against a script, and against any bytes."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from drivers.card import jpki
from drivers.card.apdu import SW, Command, Response
from drivers.card.jpki import CardKind, CardSummary
from drivers.card.virtual import VirtualCard
from drivers.errors import ApduError, CardError, CardProtocolError, PinBlocked, PinIncorrect
from tests.drivers.card.cards import (
    PIN,
    WRONG_PIN,
    Answer,
    locked_card,
    new_card,
    run_on,
    run_over,
)

MESSAGE = b"a nonce of the centre"


def powered(card: VirtualCard) -> VirtualCard:
    card.power_on()
    return card


def read(card: VirtualCard) -> CardSummary:
    summary: CardSummary = run_on(powered(card), jpki.read_card())
    return summary


def verified(card: VirtualCard) -> VirtualCard:
    run_on(powered(card), jpki.select_application())
    run_on(card, jpki.verify_pin(bytearray(PIN.encode())))
    return card


def answering(card: VirtualCard, change: Callable[[Command, Response], Response]) -> Answer:
    """The card, but for what ``change`` makes of its answers."""
    powered(card)
    return lambda command: change(command, Response.decode(card.transmit(command.encode())))


# --- reading -----------------------------------------------------------------------------------------


def test_R1_a_my_number_card_is_read_whole() -> None:
    card = new_card()
    assert read(card) == CardSummary(CardKind.MY_NUMBER, True, 3, card.certificate)


@pytest.mark.parametrize("kind", [CardKind.JUKI, CardKind.PHONE, CardKind.OTHER])
def test_R41_R42_any_other_card_is_told_apart_by_its_content(kind: CardKind) -> None:
    sent: list[Command] = []
    summary = run_on(powered(new_card(kind=kind)), jpki.read_card(), sent)
    assert summary == CardSummary(kind, False, None, b"")
    assert not any(command.ins == 0x20 for command in sent)


def test_R42_an_unknown_label_is_another_card() -> None:
    def relabelled(command: Command, response: Response) -> Response:
        return Response(b"SOMETHING NEW".ljust(32), SW.OK) if command.ins == 0xB0 else response

    summary = run_over(jpki.read_card(), answering(new_card(), relabelled))
    assert summary.kind is CardKind.OTHER


@pytest.mark.parametrize("sw", [0x6A81, 0x6D00, 0x6E00, 0x6300, 0x6999])
def test_R42_a_card_that_does_not_know_the_selection_is_another_card(sw: int) -> None:
    summary = run_over(jpki.read_card(), lambda _: Response(b"", sw))
    assert summary.kind is CardKind.OTHER


@pytest.mark.parametrize("sw", [0x6581, 0x6400, 0x6F00])
def test_a_card_that_fails_is_not_called_another_card(sw: int) -> None:
    with pytest.raises(ApduError, match=f"{sw:04X}"):
        run_over(jpki.read_card(), lambda _: Response(b"", sw))


def test_R15_a_card_without_the_certificate_says_so() -> None:
    assert read(new_card(has_auth_certificate=False)) == CardSummary(
        CardKind.MY_NUMBER, False, None, b""
    )


def test_R15_an_empty_certificate_file_means_none_where_availability_is_not_told() -> None:
    def untold(command: Command, response: Response) -> Response:
        asks = command.ins == 0xA4 and command.data == b"\x00\x08"
        return Response(b"", SW.FILE_NOT_FOUND) if asks else response

    card = new_card(has_auth_certificate=False)
    assert not run_over(jpki.read_card(), answering(card, untold)).has_auth_certificate
    card = new_card()
    assert run_over(jpki.read_card(), answering(card, untold)).certificate == card.certificate


def test_R45_a_locked_card_has_no_tries_left() -> None:
    assert read(locked_card()).tries_left == 0


def test_R45_asking_costs_no_try() -> None:
    card = new_card(tries_left=1)
    assert [read(card).tries_left for _ in range(5)] == [1] * 5


def test_the_first_selection_is_repeated_once_after_a_power_up() -> None:
    sent: list[Command] = []

    def stumbling(_: Command, response: Response) -> Response:
        return Response(b"", SW.NO_DIAGNOSIS) if len(sent) == 1 else response

    summary = run_over(jpki.read_card(), answering(new_card(), stumbling), sent)
    assert summary.kind is CardKind.MY_NUMBER
    assert sent[0] == sent[1] != sent[2]


def test_a_certificate_is_read_in_whole_blocks_and_not_beyond_its_end() -> None:
    sent: list[Command] = []
    certificate = run_on(powered(new_card()), jpki.read_card(), sent).certificate
    reads = [c for c in sent if c.ins == 0xB0][2:]
    assert all(c.le == 256 for c in reads[:-1])
    assert reads[-1].p1 * 256 + reads[-1].p2 + (reads[-1].le or 0) == len(certificate)


def test_no_command_is_longer_than_every_reader_can_carry() -> None:
    sent: list[Command] = []
    card = powered(new_card())
    summary = run_on(card, jpki.read_card(), sent)
    run_on(card, jpki.verify_pin(bytearray(PIN.encode())), sent)
    run_on(card, jpki.sign(MESSAGE, summary.certificate), sent)
    assert all(len(command.encode()) <= 261 for command in sent)


@pytest.mark.parametrize(
    "start",
    [b"\x30\x82\xff\xff" + bytes(252), b"\x30\x81" + bytes(254), b"\x01", b"\x30\x82\x00\x01"],
)
def test_what_is_no_certificate_is_a_protocol_error(start: bytes) -> None:
    def forged(command: Command, response: Response) -> Response:
        return Response(start, SW.OK) if command.ins == 0xB0 and command.le == 256 else response

    with pytest.raises(CardProtocolError, match="certificate"):
        run_over(jpki.read_card(), answering(new_card(), forged))


def test_a_summary_keeps_the_certificate_out_of_its_repr() -> None:
    shown = repr(read(new_card()))
    assert "certificate=" not in shown.replace("has_auth_certificate=", "")
    assert len(shown) < 100


# --- PIN ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin", [b"", b"495", b"49511", b"49a1", "４９５１".encode(), b"495\n", b"ABC123"]
)
def test_R14_anything_but_four_digits_is_never_sent(pin: bytes) -> None:
    typed = bytearray(pin)
    sent: list[Command] = []
    with pytest.raises(ValueError, match="nothing was sent"):
        run_over(jpki.verify_pin(typed), lambda _: Response(b"", SW.OK), sent)
    assert sent == []
    assert not any(typed)


def test_R45_the_tries_count_down_to_locked_and_a_success_resets_them() -> None:
    card = powered(new_card())
    run_on(card, jpki.select_application())
    outcomes: list[int] = []
    for pin in (WRONG_PIN, WRONG_PIN, PIN, WRONG_PIN, WRONG_PIN):
        try:
            run_on(card, jpki.verify_pin(bytearray(pin.encode())))
            outcomes.append(9)
        except PinIncorrect as error:
            outcomes.append(error.tries_left)
    assert outcomes == [2, 1, 9, 2, 1]
    for pin in (WRONG_PIN, PIN):  # the try that locks it, and the right PIN that comes too late
        with pytest.raises(PinBlocked):
            run_on(card, jpki.verify_pin(bytearray(pin.encode())))
    assert card.tries_left == 0


@pytest.mark.parametrize("sw", [0x63C0, 0x6983, 0x6984])
def test_R45_every_way_to_say_blocked_is_blocked(sw: int) -> None:
    def refusing(command: Command) -> Response:
        return Response(b"", sw if command.ins == 0x20 else SW.OK)

    with pytest.raises(PinBlocked):
        run_over(jpki.verify_pin(bytearray(b"4951")), refusing)


@pytest.mark.parametrize("sw", [0x6F00, 0x6700, 0x6C04, 0x9000, 0x63C2])
def test_R45_one_pin_is_one_verify_whatever_the_card_answers(sw: int) -> None:
    sent: list[Command] = []

    def refusing(command: Command) -> Response:
        return Response(b"", sw if command.ins == 0x20 else SW.OK)

    with contextlib.suppress(ApduError, PinIncorrect):
        run_over(jpki.verify_pin(bytearray(b"4951")), refusing, sent)
    assert [command.ins for command in sent] == [0xA4, 0x20, 0xA4]


@pytest.mark.parametrize("outcome", [SW.OK, 0x63C2, 0x6F00])
def test_R14_the_pin_is_wiped_and_overwritten_below_us(outcome: int) -> None:
    typed = bytearray(b"4951")
    sent: list[tuple[int, int, bytes]] = []

    def answer(command: Command) -> Response:
        sent.append((command.ins, len(command.encode()), bytes(typed)))
        return Response(b"", outcome if command.ins == 0x20 else SW.OK)

    with contextlib.suppress(CardError):
        run_over(jpki.verify_pin(typed), answer)
    assert typed == bytes(4)
    (verify, verify_size, _), (_, size, then) = sent[-2:]
    assert verify == 0x20
    assert size >= 250 > verify_size
    assert then == bytes(4)


def test_a_terminal_knows_only_instructions_that_change_nothing_on_a_card() -> None:
    """SELECT, READ BINARY, VERIFY, sign: 00 FE, for one, would end a person's card for good."""
    card = powered(new_card())
    sent: list[Command] = []
    run_on(card, jpki.read_card(), sent)
    run_on(card, jpki.verify_pin(bytearray(PIN.encode())), sent)
    run_on(card, jpki.sign(MESSAGE, card.certificate), sent)
    allowed = {(0x00, 0xA4), (0x00, 0xB0), (0x00, 0x20), (0x80, 0x2A)}
    assert {(command.cla, command.ins) for command in sent} <= allowed


def test_R14_a_pulled_card_leaves_no_pin_behind() -> None:
    typed = bytearray(b"4951")
    steps = jpki.verify_pin(typed)
    next(steps)
    steps.send(Response(b"", SW.OK))
    steps.close()
    assert typed == bytes(4)


def test_R14_neither_errors_nor_logs_show_the_pin(caplog: pytest.LogCaptureFixture) -> None:
    card = powered(new_card())
    run_on(card, jpki.select_application())
    with caplog.at_level(1), pytest.raises(PinIncorrect) as caught:
        run_on(card, jpki.verify_pin(bytearray(b"7203")))
    logging.getLogger(__name__).debug("%r", caught.value)
    assert "7203" not in caplog.text + str(caught.value)


# --- signing -----------------------------------------------------------------------------------------


def test_R1_the_card_signs_with_rsa() -> None:
    card = verified(new_card())
    signature = run_on(card, jpki.sign(MESSAGE, card.certificate))
    key = x509.load_der_x509_certificate(card.certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert jpki.signature_algorithm(card.certificate) == "RS256"


def test_a_card_of_the_next_generation_signs_with_p384() -> None:
    card = verified(new_card(elliptic=True))
    signature = run_on(card, jpki.sign(MESSAGE, card.certificate))
    key = x509.load_der_x509_certificate(card.certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA384()))
    assert jpki.signature_algorithm(card.certificate) == "ES384"


def test_one_pin_entry_gives_two_signatures() -> None:
    card = verified(new_card())
    for message in (b"sign-in", b"order"):
        assert len(run_on(card, jpki.sign(message, card.certificate))) == 256


def test_without_a_verified_pin_the_card_does_not_sign() -> None:
    card = powered(new_card())
    run_on(card, jpki.select_application())
    with pytest.raises(ApduError, match="6982"):
        run_on(card, jpki.sign(MESSAGE, card.certificate))


def test_a_signature_that_does_not_verify_never_leaves() -> None:
    card = verified(new_card())

    def tampered(command: Command) -> Response:
        response = Response.decode(card.transmit(command.encode()))
        if command.ins == 0x2A:
            return Response(response.data[:-1] + bytes((response.data[-1] ^ 1,)), response.sw)
        return response

    with pytest.raises(CardProtocolError, match="not its certificate's"):
        run_over(jpki.sign(MESSAGE, card.certificate), tampered)


def test_a_swapped_cards_signature_is_refused() -> None:
    other = verified(new_card(elliptic=True))
    with pytest.raises(CardError):
        run_on(other, jpki.sign(MESSAGE, new_card().certificate))


# --- any bytes ---------------------------------------------------------------------------------------

answers = st.lists(
    st.builds(
        Response,
        st.binary(max_size=256)
        | st.sampled_from(
            [b"JPKIAPICCTOKEN2".ljust(32), b"\x8f\x8f\0", b"\x30\x82\x02\0" + bytes(252)]
        ),
        st.sampled_from([0x9000, 0x9000, 0x9000, 0x63C3, 0x6282]) | st.integers(0, 0xFFFF),
    ),
    max_size=40,
)


@given(answers, st.sampled_from(["read", "verify", "sign", "sign P-384"]))
def test_no_bytes_from_a_card_crash_or_hang_the_steps(script: list[Response], what: str) -> None:
    all_steps: dict[str, Callable[[], jpki.Steps[object]]] = {
        "read": jpki.read_card,
        "verify": lambda: jpki.verify_pin(bytearray(b"4951")),
        "sign": lambda: jpki.sign(MESSAGE, new_card().certificate),
        "sign P-384": lambda: jpki.sign(MESSAGE, new_card(elliptic=True).certificate),
    }
    sent: list[Command] = []
    queue = iter(script)
    with contextlib.suppress(CardError):
        run_over(all_steps[what](), lambda _: next(queue, Response(b"", SW.OK)), sent)
    assert len(sent) <= 50


@given(st.binary(max_size=2000))
def test_no_bytes_as_certificate_crash_the_reading(content: bytes) -> None:
    file = b"\x30\x82" + len(content).to_bytes(2, "big") + content

    def forged(command: Command, response: Response) -> Response:
        if command.ins == 0xB0 and (command.le == 256 or command.p1 or command.p2):
            offset = command.p1 << 8 | command.p2
            return Response(file[offset : offset + (command.le or 0)], SW.OK)
        return response

    with pytest.raises(CardProtocolError):
        run_over(jpki.read_card(), answering(new_card(), forged))


@given(st.integers(0, 900), st.integers(1, 255))
def test_no_damaged_certificate_crashes_the_reading(position: int, flip: int) -> None:
    card = new_card()
    damaged = bytearray(card.certificate)
    damaged[position % len(damaged)] ^= flip

    def forged(command: Command, response: Response) -> Response:
        if command.ins == 0xB0 and (command.le == 256 or command.p1 or command.p2):
            offset = command.p1 << 8 | command.p2
            return Response(bytes(damaged[offset : offset + (command.le or 0)]), SW.OK)
        return response

    with contextlib.suppress(CardError):
        summary = run_over(jpki.read_card(), answering(card, forged))
        run_on(verified(card), jpki.sign(MESSAGE, summary.certificate))
