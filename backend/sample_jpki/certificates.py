"""The certificates of a fictional JPKI for user authentication, in the shape of the real profile.

All its roots bear one name, so only a signature tells the generations apart. A generation is its key:
RSA-2048 signs with SHA-256 as today, ECDSA P-384 signs with SHA-384 as the next one will, and either
signs cards of either kind. Names, keys and policy (an OID of the example arc) are fictional.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backend import pki
from backend.pki import Issued, Key

ROOT_LIFE = timedelta(days=3650)
CARD_LIFE = timedelta(days=1826)  # five birthdays, as on the real card
LIST_LIFE = timedelta(days=30)
RESPONDER_LIFE = timedelta(days=30)  # short, because nobody asks whether it was revoked (nocheck)

_POLICY = x509.ObjectIdentifier("2.999.8.5.1.0.30")


@dataclass(frozen=True)
class Withdrawal:
    """One line of a list; ``reason`` certificate_hold means suspended."""

    serial: int
    reason: x509.ReasonFlags
    since: datetime

    def __repr__(self) -> str:
        return "Withdrawal(…)"


def new_root(key: Key, made: datetime, life: timedelta = ROOT_LIFE) -> Issued:
    """A self-signed authority for user authentication, of the generation that ``key`` is."""
    return pki.new_root(key, _name("JPKI-TEST-MADOGUCHI", *_UNITS), (made, made + life))


def issue_card(root: Issued, key: Key, now: datetime, life: timedelta = CARD_LIFE) -> Issued:
    """A card's authentication certificate; its name says nothing about the person."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.COMMON_NAME, secrets.token_hex(11).upper() + "A"),
        ]
    )
    point = x509.DistributionPoint(
        full_name=[x509.DirectoryName(root.certificate.subject)],
        relative_name=None,
        reasons=None,
        crl_issuer=None,
    )
    builder = pki.leaf(root, key, subject, (now, now + life))
    builder = builder.add_extension(_policies(), critical=True)
    builder = builder.add_extension(_issuer_in_japanese(), critical=False)
    builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return pki.signed(root, key, builder)


def issue_responder(root: Issued, now: datetime, life: timedelta = RESPONDER_LIFE) -> Issued:
    """One who may answer for this root, and does nothing else (RFC 6960, 4.2.2.2)."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = _name("JPKI-TEST-MADOGUCHI", "Responder of the fictional authority")
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    builder = pki.leaf(root, key, name, (now, now + life))
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return pki.signed(root, key, builder)


def revocation_list(
    root: Issued, withdrawals: list[Withdrawal], now: datetime, life: timedelta = LIST_LIFE
) -> x509.CertificateRevocationList:
    """The root's list of certificates that are no longer, or for the moment not, good."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(now)
        .next_update(now + life)
        .add_extension(pki.authority_key(root), critical=False)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
    )
    for withdrawal in withdrawals:
        line = (
            x509.RevokedCertificateBuilder()
            .serial_number(withdrawal.serial)
            .revocation_date(withdrawal.since)
            .add_extension(x509.CRLReason(withdrawal.reason), critical=False)
        )
        builder = builder.add_revoked_certificate(line.build())
    return builder.sign(root.key, pki.digest_of(root.key))


# The real root's name has four parts, too: country, organisation, two units.
_UNITS = ("JPKI for user authentication", "Fictional authority for tests")


def _name(organisation: str, *units: str) -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
    ]
    return x509.Name(attributes)


# A real certificate has about 1295 bytes of DER, which a reader fetches in chunks of 256: as many
# commands and as much time as here. What fills them in the real profile is not public; these do.


def _policies() -> x509.CertificatePolicies:
    notice = x509.UserNotice(None, "見本。架空の認証局の証明書です。")
    statement = "https://jpki.example/"
    return x509.CertificatePolicies([x509.PolicyInformation(_POLICY, [statement, notice])])


def _issuer_in_japanese() -> x509.IssuerAlternativeName:
    name = _name("架空の個人認証サービス", "利用者証明用")
    return x509.IssuerAlternativeName([x509.DirectoryName(name)])
