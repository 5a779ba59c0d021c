"""A JPKI of one root, with a list and a word on each card, and what its cards sign."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from backend import pki
from backend.centre.jpki import Jpki, Signed
from backend.centre.settings import Jpki as Pins
from backend.centre.settings import World
from backend.refusals import Refused
from backend.sample_jpki import certificates
from backend.sample_jpki.certificates import Withdrawal
from terminal.link import wire
from tests.backend.centre.world import MORNING

HOTLINE = wire.Contact(office="停止受付（見本）", telephone="000-555-0100")
MADE = MORNING - timedelta(days=365)
MESSAGE = b"what the card signs"
BOUND = timedelta(days=1)
REVOKED = x509.ReasonFlags.cessation_of_operation
ON_HOLD = x509.ReasonFlags.certificate_hold


class Authority:
    """A root with a list, in files."""

    def __init__(self, folder: Path, root: pki.Issued) -> None:
        self.root = root
        self.root_path = folder / f"root-{root.certificate.serial_number}.pem"
        self.root_path.write_bytes(pki.certificate_pem(root.certificate))
        self.list_path = folder / f"{root.certificate.serial_number}.crl"
        self.publish()

    def publish(
        self,
        *withdrawals: Withdrawal,
        at: datetime = MORNING,
        life: timedelta = timedelta(days=30),
    ) -> None:
        listed = certificates.revocation_list(self.root, list(withdrawals), at, life)
        self.put(listed)

    def put(self, listed: x509.CertificateRevocationList) -> None:
        pki.replace_file(self.list_path, listed.public_bytes(serialization.Encoding.PEM))

    def withdraw(self, card: pki.Issued, reason: x509.ReasonFlags = REVOKED) -> None:
        self.publish(Withdrawal(card.certificate.serial_number, reason, MORNING))

    def jpki(self, ocsp: str | None = None, list_alone: timedelta = timedelta()) -> Jpki:
        return pinned(self, ocsp=ocsp, list_alone=list_alone)


def pinned(
    *authorities: Authority,
    ocsp: str | None = None,
    world: World = World.TEST,
    list_alone: timedelta = timedelta(),
) -> Jpki:
    pins = Pins(
        world=world,
        roots=tuple(one.root_path for one in authorities),
        revocation_lists=tuple(one.list_path for one in authorities),
        ocsp=ocsp,
        statement_age_s=round(BOUND.total_seconds()),
        list_alone_age_s=round(list_alone.total_seconds()),
    )
    return Jpki(pins, HOTLINE)


def der(issued: pki.Issued) -> bytes:
    return issued.certificate.public_bytes(serialization.Encoding.DER)


def signed(key: object, message: bytes = MESSAGE) -> Signed:
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return Signed(MESSAGE, wire.Algorithm.RS256, signature)


def let_in(jpki: Jpki, card: pki.Issued, now: datetime = MORNING) -> datetime:
    return jpki.authenticate(der(card), signed(card.key), now)


def refused(jpki: Jpki, card: pki.Issued, after: timedelta = timedelta()) -> wire.Refusal:
    return refusal(jpki, card, MORNING + after).refusal


def refusal(jpki: Jpki, card: pki.Issued, now: datetime = MORNING) -> Refused:
    with pytest.raises(Refused) as caught:
        let_in(jpki, card, now)
    return caught.value
