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
from drivers.card.files import Steps
from drivers.card.jpki import CardSummary
from drivers.card.kinds import CardKind, select_jpki
from drivers.card.software import ATR_OF_KIND
from drivers.card.virtual import VirtualCard
from drivers.errors import (
    ApduError,
    CardError,
    CardExchanged,
    CardProtocolError,
    PinBlocked,
    PinIncorrect,
)
from tests.drivers.card.cards import (
    PIN,
    WRONG_PIN,
    Answer,
    locked_card,
    new_card,
    run_on,
    run_over,
    summary_of,
)

MESSAGE = b"a nonce of the centre"
ATR = ATR_OF_KIND[CardKind.MY_NUMBER]


def powered(card: VirtualCard) -> VirtualCard:
    card.power_on()
    return card


def read(card: VirtualCard) -> CardSummary:
    summary: CardSummary = run_on(powered(card), jpki.read_card(ATR))
    return summary


def verified(card: VirtualCard) -> VirtualCard:
    run_on(powered(card), select_jpki())
    run_on(card, jpki.verify_pin(bytearray(PIN.encode())))
    return card


def answering(card: VirtualCard, change: Callable[[Command, Response], Response]) -> Answer:
    """The card, but for what ``change`` makes of its answers."""
    powered(card)
    return lambda command: change(command, Response.decode(card.transmit(command.encode())))


def with_ids(*, short: bool) -> Callable[[Command, Response], Response]:
    """A card that knows short ids of files, or none that does."""

    def change(command: Command, response: Response) -> Response:
        is_short = (command.ins == 0xB0 and command.p1 & 0x80) or (
            command.ins == 0x2A and command.p2 & 0x1F
        )
        return Response(b"", SW.WRONG_P1_P2) if is_short and not short else response

    return change


# --- reading -----------------------------------------------------------------------------------------


def test_R1_a_my_number_card_is_read_whole() -> None:
    card = new_card()
    assert read(card) == CardSummary(CardKind.MY_NUMBER, 3, card.certificate, short_ids=True)


@pytest.mark.parametrize("short_ids", [True, False])
def test_R15_a_card_without_the_certificate_says_so(short_ids: bool) -> None:
    card = new_card(has_auth_certificate=False)
    summary = run_over(jpki.read_card(card.atr), answering(card, with_ids(short=short_ids)))
    assert summary == CardSummary(CardKind.MY_NUMBER, None, b"")


def test_R15_a_card_without_the_file_has_no_certificate() -> None:
    def missing(command: Command, response: Response) -> Response:
        asks = command.ins == 0xB0 and command.p1 == 0x80 | jpki.AUTH_CERTIFICATE_EF
        return Response(b"", SW.FILE_NOT_FOUND) if asks else response

    card = new_card()
    assert not run_over(jpki.read_card(card.atr), answering(card, missing)).certificate


@pytest.mark.parametrize("sw", [0x6A88, 0x6A82])
def test_a_card_for_face_authentication_has_no_pin_to_ask_for(sw: int) -> None:
    def without_pin(command: Command, response: Response) -> Response:
        return Response(b"", sw) if command.ins == 0x20 else response

    card = new_card()
    summary = run_over(jpki.read_card(card.atr), answering(card, without_pin))
    assert (summary.tries_left, summary.certificate) == (None, card.certificate)


@pytest.mark.parametrize("sw", [0x6F00, 0x6700, 0x9000])
def test_R45_a_card_that_does_not_tell_its_tries_is_not_asked_for_a_pin(sw: int) -> None:
    def silent(command: Command, response: Response) -> Response:
        return Response(b"", sw) if command.ins == 0x20 else response

    card = new_card()
    with pytest.raises(ApduError, match=f"{sw:04X}"):
        run_over(jpki.read_card(card.atr), answering(card, silent))


def test_R45_a_locked_card_has_no_tries_left() -> None:
    assert read(locked_card()).tries_left == 0


def test_R45_asking_costs_no_try() -> None:
    card = new_card(tries_left=1)
    assert [read(card).tries_left for _ in range(5)] == [1] * 5


def test_a_certificate_is_read_in_whole_blocks_and_not_beyond_its_end() -> None:
    sent: list[Command] = []
    certificate = run_on(powered(new_card()), jpki.read_card(ATR), sent).certificate
    reads = [c for c in sent if c.ins == 0xB0][1:]
    assert all(c.le == 256 for c in reads[:-1])
    assert reads[-1].p1 * 256 + reads[-1].p2 + (reads[-1].le or 0) == len(certificate)


@pytest.mark.parametrize(("short_ids", "commands"), [(True, 15), (False, 20)])
def test_a_sign_in_takes_as_few_commands_as_the_card_allows(short_ids: bool, commands: int) -> None:
    """Of a certificate of four blocks; a card of 1,295 bytes has two more."""
    sent: list[Command] = []
    card = new_card()
    answer = answering(card, with_ids(short=short_ids))
    summary = run_over(jpki.read_card(card.atr), answer, sent)
    assert summary.short_ids is short_ids
    run_over(jpki.meet_again(summary), answer, sent)
    run_over(jpki.verify_pin(bytearray(PIN.encode())), answer, sent)
    run_over(jpki.sign(MESSAGE, summary), answer, sent)
    blocks = -(-len(card.certificate) // 256)
    assert len(sent) == commands - 5 + blocks


def test_no_command_is_longer_than_every_reader_can_carry() -> None:
    sent: list[Command] = []
    card = powered(new_card())
    summary = run_on(card, jpki.read_card(ATR), sent)
    run_on(card, jpki.verify_pin(bytearray(PIN.encode())), sent)
    run_on(card, jpki.sign(MESSAGE, summary), sent)
    assert all(5 + len(command.data) + (command.le is not None) <= 261 for command in sent)


@pytest.mark.parametrize(
    "start",
    [b"\x30\x82\xff\xff" + bytes(252), b"\x30\x81" + bytes(254), b"\x01", b"\x30\x82\x00\x01"],
)
def test_what_is_no_certificate_is_a_protocol_error(start: bytes) -> None:
    def forged(command: Command, response: Response) -> Response:
        return Response(start, SW.OK) if command.ins == 0xB0 and command.le == 256 else response

    with pytest.raises(CardProtocolError, match="certificate"):
        run_over(jpki.read_card(ATR), answering(new_card(), forged))


def test_a_summary_keeps_the_certificate_out_of_its_repr() -> None:
    shown = repr(read(new_card()))
    assert "certificate" not in shown
    assert len(shown) < 100


# --- meeting again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("short_ids", [True, False])
def test_the_same_card_is_met_again(short_ids: bool) -> None:
    card = new_card()
    answer = answering(card, with_ids(short=short_ids))
    summary = run_over(jpki.read_card(card.atr), answer)
    run_over(jpki.meet_again(summary), answer)


def test_R45_another_card_is_never_sent_the_pin_of_the_first() -> None:
    first, second = new_card(), new_card(elliptic=True)
    sent: list[Command] = []
    with pytest.raises(CardExchanged):
        run_on(powered(second), jpki.meet_again(read(first)), sent)
    assert not any(command.ins == 0x20 for command in sent)


def test_a_card_of_another_kind_is_an_exchanged_one() -> None:
    with pytest.raises(CardExchanged):
        run_over(jpki.meet_again(read(new_card())), lambda _: Response(b"", SW.FILE_NOT_FOUND))


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
    run_on(card, select_jpki())
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
    run_on(card, jpki.read_card(ATR), sent)
    run_on(card, jpki.verify_pin(bytearray(PIN.encode())), sent)
    run_on(card, jpki.sign(MESSAGE, summary_of(card)), sent)
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
    run_on(card, select_jpki())
    with caplog.at_level(1), pytest.raises(PinIncorrect) as caught:
        run_on(card, jpki.verify_pin(bytearray(b"7203")))
    logging.getLogger(__name__).debug("%r", caught.value)
    assert "7203" not in caplog.text + str(caught.value)


# --- signing -----------------------------------------------------------------------------------------


def test_R1_the_card_signs_with_rsa() -> None:
    card = verified(new_card())
    signature = run_on(card, jpki.sign(MESSAGE, summary_of(card)))
    key = x509.load_der_x509_certificate(card.certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert jpki.signature_algorithm(card.certificate) == "RS256"


def test_a_card_of_the_next_generation_signs_with_p384() -> None:
    card = verified(new_card(elliptic=True))
    signature = run_on(card, jpki.sign(MESSAGE, summary_of(card)))
    key = x509.load_der_x509_certificate(card.certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA384()))
    assert jpki.signature_algorithm(card.certificate) == "ES384"


def test_one_pin_entry_gives_two_signatures() -> None:
    card = verified(new_card())
    for message in (b"sign-in", b"order"):
        assert len(run_on(card, jpki.sign(message, summary_of(card)))) == 256


def test_without_a_verified_pin_the_card_does_not_sign() -> None:
    card = powered(new_card())
    run_on(card, select_jpki())
    with pytest.raises(ApduError, match="6982"):
        run_on(card, jpki.sign(MESSAGE, summary_of(card)))


def test_a_signature_that_does_not_verify_never_leaves() -> None:
    card = verified(new_card())

    def tampered(command: Command) -> Response:
        response = Response.decode(card.transmit(command.encode()))
        if command.ins == 0x2A:
            return Response(response.data[:-1] + bytes((response.data[-1] ^ 1,)), response.sw)
        return response

    with pytest.raises(CardProtocolError, match="not its certificate's"):
        run_over(jpki.sign(MESSAGE, summary_of(card)), tampered)


def test_a_swapped_cards_signature_is_refused() -> None:
    other = verified(new_card(elliptic=True))
    with pytest.raises(CardError):
        run_on(other, jpki.sign(MESSAGE, summary_of(new_card())))


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


@given(answers, st.sampled_from(["read", "meet", "verify", "sign", "sign P-384"]))
def test_no_bytes_from_a_card_crash_or_hang_the_steps(script: list[Response], what: str) -> None:
    all_steps: dict[str, Callable[[], Steps[object]]] = {
        "read": lambda: jpki.read_card(ATR),
        "meet": lambda: jpki.meet_again(summary_of(new_card())),
        "verify": lambda: jpki.verify_pin(bytearray(b"4951")),
        "sign": lambda: jpki.sign(MESSAGE, summary_of(new_card())),
        "sign P-384": lambda: jpki.sign(MESSAGE, summary_of(new_card(elliptic=True))),
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
        run_over(jpki.read_card(ATR), answering(new_card(), forged))


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
        summary = run_over(jpki.read_card(ATR), answering(card, forged))
        run_on(verified(card), jpki.sign(MESSAGE, summary))
