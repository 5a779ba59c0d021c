"""What is written onto a virtual card when it is made: key pairs, certificates, and how its keys sign."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.x509.oid import NameOID

from drivers.card.cardfile import CardFile

_FILE_SIZE = 2048
_FILLER = b"\xff"
_SHA384_SIZE = 48


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and its certificate in DER, which stay together."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)

    @classmethod
    def from_pem(cls, key_pem: str, certificate_pem: str) -> Self:
        """Raises ValueError unless both can be read and belong together."""
        # Testing the primes takes 50 ms a card, and the comparison below finds what matters.
        key = serialization.load_pem_private_key(
            key_pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
        )
        certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError("a card's key is RSA or EC")  # noqa: TRY004
        if key.public_key() != certificate.public_key():
            raise ValueError("the card's key and its certificate do not belong together")
        return cls(key, certificate.public_bytes(serialization.Encoding.DER))

    def signature(self, given: bytes) -> bytes:
        """What ``80 2A 00 80`` gives: RSA pads ``given``, P-384 takes it as a SHA-384 digest.

        Raises ValueError for a length the key cannot take.
        """
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(given, padding.PKCS1v15(), NoDigestInfo())
        if len(given) != _SHA384_SIZE:
            raise ValueError("a P-384 key of a card signs a SHA-384 digest")
        return self.key.sign(given, ec.ECDSA(Prehashed(hashes.SHA384())))


def signing_pair(content: CardFile) -> KeyPair:
    """The pair for signing; made up where the file has none, for software that expects to see one."""
    if content.sign_key_pem is not None and content.sign_certificate_pem is not None:
        return KeyPair.from_pem(content.sign_key_pem, content.sign_certificate_pem)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Made up by a virtual card")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return KeyPair(key, certificate.public_bytes(serialization.Encoding.DER))


def certificate_file(certificate: bytes) -> bytes:
    """As it lies on the card: DER, then filler up to the file's size."""
    return certificate.ljust(_FILE_SIZE, _FILLER)
