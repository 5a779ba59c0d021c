"""Is an OCSP answer (RFC 6960) the authority's own, about this card, to this question, and fresh?

Every rule must hold, or the answer is as good as none:

- it is whole, successful, and says one thing, about the certificate and issuer that were asked for;
- it repeats the question's nonce (RFC 8954), so it is no recording;
- it was signed by the issuing root, or by a delegate that this root itself named for answering: with
  the extended key usage OCSPSigning, within its dates, and marked as one that nobody need check
  (id-pkix-ocsp-nocheck), because nobody here would check it;
- thisUpdate and producedAt are fresh (revocation.Freshness), and nextUpdate is not past.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.oid import SignatureAlgorithmOID as Signed

from backend.centre.revocation import Freshness, Standing, Statement, standing_of
from backend.centre.roots import RSA_MIN_BITS, has_issued
from backend.unreadable import UNREADABLE

_RSA = (Signed.RSA_WITH_SHA256, Signed.RSA_WITH_SHA384, Signed.RSA_WITH_SHA512)
_ECDSA = (Signed.ECDSA_WITH_SHA256, Signed.ECDSA_WITH_SHA384, Signed.ECDSA_WITH_SHA512)
_EC_MIN_BITS = 256


class Unusable(Exception):
    """An answer that says nothing; the message says why, and nothing about the card."""


def checked(
    answer: bytes,
    question: ocsp.OCSPRequest,
    root: x509.Certificate,
    freshness: Freshness,
    now: datetime,
) -> Statement:
    """What the answer says of the card that ``root`` issued. Raises Unusable."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise Unusable(f"it says {response.response_status.name}")
        _require_signed(response, root, now)
        _require_asked(response, question)
        _require_fresh(response, freshness, now)
        return _statement(response, now)
    except UNREADABLE as error:
        raise Unusable("it is not one whole OCSP response") from error


def _require_signed(response: ocsp.OCSPResponse, root: x509.Certificate, now: datetime) -> None:
    named = [one for one in (root, *response.certificates) if _names(response, one)]
    entitled = [one for one in named if one == root or _is_delegate(one, root, now)]
    if not entitled:
        raise Unusable("whoever signed it may not answer for the card's root")
    if not any(_has_signed(one, response) for one in entitled):
        raise Unusable("its signature is wrong")


def _names(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    """Whether the answer says that it is this one's."""
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    key_id = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    return response.responder_key_hash == key_id.digest


def _is_delegate(certificate: x509.Certificate, root: x509.Certificate, now: datetime) -> bool:
    if not has_issued(root, certificate):
        return False
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return False
    extensions = certificate.extensions
    try:
        uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses


def _has_signed(certificate: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    signature, message = response.signature, response.tbs_response_bytes
    algorithm, digest = response.signature_algorithm_oid, response.signature_hash_algorithm
    if digest is None:
        return False
    try:
        match certificate.public_key():
            case rsa.RSAPublicKey() as key if algorithm in _RSA:
                key.verify(signature, message, padding.PKCS1v15(), digest)
                return key.key_size >= RSA_MIN_BITS
            case ec.EllipticCurvePublicKey() as key if algorithm in _ECDSA:
                key.verify(signature, message, ec.ECDSA(digest))
                return key.key_size >= _EC_MIN_BITS
            case _:
                return False
    except InvalidSignature:
        return False


def _require_asked(response: ocsp.OCSPResponse, question: ocsp.OCSPRequest) -> None:
    if _certificate_id(response) != _certificate_id(question):
        raise Unusable("it is about another certificate")
    extensions = [*response.extensions, *response.single_extensions]
    if any(one.critical and not isinstance(one.value, x509.OCSPNonce) for one in extensions):
        raise Unusable("it has a critical extension that is not known")
    if _nonce(response) != _nonce(question):
        raise Unusable("its nonce is not the question's")


def _certificate_id(message: ocsp.OCSPRequest | ocsp.OCSPResponse) -> tuple[object, ...]:
    return (
        message.hash_algorithm.name,
        message.issuer_name_hash,
        message.issuer_key_hash,
        message.serial_number,
    )


def _nonce(message: ocsp.OCSPRequest | ocsp.OCSPResponse) -> bytes | None:
    try:
        return message.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


def _require_fresh(response: ocsp.OCSPResponse, freshness: Freshness, now: datetime) -> None:
    if not freshness.allows(response.this_update_utc, response.next_update_utc, now):
        raise Unusable("what it says is too old, past its next update, or from the future")
    if not freshness.allows(response.produced_at_utc, None, now):
        raise Unusable("it was made too long ago, or in the future")


def _statement(response: ocsp.OCSPResponse, now: datetime) -> Statement:
    as_of = min(response.this_update_utc, now)
    match response.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return Statement(Standing.GOOD, as_of)
        case ocsp.OCSPCertStatus.REVOKED:
            return Statement(standing_of(response.revocation_reason), as_of)
        case ocsp.OCSPCertStatus.UNKNOWN:
            return Statement(Standing.UNKNOWN, as_of)
