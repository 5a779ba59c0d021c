"""Whether a card signed a message. The centre asks at sign-in and order, the city again at the order."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from terminal.link import wire

_RSA_MIN_BITS = 2048


def is_signed_by(
    certificate: x509.Certificate, algorithm: wire.Algorithm, signature: bytes, message: bytes
) -> bool:
    """Whether this certificate's key signed ``message``; the key decides the algorithm.

    Whether the certificate is worth anything is another question (centre/jpki.py).
    """
    try:
        key = certificate.public_key()
        match key, algorithm:
            case rsa.RSAPublicKey(), wire.Algorithm.RS256:
                key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
                return key.key_size >= _RSA_MIN_BITS
            case ec.EllipticCurvePublicKey(curve=ec.SECP384R1()), wire.Algorithm.ES384:
                key.verify(signature, message, ec.ECDSA(hashes.SHA384()))
                return True
            case _:
                return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
