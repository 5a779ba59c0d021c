"""The form of an answer: as the library makes it, but made at the moment that it says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from backend import pki
from backend.sample_jpki import certificates
from backend.sample_jpki.answer import signed

MOMENT = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
ROOT = certificates.new_root(pki.new_rsa_key(), MOMENT)
NEXT_ROOT = certificates.new_root(ec.generate_private_key(ec.SECP384R1()), MOMENT)


def verify(signer: pki.Issued, response: ocsp.OCSPResponse) -> None:
    signature, message = response.signature, response.tbs_response_bytes
    key = signer.certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(signature, message, ec.ECDSA(hashes.SHA384()))


@pytest.mark.parametrize("with_certificates", [True, False])
@pytest.mark.parametrize(
    "signer", [ROOT, NEXT_ROOT, certificates.issue_responder(ROOT, MOMENT)], ids=["RSA", "EC", "-"]
)
def test_an_answer_is_whole_and_says_when_it_was_made(
    signer: pki.Issued, with_certificates: bool
) -> None:
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            ROOT.certificate,
            ROOT.certificate,
            hashes.SHA256(),
            ocsp.OCSPCertStatus.GOOD,
            MOMENT,
            None,
            None,
            None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        .add_extension(x509.OCSPNonce(b"nonce"), critical=False)
    )
    if with_certificates:
        builder = builder.certificates([signer.certificate])
    answer = signed(builder, signer.key, MOMENT)
    response = ocsp.load_der_ocsp_response(answer)
    assert response.public_bytes(Encoding.DER) == answer
    assert response.produced_at_utc == response.this_update_utc == MOMENT
    assert response.certificates == ([signer.certificate] if with_certificates else [])
    assert response.serial_number == ROOT.certificate.serial_number
    verify(signer, response)
