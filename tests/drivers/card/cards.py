"""Fictional cards, personalised once for a run of the tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from drivers.card.apdu import Command, Response
from drivers.card.cardfile import CardFile
from drivers.card.files import Steps
from drivers.card.jpki import CardSummary
from drivers.card.kinds import CardKind
from drivers.card.software import SoftwareCard
from drivers.card.virtual import VirtualCard

_T = TypeVar("_T")
Answer: TypeAlias = Callable[[Command], Response]

PIN = "4951"
WRONG_PIN = "0000"
PASSWORD = "ABC123"

_AUTHENTICATION_POLICY = x509.ObjectIdentifier("1.2.392.200149.8.5.1.3.30")


def personalised(*, elliptic: bool = False, **differences: Any) -> CardFile:
    """A card file; ``differences`` are fields of CardFile."""
    return msgspec.structs.replace(_content(elliptic=elliptic), **differences)


def new_card(*, elliptic: bool = False, **differences: Any) -> VirtualCard:
    return VirtualCard(personalised(elliptic=elliptic, **differences))


def card_of_size(certificate: int, issuer: int) -> VirtualCard:
    """One whose certificate and its issuer's have so many bytes in DER."""
    return VirtualCard(_content(elliptic=False, sizes=(certificate, issuer)))


def locked_card() -> VirtualCard:
    return new_card(tries_left=0)


def summary_of(card: VirtualCard) -> CardSummary:
    """What reading this card would tell, without reading it."""
    return CardSummary(card.kind, card.tries_left, card.certificate, short_ids=True)


def run_on(card: SoftwareCard, steps: Steps[_T], sent: list[Command] | None = None) -> _T:
    """Perform ``steps`` on a powered card, without a reader between."""
    return run_over(steps, lambda command: Response.decode(card.transmit(command.encode())), sent)


def run_over(steps: Steps[_T], answer: Answer, sent: list[Command] | None = None) -> _T:
    """Perform ``steps``; ``answer`` makes a Response of each Command, all of which go to ``sent``."""
    try:
        command = next(steps)
        while True:
            if sent is not None:
                sent.append(command)
            command = steps.send(answer(command))
    except StopIteration as done:
        result: _T = done.value
        return result


@cache
def _content(*, elliptic: bool, sizes: tuple[int | None, int | None] = (None, None)) -> CardFile:
    root_key = _rsa_key()
    root = _name("JPKI-TEST of these tests")
    key = ec.generate_private_key(ec.SECP384R1()) if elliptic else _rsa_key()
    builder = _builder(_name("0123456789ABCDEF"), key.public_key(), root)
    certificate = _signed(builder, root_key, sizes[0])
    issuer = _signed(_builder(root, root_key.public_key(), root), root_key, sizes[1])
    return CardFile(
        kind=CardKind.MY_NUMBER,
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        certificate_pem=_pem(certificate),
        issuer_pem=_pem(issuer),
        pin=PIN,
        sign_password=PASSWORD,
    )


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, issuer: x509.Name
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    is_authority = subject == issuer
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )


def _signed(
    builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey, size: int | None = None
) -> x509.Certificate:
    """With a policy as wordy as makes it ``size`` bytes long, if that is said."""
    if size is None:
        return builder.sign(key, hashes.SHA256())
    words = size // 2
    for _ in range(5):
        policy = x509.PolicyInformation(_AUTHENTICATION_POLICY, ["x" * words])
        wordy = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
        certificate = wordy.sign(key, hashes.SHA256())
        missing = size - len(certificate.public_bytes(Encoding.DER))
        if missing == 0:
            return certificate
        words += missing
    raise ValueError(f"no certificate of this kind has {size} bytes")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
