"""Which card it is: by what it answers; and by its answer to reset where there is nothing to ask."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card import jpki
from drivers.card.apdu import SW, Command, Response
from drivers.card.foreign import FOREIGN_KINDS, ForeignCard
from drivers.card.jpki import CardSummary
from drivers.card.kinds import CardKind, Recognised, recognise, storage_standard
from drivers.card.software import ATR_OF_KIND, CONTACTLESS_ATR, SoftwareCard
from drivers.errors import ApduError, CardError
from tests.drivers.card.cards import new_card, run_on, run_over

ATR = ATR_OF_KIND[CardKind.MY_NUMBER]
WITH_JPKI = [CardKind.MY_NUMBER, CardKind.JUKI, CardKind.ANDROID, CardKind.IPHONE]


def powered(card: SoftwareCard) -> SoftwareCard:
    card.power_on()
    return card


@pytest.mark.parametrize("kind", WITH_JPKI)
def test_R41_cards_with_the_application_are_told_apart_by_their_label(kind: CardKind) -> None:
    card = powered(new_card(kind=kind))
    assert run_on(card, recognise(card.atr)) == Recognised(kind, short_ids=True)


@pytest.mark.parametrize("kind", [kind for kind in CardKind if kind in FOREIGN_KINDS])
def test_R42_cards_without_it_are_told_apart_by_what_else_they_have(kind: CardKind) -> None:
    card = powered(ForeignCard(kind))
    assert run_on(card, recognise(card.atr)) == Recognised(kind)


@pytest.mark.parametrize("kind", [kind for kind in CardKind if kind is not CardKind.MY_NUMBER])
def test_R42_no_other_card_is_read_any_further_or_asked_about_a_pin(kind: CardKind) -> None:
    sent: list[Command] = []
    card = powered(ForeignCard(kind) if kind in FOREIGN_KINDS else new_card(kind=kind))
    assert run_on(card, jpki.read_card(card.atr), sent) == CardSummary(kind)
    assert {command.ins for command in sent} <= {0xA4, 0xB0}
    assert len(sent) <= 5


@pytest.mark.parametrize("atr", [CONTACTLESS_ATR, bytes.fromhex("3B80800101"), b""])
def test_R1_a_my_number_card_is_one_whatever_its_answer_to_reset(atr: bytes) -> None:
    assert run_on(powered(new_card()), recognise(atr)).kind is CardKind.MY_NUMBER


def test_a_storage_card_is_not_spoken_to_at_all() -> None:
    sent: list[Command] = []
    atr = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")  # PC/SC part 3: ISO 14443 A
    assert run_over(recognise(atr), lambda _: Response(b"", SW.OK), sent).kind is CardKind.OTHER
    assert sent == []


@given(st.binary(max_size=40))
def test_any_bytes_may_be_an_answer_to_reset(atr: bytes) -> None:
    assert storage_standard(atr) in {None, *range(256)}


def test_R42_an_unknown_label_is_another_card() -> None:
    card = powered(new_card())

    def relabelled(command: Command) -> Response:
        if command.ins == 0xB0:
            return Response(b"SOMETHING NEW".ljust(32), SW.OK)
        return Response.decode(card.transmit(command.encode()))

    assert run_over(recognise(ATR), relabelled) == Recognised(CardKind.OTHER)


@pytest.mark.parametrize("sw", [0x6A81, 0x6A82, 0x6A86, 0x6B00, 0x6D00, 0x6F00, 0x6282])
def test_a_card_without_short_ids_is_read_by_full_ones(sw: int) -> None:
    card = powered(new_card())

    def without(command: Command) -> Response:
        if command.ins == 0xB0 and command.p1 & 0x80:
            return Response(b"", sw)
        return Response.decode(card.transmit(command.encode()))

    assert run_over(recognise(ATR), without) == Recognised(CardKind.MY_NUMBER, short_ids=False)


@pytest.mark.parametrize("sw", [0x6A81, 0x6D00, 0x6E00, 0x6300, 0x6999])
def test_R42_a_card_that_does_not_know_the_selection_is_another_card(sw: int) -> None:
    assert run_over(recognise(ATR), lambda _: Response(b"", sw)).kind is CardKind.OTHER


@pytest.mark.parametrize("sw", [0x6581, 0x6400, 0x6F00])
def test_a_card_that_fails_is_not_called_another_card(sw: int) -> None:
    with pytest.raises(ApduError, match=f"{sw:04X}"):
        run_over(recognise(ATR), lambda _: Response(b"", sw))


def test_the_first_selection_is_repeated_once_after_a_power_up() -> None:
    sent: list[Command] = []
    card = powered(new_card())

    def stumbling(command: Command) -> Response:
        if len(sent) == 1:
            return Response(b"", SW.NO_DIAGNOSIS)
        return Response.decode(card.transmit(command.encode()))

    assert run_over(recognise(ATR), stumbling, sent).kind is CardKind.MY_NUMBER
    assert sent[0] == sent[1] != sent[2]


def test_a_foreign_card_knows_its_own_names_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="card file"):
        ForeignCard(CardKind.MY_NUMBER)
    card = powered(ForeignCard(CardKind.BANK))
    assert card.transmit(bytes.fromhex("00B0000010")) == b"\x6d\x00"
    assert card.transmit(b"\0\xa4") == b"\x67\x00"


@given(st.lists(st.builds(Response, st.binary(max_size=256), st.integers(0, 0xFFFF)), max_size=20))
def test_no_answers_crash_the_recognition(script: list[Response]) -> None:
    queue = iter(script)
    with contextlib.suppress(CardError):
        run_over(recognise(ATR), lambda _: next(queue, Response(b"", SW.OK)))
