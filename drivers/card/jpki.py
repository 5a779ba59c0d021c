"""The user authentication side of JPKI (公的個人認証), the application on every My Number Card.

No normative APDU specification is public. Every constant below stands in at least two independent
public implementations (OpenSC card-jpki.c, jpki/myna, jpki-rs) and was run against them; what rests on
one author's measurements of a card is marked [1].

    DF  D392F000260100000001        the JPKI application
    EF  0006    token information: a PKCS#11 CK_TOKEN_INFO, whose first 32 bytes are the label
        000A    authentication certificate: DER, then filler up to the file's size
        0017    authentication key        (80 2A signs with it)
        0018    authentication PIN        (four digits, three tries)
        0001, 001A, 001B                  the same for signing: a terminal never touches them (R14)

Two conversations make a sign-in. The first looks: which card is this (``drivers.card.kinds``), its
certificate, the tries left, asked with a VERIFY that has no body (it costs none). Nothing is held while
the person types. The second begins with the certificate again, because a PIN goes to the card that was
looked at and to no other; then VERIFY once, then sign as often as needed.

Files are read by their short ids where the card has shown that it knows them [1]. A person's tries are
not staked on that: the PIN is always selected by its full id.

A verified PIN lives until the card loses power, whatever is selected or reset meanwhile [1]; this is
why a reader always unpowers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from drivers.card.apdu import MAX_LE, SW, Command, Response, tries_left
from drivers.card.files import Steps, is_there, need_file, read_rest, read_start, select_file
from drivers.card.kinds import CardKind, recognise, select_jpki
from drivers.card_reader import CardConnection
from drivers.errors import (
    ApduError,
    CardExchanged,
    CardProtocolError,
    PinBlocked,
    PinIncorrect,
)

AUTH_CERTIFICATE_EF = 0x000A
AUTH_KEY_EF = 0x0017
AUTH_PIN_EF = 0x0018

PIN_LENGTH = 4

DIGEST_INFO_SHA256 = bytes.fromhex("3031300D060960864801650304020105000420")
"""RFC 8017 §9.2: the card pads (type 1) what it is given, so it must be given the whole DigestInfo."""

_MAX_CERTIFICATE = 0x2000  # today's have 1.3 to 2 KiB; a higher figure is no certificate's header
_SELECTED, _SHORT = 0x80, 0x80  # P2: the selected file; or this file, with its short id added

_T = TypeVar("_T")
SignatureAlgorithm: TypeAlias = Literal["RS256", "ES384"]
PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class CardSummary:
    """A card as it was found. ``tries_left``: 0 means locked, None that it has no PIN to ask for.

    ``certificate`` is the authentication certificate in DER, b"" where there is none (R15).
    """

    kind: CardKind
    tries_left: int | None = None
    certificate: bytes = field(default=b"", repr=False)
    short_ids: bool = field(default=False, repr=False)


async def run(connection: CardConnection, steps: Steps[_T]) -> _T:
    """Perform ``steps`` on a card. Raises what they raise, and what ``transmit`` raises."""
    return await connection.perform(steps)


# --- the first conversation --------------------------------------------------------------------------


def read_card(atr: bytes) -> Steps[CardSummary]:
    """Everything that can be known without a PIN (R1, R15, R41, R42, R45).

    Raises ApduError where the card fails, CardProtocolError where its bytes make no sense.
    """
    found = yield from recognise(atr)
    if found.kind is not CardKind.MY_NUMBER:
        return CardSummary(found.kind)
    certificate = yield from _auth_certificate(short=found.short_ids)
    if not certificate:
        return CardSummary(found.kind)
    tries = yield from probe_tries()
    return CardSummary(found.kind, tries, certificate, found.short_ids)


def _auth_certificate(*, short: bool) -> Steps[bytes]:
    """DER, or b"" where the card has none (R15). The size is in the DER header, not the file's."""
    start = yield from read_start(AUTH_CERTIFICATE_EF, MAX_LE, short=short)
    if not start.strip(b"\x00\xff"):
        return b""
    if len(start) < 4 or start[:2] != b"\x30\x82":
        raise CardProtocolError("the certificate's file does not begin with a certificate")
    size = 4 + int.from_bytes(start[2:4], "big")
    if size > _MAX_CERTIFICATE:
        raise CardProtocolError(f"a certificate of {size} bytes is not believable")
    certificate = yield from read_rest(start, size)
    _public_key(certificate)
    return certificate


def probe_tries() -> Steps[int | None]:
    """How many PIN tries the card still grants, 0 when locked. Costs none (R45).

    None for a card without this PIN (顔認証マイナンバーカード). Raises ApduError where the card fails.
    """
    selected = yield from select_file(AUTH_PIN_EF)
    if not is_there(selected, f"SELECT {AUTH_PIN_EF:04X}"):
        return None
    # Four bytes exactly: with an Lc of zero some cards would count it as a try.
    response = yield Command(0x00, 0x20, 0x00, _SELECTED)
    if response.sw in {SW.REFERENCE_DATA_NOT_FOUND, SW.FILE_NOT_FOUND}:
        return None
    tries = tries_left(response.sw)
    if tries is None:
        raise ApduError("the question how many PIN tries are left", response.sw)
    return tries


# --- the second conversation -------------------------------------------------------------------------


def meet_again(card: CardSummary) -> Steps[None]:
    """First of every session that sends a PIN: this is the card that was looked at.

    pcscd notices an exchange only when it next looks at the reader, and of two cards in one contactless
    field the reader may choose either. A PIN sent to a wrong card would cost its owner a try.

    Raises CardExchanged, ApduError.
    """
    if not (yield from select_jpki()):
        raise CardExchanged("the card that was read had JPKI, this one has not")
    start = yield from read_start(AUTH_CERTIFICATE_EF, MAX_LE, short=card.short_ids)
    if start != card.certificate[:MAX_LE]:
        raise CardExchanged("this is not the card whose certificate was read")


def sign_in(card: CardSummary, pin: bytearray, message: bytes) -> Steps[bytes]:
    """Meet the card again, one VERIFY, one signature: all that a PIN entry is for.

    Raises like ``meet_again``, ``verify_pin`` and ``sign``.
    """
    yield from meet_again(card)
    yield from verify_pin(pin)
    return (yield from sign(message, card))


def verify_pin(pin: bytearray) -> Steps[None]:
    """One VERIFY, never repeated; ``pin`` is wiped whatever happens (R14, R45).

    Raises ValueError and sends nothing unless ``pin`` is four ASCII digits: what a card makes of other
    lengths is not known, and must not cost a person a try. Raises PinIncorrect, PinBlocked, ApduError.

    Afterwards one long command that must fail goes to the card. The resource manager (pcscd) keeps the
    last command in a buffer of its own until one at least as long takes its place, and nothing else can
    overwrite the PIN there: a command of 16 bytes did not, one of 250 did, in a scan of its memory.
    """
    try:
        if len(pin) != PIN_LENGTH or not all(0x30 <= digit <= 0x39 for digit in pin):
            raise ValueError("an authentication PIN is four digits 0 to 9; nothing was sent")
        yield from need_file(AUTH_PIN_EF)
        response = yield Command(0x00, 0x20, 0x00, _SELECTED, pin)
    finally:
        pin[:] = bytes(len(pin))
    yield _OVERWRITE
    need_verified(response)


async def verify_at_reader(connection: CardConnection, typing_s: float) -> None:
    """One VERIFY with what is typed on the reader's own keys, within ``typing_s``.

    Raises like ``verify_pin``, and PinEntryCancelled, PinEntryTimedOut, PinEntryIncomplete, for which the
    card was asked nothing.
    """
    await run(connection, need_file(AUTH_PIN_EF))
    verify = Command(0x00, 0x20, 0x00, _SELECTED)
    need_verified(await connection.verify_at_reader(verify, typing_s))


_OVERWRITE = Command(0x00, 0xA4, 0x02, 0x0C, b"\xff" * 250)
"""SELECT of a file name far too long: no card has it, and a SELECT that fails changes nothing.

Never an instruction believed to be unassigned: 00 FE 00 00, say, is TERMINATE CARD USAGE (ISO/IEC 7816-9).
"""


def need_verified(response: Response) -> None:
    """What a card says to VERIFY. Raises PinIncorrect, PinBlocked, ApduError."""
    if response.sw == SW.OK:
        return
    tries = tries_left(response.sw)
    if tries is None:
        raise ApduError("VERIFY", response.sw)
    if tries == 0:
        raise PinBlocked("the card's PIN is locked; the holder's city office can reset it")
    raise PinIncorrect(tries)


def sign(message: bytes, card: CardSummary) -> Steps[bytes]:
    """The authentication key's signature of ``message``; needs a verified PIN.

    The algorithm is the certificate's. Raises CardProtocolError unless the signature verifies with it:
    a signature that would be refused far away is better refused here.
    """
    key = _public_key(card.certificate)
    if isinstance(key, rsa.RSAPublicKey):
        to_sign = DIGEST_INFO_SHA256 + hashlib.sha256(message).digest()
    else:
        to_sign = hashlib.sha384(message).digest()
    if card.short_ids:
        # Signing costs no try: what a short id does not give is asked for again with the full one.
        response = yield Command(0x80, 0x2A, 0x00, _SHORT | AUTH_KEY_EF, to_sign, le=MAX_LE)
        if response.sw == SW.OK and _is_signature(key, response.data, message):
            return response.data
    yield from need_file(AUTH_KEY_EF)
    response = yield Command(0x80, 0x2A, 0x00, _SELECTED, to_sign, le=MAX_LE)
    if response.sw != SW.OK:
        raise ApduError("the order to sign", response.sw)
    if not _is_signature(key, response.data, message):
        raise CardProtocolError("the card's signature is not its certificate's")
    return response.data


def _is_signature(key: PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA384()))
    except InvalidSignature:
        return False
    return True


# --- the certificate's key ---------------------------------------------------------------------------


def signature_algorithm(certificate: bytes) -> SignatureAlgorithm:
    """The link's name for what this certificate's key signs with. Raises CardProtocolError."""
    return "RS256" if isinstance(_public_key(certificate), rsa.RSAPublicKey) else "ES384"


def _public_key(certificate: bytes) -> PublicKey:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    # A serial number below one is a warning today and an error tomorrow.
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm, UserWarning) as error:
        raise CardProtocolError("the card's certificate cannot be parsed") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1):
        return key
    raise CardProtocolError("the certificate's key is neither RSA-2048 nor P-384")
