"""Certificates for development: the operator's authority, its server and terminals; keys and files.

Two worlds that never trust each other. The operator's authority (P-256) signs the server and the
terminals, for TLS. The fictional JPKI (sample_jpki) signs the cards.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TERMINAL_URI = "urn:madoguchi:terminal:"
# RFC 5280's "not before" of something made now, on a computer whose clock lags a little.
_BACKDATED = timedelta(days=1)
_AUTHORITY_LIFE = timedelta(days=3650)
_TLS_LIFE = timedelta(days=825)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PrivateKey = Key | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate with its private key."""

    key: Key
    certificate: x509.Certificate

    def __repr__(self) -> str:
        return "Issued(…)"


def new_operator_authority(now: datetime) -> Issued:
    """The operator's own certificate authority: signs servers and terminals, nothing else."""
    name = _name(organisation="Madoguchi development", common_name="Madoguchi development CA")
    key = ec.generate_private_key(ec.SECP256R1())
    return new_root(key, name, (now, now + _AUTHORITY_LIFE))


def issue_server(authority: Issued, now: datetime) -> Issued:
    """A server certificate for this machine alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    builder = leaf(authority, key, _name(common_name="localhost"), (now, now + _TLS_LIFE))
    builder = builder.add_extension(names, critical=False)
    return _sign_tls(authority, key, builder, ExtendedKeyUsageOID.SERVER_AUTH)


def issue_terminal(
    authority: Issued, terminal: str, now: datetime, life: timedelta = _TLS_LIFE
) -> Issued:
    """A terminal's identity: ``CN`` and the URI name ``urn:madoguchi:terminal:<id>``."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(TERMINAL_URI + terminal)])
    builder = leaf(authority, key, _name(common_name=terminal), (now, now + life))
    builder = builder.add_extension(names, critical=False)
    return _sign_tls(authority, key, builder, ExtendedKeyUsageOID.CLIENT_AUTH)


def new_rsa_key() -> rsa.RSAPrivateKey:
    """Slow (about 0.1 s), but it lets other threads run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


# --- what all certificates share ---------------------------------------------------------------


def new_root(key: Key, name: x509.Name, life: tuple[datetime, datetime]) -> Issued:
    """A self-signed authority that signs end entities and lists alone."""
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        _builder(name, name, life)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(subject_key, critical=False)
    )
    return Issued(key, builder.sign(key, digest_of(key)))


def leaf(
    issuer: Issued, key: Key, subject: x509.Name, life: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    """An end entity's certificate, to be completed; its key signs messages and nothing else."""
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _builder(subject, issuer.certificate.subject, life)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(subject_key, critical=False)
        .add_extension(authority_key(issuer), critical=False)
    )


def signed(issuer: Issued, key: Key, builder: x509.CertificateBuilder) -> Issued:
    return Issued(key, builder.sign(issuer.key, digest_of(issuer.key)))


def digest_of(key: Key) -> hashes.SHA256 | hashes.SHA384:
    """What a key signs with: P-384 with SHA-384, as both have one strength; all else with SHA-256."""
    is_p384 = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1)
    return hashes.SHA384() if is_p384 else hashes.SHA256()


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """By name and signature; nothing is said of dates or extensions."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _sign_tls(
    authority: Issued,
    key: ec.EllipticCurvePrivateKey,
    builder: x509.CertificateBuilder,
    usage: x509.ObjectIdentifier,
) -> Issued:
    # One usage each: a terminal cannot pose as the server, nor the server as a terminal.
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return signed(authority, key, builder)


def _builder(
    subject: x509.Name, issuer: x509.Name, life: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(life[0] - _BACKDATED)
        .not_valid_after(life[1])
    )


def _name(*, common_name: str, organisation: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation is not None:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def authority_key(issuer: Issued) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


# --- files -------------------------------------------------------------------------------------


def key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read; raises FileExistsError rather than replace."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content at once: readers see the old or the new, never a part."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(fresh, content)
    fresh.replace(path)


def read_issued(key_path: Path, certificate_path: Path) -> Issued:
    """Load what write_private wrote. Raises ValueError naming what is wrong."""
    try:
        # Testing the primes takes 50 ms a key, and the comparison below finds what matters.
        key = serialization.load_pem_private_key(
            key_path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
        )
        certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{key_path} or {certificate_path} is not in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError(f"{key_path}: only RSA and EC keys are used here")  # noqa: TRY004
    if key.public_key() != certificate.public_key():
        raise ValueError(f"{key_path} is not the key of {certificate_path}")
    return Issued(key, certificate)
