"""The form of an OCSP answer, with the moment at which it was made.

The library builds answers, but always by the computer's clock, and a development world may run by
another (``--clock-offset-s``). So producedAt is put in, and the answer signed, once more.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from backend import pki

_SEQUENCE, _BIT_STRING, _OCTET_STRING, _EXPLICIT_0 = 0x30, 0x03, 0x04, 0xA0
_SUCCESSFUL = bytes.fromhex("0a0100")
_BASIC = bytes.fromhex("06092b0601050507300101")  # id-pkix-ocsp-basic


def signed(builder: ocsp.OCSPResponseBuilder, key: pki.Key, produced_at: datetime) -> bytes:
    """The whole answer in DER (RFC 6960, 4.2.1), made at that moment."""
    draft = builder.sign(key, pki.digest_of(key))
    before = draft.tbs_response_bytes
    content = before.replace(_time(draft.produced_at_utc), _time(produced_at), 1)
    whole = draft.public_bytes(Encoding.DER)
    # What follows the content: the algorithm, the signature, and the certificates, if any.
    at = whole.index(before) + len(before)
    algorithm = whole[at : at + 2 + whole[at + 1]]
    certificates = whole[whole.index(draft.signature, at) + len(draft.signature) :]
    signature = _der(_BIT_STRING, b"\0", _signature(key, content))
    basic = _der(_SEQUENCE, content, algorithm, signature, certificates)
    inner = _der(_SEQUENCE, _BASIC, _der(_OCTET_STRING, basic))
    return _der(_SEQUENCE, _SUCCESSFUL, _der(_EXPLICIT_0, inner))


def _time(moment: datetime) -> bytes:
    """GeneralizedTime, of one length whatever the moment."""
    return b"\x18\x0f" + moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()


def _signature(key: pki.Key, content: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), pki.digest_of(key))
    return key.sign(content, ec.ECDSA(pki.digest_of(key)))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
