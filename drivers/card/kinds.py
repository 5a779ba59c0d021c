"""Which card lies in the reader: by what it answers, never by where it was put (R1, R15, R41, R42).

A My Number Card has the JPKI application, and so have 住基カード and phones; the first file in it, PKCS#11's
token information, begins with a label that tells them apart. A card without it is asked for the
applications that other cards in a Japanese purse have, so that its owner can be told what it is.

The answer to reset decides only where there is nothing to ask: transit and e-money cards (FeliCa) and
other storage cards speak no ISO 7816, and readers announce them by the answer that PC/SC part 3 has
for them. All other answers to reset are made up by readers, and differ between lots of one card.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from drivers.card.apdu import SW, Command
from drivers.card.files import Steps, is_there, read_start, select_application
from drivers.errors import ApduError

JPKI_AID = bytes.fromhex("D392F000260100000001")
JUKI_AID = bytes.fromhex("D3921000310001010100")
LICENCE_AID = bytes.fromhex("A0000002310100000000000000000000")
PAYMENT_AIDS = (b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01")
"""EMV's directories: by contact, contactless."""

TOKEN_EF = 0x0006
LABEL_SIZE = 32

_STORAGE_CARD = bytes.fromhex("A000000306")  # the PC/SC Workgroup's RID, in the historical bytes
_FELICA = 0x11


class CardKind(Enum):
    """What lies in the reader, as far as a visit must tell it apart (R1, R41, R42, decision j)."""

    MY_NUMBER = "my_number"
    JUKI = "juki"
    ANDROID = "android"
    IPHONE = "iphone"
    LICENCE = "licence"
    TRANSIT = "transit"
    BANK = "bank"
    OTHER = "other"


KIND_OF_LABEL = {
    b"JPKIAPICCTOKEN2": CardKind.MY_NUMBER,
    b"JPKIAPICCTOKEN": CardKind.JUKI,
    b"JPKIAPGPSETOKEN": CardKind.ANDROID,
    b"JPKIAPIOSTOKEN": CardKind.IPHONE,
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """``short_ids``: the card has shown that it reads files by their short ids (one author's finding
    on real cards, so it is tried and never taken for granted)."""

    kind: CardKind
    short_ids: bool = False


def recognise(atr: bytes) -> Steps[Recognised]:
    """First of every conversation. With JPKI, that application is the selected one afterwards.

    Raises ApduError where the card fails rather than saying no.
    """
    storage = storage_standard(atr)
    if storage is not None:
        return Recognised(CardKind.TRANSIT if storage == _FELICA else CardKind.OTHER)
    if (yield from select_jpki()):
        return (yield from _by_label())
    return Recognised((yield from _by_application()))


def storage_standard(atr: bytes) -> int | None:
    """PC/SC part 3's number for what a card without ISO commands is; None for any other card."""
    at = atr.find(_STORAGE_CARD)
    end = at + len(_STORAGE_CARD)
    return atr[end] if at >= 0 and end < len(atr) else None


def select_jpki() -> Steps[bool]:
    """Whether the card has the JPKI application, which is selected then. Raises ApduError."""
    response = yield from select_application(JPKI_AID)
    if response.sw == SW.NO_DIAGNOSIS:
        # Seen once right after a card was powered up again. Only here, and never for VERIFY.
        response = yield from select_application(JPKI_AID)
    return is_there(response, "SELECT JPKI")


def _by_label() -> Steps[Recognised]:
    for short in (True, False):
        try:
            label = yield from read_start(TOKEN_EF, LABEL_SIZE, short=short)
        except ApduError:
            if not short:
                raise
            continue
        kind = KIND_OF_LABEL.get(label[:LABEL_SIZE].rstrip(b" \0"))
        if kind is not None:
            return Recognised(kind, short_ids=short)
    return Recognised(CardKind.OTHER)


def _by_application() -> Steps[CardKind]:
    for aid, kind in ((JUKI_AID, CardKind.JUKI), (LICENCE_AID, CardKind.LICENCE)):
        selected = yield from select_application(aid)
        if is_there(selected, f"SELECT of a {kind.value} card"):
            return kind
    for name in PAYMENT_AIDS:
        selected = yield Command(0x00, 0xA4, 0x04, 0x00, name, le=256)
        if is_there(selected, "SELECT of a bank card"):
            return CardKind.BANK
    return CardKind.OTHER
