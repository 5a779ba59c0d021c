"""What is odd about an odd card, and that nothing else is; and what our own reading makes of each."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card import jpki
from drivers.card.apdu import SW, Command, Response, exchanges
from drivers.card.files import Steps
from drivers.card.foreign import ForeignCard
from drivers.card.jpki import CardSummary
from drivers.card.kinds import CardKind
from drivers.card.odd_card import OddCard
from drivers.card.oddities import (
    LOCKED_WORDS,
    PLAIN,
    Certificate,
    MasterFile,
    Moment,
    Oddities,
    Pull,
    Signature,
)
from drivers.card.software import CONTACTLESS_ATR, SoftwareCard
from drivers.card_reader import CardInserted, CardRemoved
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.device import StateChanged
from drivers.errors import CardProtocolError, DriverError, NoCard, PinBlocked, PinIncorrect
from tests.drivers.card.cards import PIN, WRONG_PIN, new_card, run_on, run_over

MESSAGE = b"a message of the centre"
SELECT_JPKI = "00A4040C0AD392F000260100000001"
SELECT_PIN = "00A4020C020018"
PROBE = "00200080"
KNOWN = [bytes.fromhex(command) for command in (SELECT_JPKI, SELECT_PIN, PROBE)]
ASK_TRIES = Command(0x00, 0x20, 0x00, 0x80)
MOMENTS = list(Moment)


def odd(card: SoftwareCard | None = None, /, **oddities: object) -> OddCard:
    """Powered, its application not selected yet."""
    made = OddCard(new_card() if card is None else card, Oddities(**oddities))  # type: ignore[arg-type]
    made.power_on()
    return made


def ask(card: SoftwareCard, apdu: str) -> Response:
    return Response.decode(card.transmit(bytes.fromhex(apdu)))


def verify(card: SoftwareCard, pin: str = PIN) -> int:
    return ask(card, "0020009804" + pin.encode().hex()).sw


def sign_in(card: SoftwareCard, pin: str = PIN) -> bytes:
    """Both conversations of a visit, in whatever parts the card answers."""

    def steps() -> Steps[bytes]:
        summary = yield from jpki.read_card(card.atr)
        yield from jpki.meet_again(summary)
        yield from jpki.verify_pin(bytearray(pin.encode()))
        return (yield from jpki.sign(MESSAGE, summary))

    def whole(command: Command) -> Response:
        return run_on(card, exchanges(command))

    return run_over(steps(), whole)


# --- nothing is odd unless it is said ----------------------------------------------------------------


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(KNOWN))))
def test_a_card_with_no_oddities_is_the_plain_card(commands: list[bytes]) -> None:
    plain, wrapped = new_card(), odd()
    plain.power_on()
    assert wrapped.atr == plain.atr
    assert wrapped.kind is plain.kind
    for command in commands:
        assert wrapped.transmit(command) == plain.transmit(command)


def test_power_reaches_the_card_within() -> None:
    card = new_card()
    wrapped = odd(card)
    ask(wrapped, SELECT_JPKI)
    verify(wrapped)
    wrapped.power_on()  # a warm reset
    after_reset = card.is_pin_verified
    wrapped.power_off()
    assert (after_reset, card.is_pin_verified, card.is_powered) == (True, False, False)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_count_begins_at_one(moment: Moment) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        Pull(0, moment)
    with pytest.raises(ValueError, match="counted from 1"):
        Oddities(silent_at=0)


def test_oddities_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="63C0, 6983, 6984, not 9000"):
        Oddities(locked_word=0x9000)
    with pytest.raises(ValueError, match="less than no time"):
        Oddities(apdu_delay_s=-1)


# --- the PIN -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", LOCKED_WORDS)
def test_R45_each_word_for_locked_is_understood(word: int) -> None:
    card = odd(locked_word=word)
    ask(card, SELECT_JPKI)
    assert [verify(card, WRONG_PIN) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, word]
    ask(card, SELECT_PIN)
    assert ask(card, PROBE).sw == word
    card.power_off()
    card.power_on()
    assert run_on(card, jpki.read_card(card.atr)).tries_left == 0
    with pytest.raises(PinBlocked):
        sign_in(card)


def test_a_card_without_a_pin_has_no_tries_to_count() -> None:
    card = odd(no_pin=True)
    summary = run_on(card, jpki.read_card(card.atr))
    assert summary.tries_left is None
    assert summary.certificate
    assert verify(card) == SW.REFERENCE_DATA_NOT_FOUND


def test_a_wrong_pin_costs_the_card_within_a_try() -> None:
    card = new_card()
    with pytest.raises(PinIncorrect):
        sign_in(odd(card), WRONG_PIN)
    assert card.tries_left == 2


# --- files and signatures ----------------------------------------------------------------------------


@pytest.mark.parametrize("short_ids", [True, False])
def test_R15_a_card_without_a_certificate(short_ids: bool) -> None:
    card = odd(certificate=Certificate.ABSENT, short_ids=short_ids)
    assert run_on(card, jpki.read_card(card.atr)) == CardSummary(CardKind.MY_NUMBER)
    ask(card, "00A4020C020008")
    assert ask(card, "00B0000003").data == b"\x8f\0\0"


@pytest.mark.parametrize("certificate", [Certificate.TRUNCATED, Certificate.GARBAGE])
@pytest.mark.parametrize("short_ids", [True, False])
def test_a_certificate_that_is_none_is_refused(certificate: Certificate, short_ids: bool) -> None:
    card = odd(certificate=certificate, short_ids=short_ids)
    with pytest.raises(DriverError):
        run_on(card, jpki.read_card(card.atr))
    assert card.commands > 3  # its beginning was credible


def test_a_truncated_file_ends() -> None:
    card = odd(certificate=Certificate.TRUNCATED)
    ask(card, SELECT_JPKI)
    assert len(ask(card, "00B08A0000").data) == 256
    assert ask(card, "00B0010000").sw == SW.END_OF_FILE
    assert len(ask(card, "00B0010000").data) == 44
    assert ask(card, "00B0012C00").sw == SW.WRONG_OFFSET
    assert len(ask(card, "00B0860000").data) == 160  # no other file is


@pytest.mark.parametrize("signature", [Signature.WRONG, Signature.GARBAGE])
@pytest.mark.parametrize("elliptic", [True, False])
def test_a_signature_that_does_not_verify_is_refused(signature: Signature, elliptic: bool) -> None:
    with pytest.raises(CardProtocolError, match="signature"):
        sign_in(odd(new_card(elliptic=elliptic), signature=signature))


def test_a_wrong_signature_has_the_right_shape() -> None:
    good, wrong = sign_in(odd()), odd(signature=Signature.WRONG)
    ask(wrong, SELECT_JPKI)
    verify(wrong)
    digest = "3031300D060960864801650304020105000420" + "5A" * 32
    assert len(ask(wrong, f"802A009733{digest}00").data) == len(good)


def test_without_short_ids_everything_is_named_in_full() -> None:
    card = odd(short_ids=False)
    ask(card, SELECT_JPKI)
    for refused in ("00B0860020", "00200098", "802A009700"):
        assert ask(card, refused).sw == SW.WRONG_P1_P2
    assert sign_in(card) == sign_in(odd())


# --- answers -----------------------------------------------------------------------------------------


def test_answers_in_parts() -> None:
    card = odd(get_response=True)
    ask(card, SELECT_JPKI)
    assert ask(card, "00B0860020") == Response(b"", 0x6120)
    assert ask(card, "00C0000030") == Response(b"", 0x6C20)
    assert ask(card, "00C0000008") == Response(b"JPKIAPIC", 0x6118)
    assert ask(card, "00C0000018") == Response(b"CTOKEN2".ljust(24), SW.OK)
    assert ask(card, "00C0000001").sw == SW.CONDITIONS_NOT_SATISFIED
    assert ask(card, "00B0880000") == Response(b"", 0x6C03)
    assert ask(card, "00B0880003") == Response(b"", 0x6103)
    ask(card, PROBE)
    assert ask(card, "00C0000003").sw == SW.CONDITIONS_NOT_SATISFIED


def test_whoever_follows_the_parts_has_the_whole() -> None:
    assert sign_in(odd(get_response=True)) == sign_in(odd())


def test_the_first_command_after_each_power_up_fails() -> None:
    card = odd(fails_first=True)
    assert ask(card, SELECT_JPKI).sw == SW.NO_DIAGNOSIS
    assert ask(card, SELECT_JPKI).sw == SW.OK
    card.power_on()  # a warm reset is no power-up
    assert ask(card, SELECT_JPKI).sw == SW.OK
    card.power_off()
    card.power_on()
    assert sign_in(card) == sign_in(odd())


def test_the_master_file() -> None:
    stays, leaves = odd(), odd(master_file=MasterFile.LEAVES)
    for card in (stays, leaves):
        ask(card, SELECT_JPKI)
        verify(card)
        assert ask(card, "00A40000").sw == SW.OK
    assert ask(stays, "00B0860020").sw == SW.OK
    assert ask(leaves, "00B0860020").sw == SW.FILE_NOT_FOUND


@pytest.mark.parametrize("card", [None, ForeignCard(CardKind.BANK)])
def test_another_answer_to_reset(card: SoftwareCard | None) -> None:
    assert odd(card, atr=CONTACTLESS_ATR).power_on() == CONTACTLESS_ATR


# --- time and hands ----------------------------------------------------------------------------------


def test_time_is_told_to_the_reader_and_not_taken() -> None:
    card = odd(apdu_delay_s=1.5, sign_delay_s=100.0, silent_at=2)
    sign = bytes.fromhex("802A009700")
    assert card.seconds_for(bytes.fromhex(PROBE)) == 1.5
    assert card.seconds_for(sign) == 101.5
    ask(card, PROBE)
    assert card.seconds_for(bytes.fromhex(PROBE)) == math.inf


def test_a_card_that_is_pulled_before_a_command_never_hears_it() -> None:
    card = new_card()
    pulled = odd(card, pull=Pull(2, Moment.BEFORE))
    ask(pulled, SELECT_JPKI)
    with pytest.raises(NoCard):
        verify(pulled, WRONG_PIN)
    assert card.tries_left == 3


def test_a_card_that_is_pulled_during_a_command_has_performed_it() -> None:
    card = new_card()
    pulled = odd(card, pull=Pull(2, Moment.DURING))
    ask(pulled, SELECT_JPKI)
    with pytest.raises(NoCard):
        verify(pulled, WRONG_PIN)
    assert card.tries_left == 2


def test_a_card_that_is_pulled_after_a_command_has_answered() -> None:
    pulled = odd(pull=Pull(2, Moment.AFTER))
    ask(pulled, SELECT_JPKI)
    assert verify(pulled, WRONG_PIN) == 0x63C2
    assert pulled.is_pulled
    with pytest.raises(NoCard):
        ask(pulled, PROBE)


@given(at=st.integers(1, 16), moment=st.sampled_from(MOMENTS))
async def test_a_card_may_be_pulled_at_any_command_in_memory(at: int, moment: Moment) -> None:
    """The hand is the reader's own: what lies on it is gone, and the next card is welcome."""
    reader = SimulatedCardReader()
    loop = asyncio.get_running_loop()
    told: list[int] = []

    def pull() -> None:
        told.append(card.commands)
        loop.call_later(0, reader.remove)  # when the answer, if there is one, has been given

    card = OddCard(new_card(), Oddities(pull=Pull(at, moment)), pull)
    async with reader:
        reader.insert(card)
        events = [await anext(reader.events()) for _ in range(2)]
        assert [type(event) for event in events] == [StateChanged, CardInserted]
        async with reader.connect() as connection:
            for _ in range(at - 1):
                await connection.transmit(ASK_TRIES)
            if moment is Moment.AFTER:
                await connection.transmit(ASK_TRIES)
            with pytest.raises(NoCard):
                await connection.transmit(ASK_TRIES)
        async with asyncio.timeout(15):
            assert isinstance(await anext(reader.events()), CardRemoved)
        assert told == [at]
        assert card.commands == at
        assert not reader.card_present
        reader.insert(OddCard(new_card(), PLAIN))
