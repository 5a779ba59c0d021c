"""The user authentication side of JPKI (公的個人認証), the application on every My Number Card.

No normative APDU specification is public. Every constant below stands in at least two independent
public implementations (OpenSC card-jpki.c, jpki/myna, jpki-rs) and was run against them; what rests on
one author's measurements of a card is marked [1].

    DF  D392F000260100000001        the JPKI application
    EF  0006    token information: a PKCS#11 CK_TOKEN_INFO, whose first 32 bytes are the label
        0008    which certificates are on the card: 8F for yes, sign and authentication [1]
        000A    authentication certificate: DER, then filler up to the file's size
        0017    authentication key        (80 2A signs with it)
        0018    authentication PIN        (four digits, three tries)
        0001, 001A, 001B                  the same for signing: a terminal never touches them (R14)

What decides which card this is, is its content and never its answer to reset: readers make those up.
Select the application, read the label, ask for the tries left with a VERIFY that has no body (it costs
none), read the certificate. Later, in one powered session: VERIFY once, then sign as often as needed.

A verified PIN lives until the card loses power, whatever is selected or reset meanwhile [1]; this is
why a reader always unpowers. The protocol is written as generators: they yield commands and are sent
responses, so that the same steps run over any reader, in a test, or against any bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from drivers.card.apdu import MAX_LE, SW, Command, Response, converse, tries_left
from drivers.card_reader import CardConnection
from drivers.errors import ApduError, CardProtocolError, PinBlocked, PinIncorrect

JPKI_AID = bytes.fromhex("D392F000260100000001")
TOKEN_EF = 0x0006
AVAILABILITY_EF = 0x0008
AUTH_CERTIFICATE_EF = 0x000A
AUTH_KEY_EF = 0x0017
AUTH_PIN_EF = 0x0018

AVAILABLE = 0x8F
LABEL_SIZE = 32
PIN_LENGTH = 4

DIGEST_INFO_SHA256 = bytes.fromhex("3031300D060960864801650304020105000420")
"""RFC 8017 §9.2: the card pads (type 1) what it is given, so it must be given the whole DigestInfo."""

_MAX_CERTIFICATE = 0x2000  # today's have 1.3 to 2 KiB; a higher figure is no certificate's header

_T = TypeVar("_T")
Steps: TypeAlias = Generator[Command, Response, _T]
SignatureAlgorithm: TypeAlias = Literal["RS256", "ES384"]


class CardKind(Enum):
    """What lies in the reader, as far as a visit must tell it apart (R1, R41, R42)."""

    MY_NUMBER = "my_number"
    JUKI = "juki"
    PHONE = "phone"
    OTHER = "other"


KIND_OF_LABEL = {
    b"JPKIAPICCTOKEN2": CardKind.MY_NUMBER,
    b"JPKIAPICCTOKEN": CardKind.JUKI,
    b"JPKIAPGPSETOKEN": CardKind.PHONE,
    b"JPKIAPIOSTOKEN": CardKind.PHONE,
}


@dataclass(frozen=True, slots=True)
class CardSummary:
    """A card as it was found. ``tries_left``: 0 means locked, None that it was not asked for.

    ``certificate`` is the authentication certificate in DER, b"" where there is none.
    """

    kind: CardKind
    has_auth_certificate: bool
    tries_left: int | None
    certificate: bytes = field(repr=False)


async def run(connection: CardConnection, steps: Steps[_T]) -> _T:
    """Perform ``steps`` on a card. Raises what they raise, and what ``transmit`` raises."""
    return await converse(steps, connection.transmit)


def read_card() -> Steps[CardSummary]:
    """Everything that can be known without a PIN (R1, R15, R41, R42, R45).

    Raises ApduError where the card fails, CardProtocolError where its bytes make no sense.
    """
    selected = yield from _select_application()
    kind = CardKind.OTHER
    if _is_there(selected, "SELECT JPKI"):
        kind = yield from _kind()
    if kind is not CardKind.MY_NUMBER:
        return CardSummary(kind, has_auth_certificate=False, tries_left=None, certificate=b"")
    certificate = yield from _auth_certificate()
    if not certificate:
        return CardSummary(kind, has_auth_certificate=False, tries_left=None, certificate=b"")
    tries = yield from probe_tries()
    return CardSummary(kind, True, tries, certificate)


def select_application() -> Steps[None]:
    """First of every session on a powered card. Raises ApduError where JPKI cannot be selected."""
    response = yield from _select_application()
    if response.sw != SW.OK:
        raise ApduError("SELECT JPKI", response.sw)


def probe_tries() -> Steps[int]:
    """How many PIN tries the card still grants, 0 when locked. Costs none (R45)."""
    yield from _select_ef(AUTH_PIN_EF)
    # Four bytes exactly: with an Lc of zero some cards would count it as a try.
    response = yield Command(0x00, 0x20, 0x00, 0x80)
    tries = tries_left(response.sw)
    if tries is None:
        raise ApduError("the question how many PIN tries are left", response.sw)
    return tries


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
        yield from _select_ef(AUTH_PIN_EF)
        response = yield Command(0x00, 0x20, 0x00, 0x80, pin)
    finally:
        pin[:] = bytes(len(pin))
    yield _OVERWRITE
    if response.sw == SW.OK:
        return
    tries = tries_left(response.sw)
    if tries is None:
        raise ApduError("VERIFY", response.sw)
    if tries == 0:
        raise PinBlocked("the card's PIN is locked; the holder's city office can reset it")
    raise PinIncorrect(tries)


_OVERWRITE = Command(0x00, 0xA4, 0x02, 0x0C, b"\xff" * 250)
"""SELECT of a file name far too long: no card has it, and a SELECT that fails changes nothing.

Never an instruction believed to be unassigned: 00 FE 00 00, say, is TERMINATE CARD USAGE (ISO/IEC 7816-9).
"""


def sign(message: bytes, certificate: bytes) -> Steps[bytes]:
    """The authentication key's signature of ``message``; needs a verified PIN.

    The algorithm is the certificate's. Raises CardProtocolError unless the signature verifies with it:
    a signature that would be refused far away is better refused here.
    """
    key = _public_key(certificate)
    if isinstance(key, rsa.RSAPublicKey):
        to_sign = DIGEST_INFO_SHA256 + hashlib.sha256(message).digest()
    else:
        to_sign = hashlib.sha384(message).digest()
    yield from _select_ef(AUTH_KEY_EF)
    response = yield Command(0x80, 0x2A, 0x00, 0x80, to_sign, le=MAX_LE)
    if response.sw != SW.OK:
        raise ApduError("the order to sign", response.sw)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.data, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(response.data, message, ec.ECDSA(hashes.SHA384()))
    except InvalidSignature as error:
        raise CardProtocolError("the card's signature is not its certificate's") from error
    return response.data


def signature_algorithm(certificate: bytes) -> SignatureAlgorithm:
    """The link's name for what this certificate's key signs with. Raises CardProtocolError."""
    return "RS256" if isinstance(_public_key(certificate), rsa.RSAPublicKey) else "ES384"


def _select_application() -> Steps[Response]:
    command = Command(0x00, 0xA4, 0x04, 0x0C, JPKI_AID)
    response = yield command
    if response.sw == SW.NO_DIAGNOSIS:
        # Seen once right after a card was powered up again [1]. Only here, and never for VERIFY.
        response = yield command
    return response


def _kind() -> Steps[CardKind]:
    label = yield from _read_start(TOKEN_EF, LABEL_SIZE)
    return KIND_OF_LABEL.get(label[:LABEL_SIZE].rstrip(b" \0"), CardKind.OTHER)


def _auth_certificate() -> Steps[bytes]:
    """DER, or b"" where the card has none (R15). The size is in the DER header, not the file's."""
    availability = yield from _read_start(AVAILABILITY_EF, 3)
    if len(availability) > 1 and availability[1] != AVAILABLE:
        return b""
    start = yield from _read_start(AUTH_CERTIFICATE_EF, MAX_LE)
    if not start.strip(b"\x00\xff"):
        return b""
    if len(start) < 4 or start[:2] != b"\x30\x82":
        raise CardProtocolError("the certificate's file does not begin with a certificate")
    size = 4 + int.from_bytes(start[2:4], "big")
    if size > _MAX_CERTIFICATE:
        raise CardProtocolError(f"a certificate of {size} bytes is not believable")
    certificate = bytearray(start[:size])
    while len(certificate) < size:
        certificate += yield from _read_on(len(certificate), min(MAX_LE, size - len(certificate)))
    _public_key(bytes(certificate))
    return bytes(certificate)


def _read_start(ef: int, count: int) -> Steps[bytes]:
    """Up to ``count`` first bytes of a file; b"" where the card says that it has no such file."""
    selected = yield Command(0x00, 0xA4, 0x02, 0x0C, ef.to_bytes(2, "big"))
    if not _is_there(selected, f"SELECT {ef:04X}"):
        return b""
    response = yield Command(0x00, 0xB0, 0x00, 0x00, le=count)
    if response.sw not in {SW.OK, SW.END_OF_FILE}:
        raise ApduError(f"READ of {ef:04X}", response.sw)
    return response.data


def _read_on(offset: int, count: int) -> Steps[bytes]:
    response = yield Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=count)
    if response.sw != SW.OK:
        raise ApduError(f"READ at {offset}", response.sw)
    if len(response.data) != count:
        raise CardProtocolError(f"{len(response.data)} bytes of {count} at {offset} were read")
    return response.data


def _select_ef(ef: int) -> Steps[None]:
    response = yield Command(0x00, 0xA4, 0x02, 0x0C, ef.to_bytes(2, "big"))
    if response.sw != SW.OK:
        raise ApduError(f"SELECT {ef:04X}", response.sw)


def _is_there(selected: Response, doing: str) -> bool:
    """False where the card says no; a card that fails (64, 65, 6F) has said nothing about itself."""
    if selected.sw >> 8 in {0x64, 0x65, 0x6F}:
        raise ApduError(doing, selected.sw)
    return selected.sw == SW.OK


def _public_key(certificate: bytes) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise CardProtocolError("the card's certificate cannot be parsed") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1):
        return key
    raise CardProtocolError("the certificate's key is neither RSA-2048 nor P-384")
