"""The card in software: what OpenSC and the plastic ones are known to do."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card import cardfile
from drivers.card.apdu import SW, Response
from drivers.card.cardfile import CardFile
from drivers.card.kinds import CardKind
from drivers.card.virtual import VirtualCard
from drivers.errors import ImpossibleAct
from tests.drivers.card.cards import PASSWORD, PIN, WRONG_PIN, new_card, personalised

SELECT_JPKI = "00A4040C0AD392F000260100000001"
SELECT_PIN = "00A4020C020018"
SELECT_KEY = "00A4020C020017"
PROBE = "00200080"
DIGEST_INFO = "3031300D060960864801650304020105000420" + "5A" * 32


def ask(card: VirtualCard, apdu: str) -> Response:
    return Response.decode(card.transmit(bytes.fromhex(apdu)))


def verify(card: VirtualCard, pin: str = PIN) -> int:
    return ask(card, "0020009804" + pin.encode().hex()).sw


@pytest.fixture
def card() -> VirtualCard:
    card = new_card()
    card.power_on()
    assert ask(card, SELECT_JPKI).sw == SW.OK
    return card


def test_a_card_without_power_cannot_answer() -> None:
    with pytest.raises(ImpossibleAct):
        new_card().transmit(b"\0\0\0\0")


def test_the_master_file_is_selected_inside_the_application_only(card: VirtualCard) -> None:
    assert ask(card, "00A40000").sw == SW.OK
    card.power_on()
    assert ask(card, "00A40000").sw == SW.WRONG_P1_P2


def test_files_are_found_in_the_application_only() -> None:
    card = new_card()
    card.power_on()
    assert ask(card, "00A4020C02000A").sw == SW.FILE_NOT_FOUND
    assert ask(card, "00B08A0000").sw == SW.FILE_NOT_FOUND
    assert ask(card, PROBE).sw == SW.REFERENCE_DATA_NOT_FOUND


def test_a_file_that_is_not_there(card: VirtualCard) -> None:
    assert ask(card, "00A4020C0200FF").sw == SW.FILE_NOT_FOUND


def test_the_token_information(card: VirtualCard) -> None:
    ask(card, "00A4020C020006")
    assert ask(card, "00B0000020").data == b"JPKIAPICCTOKEN2".ljust(32)
    assert len(ask(card, "00B0000000").data) == 160


def test_a_short_file_id_selects_and_reads(card: VirtualCard) -> None:
    assert ask(card, "00B0860020").data == b"JPKIAPICCTOKEN2".ljust(32)
    assert ask(card, "00B0000020").data == b"JPKIAPICCTOKEN2".ljust(32)


def test_reading_past_the_end(card: VirtualCard) -> None:
    ask(card, "00A4020C020008")
    assert ask(card, "00B0000003") == Response(b"\x8f\x8f\0", SW.OK)
    assert ask(card, "00B0000000") == Response(b"\x8f\x8f\0", SW.END_OF_FILE)
    assert ask(card, "00B0000300").sw == SW.WRONG_OFFSET


def test_a_pin_cannot_be_read(card: VirtualCard) -> None:
    ask(card, SELECT_PIN)
    assert ask(card, "00B0000000").sw == SW.NO_CURRENT_EF


def test_the_signing_certificate_is_guarded_and_the_authentication_one_is_not(
    card: VirtualCard,
) -> None:
    assert ask(card, "00B08A0000").sw == SW.OK
    assert ask(card, "00B0810000").sw == SW.SECURITY_NOT_SATISFIED
    assert ask(card, f"0020009B06{PASSWORD.encode().hex()}").sw == SW.OK
    assert ask(card, "00B0810000").data[:2] == b"\x30\x82"


def test_a_phone_guards_its_authentication_certificate() -> None:
    phone = new_card(kind=CardKind.ANDROID)
    phone.power_on()
    ask(phone, SELECT_JPKI)
    assert ask(phone, "00B08A0000").sw == SW.SECURITY_NOT_SATISFIED
    verify(phone)
    assert ask(phone, "00B08A0000").sw == SW.OK


def test_R45_the_counter_of_tries(card: VirtualCard) -> None:
    ask(card, SELECT_PIN)
    assert ask(card, PROBE).sw == 0x63C3
    assert [verify(card, WRONG_PIN) for _ in range(2)] == [0x63C2, 0x63C1]
    assert verify(card) == SW.OK
    assert ask(card, PROBE).sw == 0x63C3  # no test of being logged in
    assert [verify(card, WRONG_PIN) for _ in range(3)] == [0x63C2, 0x63C1, 0x63C0]
    assert ask(card, PROBE).sw == SW.REFERENCE_DATA_BLOCKED
    assert verify(card) == SW.REFERENCE_DATA_BLOCKED


def test_a_pin_of_another_length_costs_no_try(card: VirtualCard) -> None:
    assert ask(card, "0020009803343935").sw == SW.WRONG_LENGTH
    assert card.tries_left == 3


def test_a_wrong_pin_takes_the_verified_state_away(card: VirtualCard) -> None:
    verify(card)
    verify(card, WRONG_PIN)
    assert not card.is_pin_verified


def test_the_verified_state_survives_a_reset_and_not_a_power_cut(card: VirtualCard) -> None:
    verify(card)
    card.power_on()
    assert card.is_pin_verified
    card.power_off()
    card.power_on()
    assert not card.is_pin_verified


def test_signing_by_selection_and_by_short_file_id(card: VirtualCard) -> None:
    verify(card)
    ask(card, SELECT_KEY)
    selected = ask(card, f"802A008033{DIGEST_INFO}00")
    assert len(selected.data) == 256
    assert ask(card, f"802A009733{DIGEST_INFO}00") == selected


def test_a_signature_waits_for_get_response(card: VirtualCard) -> None:
    verify(card)
    whole = ask(card, f"802A009733{DIGEST_INFO}00").data
    assert ask(card, f"802A009733{DIGEST_INFO}") == Response(b"", 0x6100)
    first = ask(card, "00C0000064")
    assert first.sw == 0x6100 | 156
    assert first.data + ask(card, "00C000009C").data == whole
    assert ask(card, "00C0000000").sw == SW.CONDITIONS_NOT_SATISFIED


def test_what_waits_is_gone_after_another_command(card: VirtualCard) -> None:
    verify(card)
    ask(card, f"802A009733{DIGEST_INFO}")
    ask(card, PROBE)
    assert ask(card, "00C0000000").sw == SW.CONDITIONS_NOT_SATISFIED


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [
        ("802A019701AA00", SW.WRONG_P1_P2),
        ("802A009900", SW.REFERENCE_DATA_NOT_FOUND),
        ("802A0097" + "F6" + "AA" * 246 + "00", SW.WRONG_LENGTH),  # 245 is the most PKCS #1 can pad
        ("00A4020CFA" + "FF" * 250, SW.FILE_NOT_FOUND),  # the terminal's overwriting of a PIN
        ("00FE0000", SW.UNKNOWN_INS),
        ("A0A40000", SW.UNKNOWN_CLA),
        ("80FC0000", SW.WRONG_LENGTH),
        ("00B00000000800", SW.WRONG_LENGTH),  # an extended Le
        ("00", SW.WRONG_LENGTH),
    ],
)
def test_what_the_card_refuses(card: VirtualCard, apdu: str, sw: int) -> None:
    verify(card)
    assert ask(card, apdu).sw == sw


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_bytes_are_answered_with_a_status_word(commands: list[bytes]) -> None:
    card = new_card()
    card.power_on()
    card.transmit(bytes.fromhex(SELECT_JPKI))
    for octets in commands:
        assert len(card.transmit(octets)) >= 2


# --- the file ----------------------------------------------------------------------------------------


def test_R45_a_card_remembers_its_tries_in_its_file(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    cardfile.save(personalised(), path)
    for expected in (0x63C2, 0x63C1, 0x63C0, SW.REFERENCE_DATA_BLOCKED):
        card = VirtualCard.from_file(path)
        card.power_on()
        ask(card, SELECT_JPKI)
        assert verify(card, WRONG_PIN) == expected


def test_a_card_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    new_card(tries_left=2).save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cardfile.load(path) == personalised(tries_left=2)
    assert list(tmp_path.iterdir()) == [path]


def test_the_least_that_a_card_file_must_hold(tmp_path: Path) -> None:
    """What the sample backend writes."""
    content = msgspec.to_builtins(personalised())
    fields = [
        "kind",
        "key_pem",
        "certificate_pem",
        "issuer_pem",
        "pin",
        "tries_left",
        "has_auth_certificate",
    ]
    path = tmp_path / "card.json"
    path.write_bytes(msgspec.json.encode({field: content[field] for field in fields}))
    assert VirtualCard.from_file(path).kind is CardKind.MY_NUMBER


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pin", "12345"),
        ("tries_left", 4),
        ("kind", "credit"),
        ("pim", "1234"),
        ("tries_left", True),
    ],
)
def test_a_file_that_is_no_card_names_the_field(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(msgspec.json.encode(msgspec.to_builtins(personalised()) | {field: value}))
    with pytest.raises(ValueError, match=rf"card\.json is not a card file.*{field}"):
        VirtualCard.from_file(path)


def test_a_key_of_another_card_is_refused() -> None:
    other = personalised(elliptic=True)
    with pytest.raises(ValueError, match="do not belong together"):
        VirtualCard(personalised(key_pem=other.key_pem))


def test_the_file_keeps_its_secrets_out_of_its_repr() -> None:
    shown = repr(personalised())
    assert PIN not in shown
    assert "PRIVATE" not in shown
    assert isinstance(personalised(), CardFile)
