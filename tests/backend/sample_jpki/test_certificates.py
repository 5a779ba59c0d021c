"""The fictional JPKI: the shapes that others rely on, and what it says of its cards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backend import pki
from backend.sample_jpki import certificates
from backend.sample_jpki.certificates import Withdrawal

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    return certificates.new_root(pki.new_rsa_key(), NOW)


@pytest.fixture(scope="module")
def next_root() -> pki.Issued:
    return certificates.new_root(ec.generate_private_key(ec.SECP384R1()), NOW)


def test_a_card_has_the_shape_of_the_real_profile_and_says_nothing(root: pki.Issued) -> None:
    card = certificates.issue_card(root, pki.new_rsa_key(), NOW).certificate
    assert [name.oid for name in card.subject] == [NameOID.COUNTRY_NAME, NameOID.COMMON_NAME]
    organisation = card.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    assert organisation == "JPKI-TEST-MADOGUCHI", "nobody takes it for the real one"
    key = card.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    point = card.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
    assert point.full_name is not None
    assert isinstance(point.full_name[0], x509.DirectoryName)
    with pytest.raises(x509.ExtensionNotFound):
        card.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    card.verify_directly_issued_by(root.certificate)


def test_two_cards_share_nothing(root: pki.Issued) -> None:
    key = pki.new_rsa_key()
    first, second = (certificates.issue_card(root, key, NOW).certificate for _ in range(2))
    assert first.serial_number != second.serial_number
    assert first.subject != second.subject


def test_a_list_tells_suspended_from_revoked(root: pki.Issued) -> None:
    card = certificates.issue_card(root, pki.new_rsa_key(), NOW).certificate
    reason = x509.ReasonFlags.certificate_hold
    listed = certificates.revocation_list(root, [Withdrawal(card.serial_number, reason, NOW)], NOW)
    line = listed.get_revoked_certificate_by_serial_number(card.serial_number)
    assert line is not None
    assert line.extensions.get_extension_for_class(x509.CRLReason).value.reason is reason
    assert listed.next_update_utc == NOW + timedelta(days=30)


def test_a_real_card_gives_as_many_bytes_to_read(root: pki.Issued) -> None:
    """About 1295 bytes of DER, measured on real cards: six chunks of 256 for a reader."""
    card = certificates.issue_card(root, pki.new_rsa_key(), NOW).certificate
    assert abs(len(card.public_bytes(Encoding.DER)) - 1295) < 16


def test_all_generations_bear_one_name(root: pki.Issued, next_root: pki.Issued) -> None:
    assert root.certificate.subject == next_root.certificate.subject
    assert root.certificate.issuer == root.certificate.subject
    assert len(root.certificate.subject.rdns) == 4


def test_a_generation_signs_with_the_digest_of_its_key(
    root: pki.Issued, next_root: pki.Issued
) -> None:
    """Either root signs cards of either kind: the algorithm is the issuer's, not the card's."""
    for issuer, digest in ((root, hashes.SHA256), (next_root, hashes.SHA384)):
        for key in (pki.new_rsa_key(), ec.generate_private_key(ec.SECP384R1())):
            card = certificates.issue_card(issuer, key, NOW).certificate
            assert isinstance(card.signature_hash_algorithm, digest)
            card.verify_directly_issued_by(issuer.certificate)
        listed = certificates.revocation_list(issuer, [], NOW)
        assert isinstance(listed.signature_hash_algorithm, digest)


def test_a_responder_answers_for_its_root_and_does_nothing_else(root: pki.Issued) -> None:
    responder = certificates.issue_responder(root, NOW).certificate
    responder.verify_directly_issued_by(root.certificate)
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(usage.value) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert x509.OCSPNoCheck() in [one.value for one in responder.extensions]
    assert responder.not_valid_after_utc <= NOW + timedelta(days=30)


def test_who_is_withdrawn_is_not_shown() -> None:
    reason = x509.ReasonFlags.certificate_hold
    assert repr(Withdrawal(4711, reason, NOW)) == "Withdrawal(…)"
