"""Is the card's certificate good? Chain, dates, list, and the freshness of the list (R44, R69, I-9)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from backend import pki
from backend.centre.jpki import Jpki, Signed
from backend.centre.problem import Code, ProblemError
from backend.development import revoke
from backend.refusals import Refused
from backend.sample_jpki import certificates
from backend.sample_jpki.certificates import Withdrawal
from terminal.link import wire
from tests.backend.centre.world import MORNING, Card, Line, Time, Visitor, World

HOTLINE = wire.Contact(office="停止受付（見本）", telephone="000-555-0100")
MADE = MORNING - timedelta(days=365)
LATER = MORNING + timedelta(days=365)
MESSAGE = b"what the card signs"


class Authority:
    """A JPKI of one root with a list, and cards of it."""

    def __init__(self, folder: Path, root: pki.Issued) -> None:
        self.root = root
        self.root_path = folder / f"root-{root.certificate.serial_number}.pem"
        self.root_path.write_bytes(pki.certificate_pem(root.certificate))
        self.list_path = folder / f"{root.certificate.serial_number}.crl"
        self.publish()

    def publish(self, *withdrawals: Withdrawal, life: timedelta = timedelta(days=30)) -> None:
        listed = certificates.revocation_list(self.root, list(withdrawals), MORNING, life)
        pki.replace_file(self.list_path, listed.public_bytes(serialization.Encoding.PEM))

    def jpki(self) -> Jpki:
        return Jpki((self.root_path,), (self.list_path,), HOTLINE)


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    return certificates.new_root(pki.new_rsa_key(), MADE)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return pki.new_rsa_key()


@pytest.fixture
def authority(tmp_path: Path, root: pki.Issued) -> Authority:
    return Authority(tmp_path, root)


@pytest.fixture
def card(root: pki.Issued, key: rsa.RSAPrivateKey) -> pki.Issued:
    return certificates.issue_card(root, key, MADE)


def der(issued: pki.Issued) -> bytes:
    return issued.certificate.public_bytes(serialization.Encoding.DER)


def signed(key: object, message: bytes = MESSAGE) -> Signed:
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return Signed(MESSAGE, wire.Algorithm.RS256, signature)


def refused(jpki: Jpki, card: pki.Issued, after: timedelta = timedelta()) -> wire.Refusal:
    with pytest.raises(Refused) as caught:
        jpki.authenticate(der(card), signed(card.key), MORNING + after)
    return caught.value.refusal


def test_R1_a_good_card(authority: Authority, card: pki.Issued) -> None:
    authority.jpki().authenticate(der(card), signed(card.key), MORNING)


def test_a_card_with_an_elliptic_key(authority: Authority, root: pki.Issued) -> None:
    """The next card: ECDSA P-384 with SHA-384, decided by the certificate."""
    key = ec.generate_private_key(ec.SECP384R1())
    card = certificates.issue_card(root, key, MADE)
    signature = key.sign(MESSAGE, ec.ECDSA(hashes.SHA384()))
    jpki = authority.jpki()
    jpki.authenticate(der(card), Signed(MESSAGE, wire.Algorithm.ES384, signature), MORNING)
    with pytest.raises(ProblemError):
        jpki.authenticate(der(card), Signed(MESSAGE, wire.Algorithm.RS256, signature), MORNING)


def test_a_weak_or_foreign_key_signs_nothing(authority: Authority, root: pki.Issued) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    p256 = ec.generate_private_key(ec.SECP256R1())
    jpki = authority.jpki()
    with pytest.raises(ProblemError):
        jpki.authenticate(der(certificates.issue_card(root, weak, MADE)), signed(weak), MORNING)
    wrong = Signed(MESSAGE, wire.Algorithm.ES384, p256.sign(MESSAGE, ec.ECDSA(hashes.SHA384())))
    with pytest.raises(ProblemError):
        jpki.authenticate(der(certificates.issue_card(root, p256, MADE)), wrong, MORNING)


def test_another_message_was_signed(authority: Authority, card: pki.Issued) -> None:
    with pytest.raises(ProblemError) as caught:
        authority.jpki().authenticate(der(card), signed(card.key, b"another"), MORNING)
    assert caught.value.code is Code.SIGNATURE


def test_a_root_of_the_same_name_is_another_root(
    authority: Authority, key: rsa.RSAPrivateKey
) -> None:
    """All generations, and a forger, bear one name: only the signature tells them apart."""
    twin = certificates.new_root(pki.new_rsa_key(), MADE)
    assert twin.certificate.subject == authority.root.certificate.subject
    forged = certificates.issue_card(twin, key, MADE)
    assert refused(authority.jpki(), forged).reason == "refused.certificate_unknown"


def test_several_roots_of_one_name_are_told_apart(
    tmp_path: Path, authority: Authority, card: pki.Issued, key: rsa.RSAPrivateKey
) -> None:
    newer = Authority(tmp_path, certificates.new_root(pki.new_rsa_key(), MADE))
    paths = [(one.root_path, one.list_path) for one in (newer, authority)]
    roots, lists = zip(*paths, strict=True)
    jpki = Jpki(roots, lists, HOTLINE)
    new_card = certificates.issue_card(newer.root, key, MADE)
    for good in (card, new_card):
        jpki.authenticate(der(good), signed(good.key), MORNING)
    reason = x509.ReasonFlags.cessation_of_operation
    authority.publish(Withdrawal(new_card.certificate.serial_number, reason, MORNING))
    jpki.authenticate(der(new_card), signed(key), MORNING)  # the wrong root's list says nothing


def test_a_certificate_authority_is_no_card(authority: Authority) -> None:
    assert refused(authority.jpki(), authority.root).reason == "refused.certificate_unknown"


def test_a_certificate_of_the_right_root_that_is_not_for_signing(
    authority: Authority, root: pki.Issued, key: rsa.RSAPrivateKey
) -> None:
    """An authority, or a key for something else, does not sign in even if the root made it."""
    card = certificates.issue_card(root, key, MADE)
    for replaced in (
        x509.BasicConstraints(ca=True, path_length=0),
        usage_of(card, digital_signature=False, key_encipherment=True),
    ):
        builder = x509.CertificateBuilder(
            root.certificate.subject, card.certificate.subject, key.public_key(), 7, MADE, LATER
        )
        for extension in card.certificate.extensions:
            value = replaced if type(replaced) is type(extension.value) else extension.value
            builder = builder.add_extension(value, extension.critical)
        assert isinstance(root.key, rsa.RSAPrivateKey)
        odd = pki.Issued(key, builder.sign(root.key, hashes.SHA256()))
        assert refused(authority.jpki(), odd).reason == "refused.certificate_unknown"


def usage_of(card: pki.Issued, **changes: bool) -> x509.KeyUsage:
    usage = card.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    flags = {name: getattr(usage, name) for name in names} | changes
    return x509.KeyUsage(**flags, encipher_only=False, decipher_only=False)


def test_what_is_no_certificate(authority: Authority, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(Refused):
        authority.jpki().authenticate(b"\x30\x03\x02\x01\x01" * 20, signed(key), MORNING)


def test_R44_expired_revoked_and_suspended_are_told_apart(
    authority: Authority, card: pki.Issued
) -> None:
    jpki = authority.jpki()
    late = refused(jpki, card, timedelta(days=1826 - 365, seconds=1))
    assert (late.kind, late.reason) == (wire.RefusalClass.CARD, "refused.certificate_expired")
    early = refused(jpki, card, timedelta(days=-367))
    assert early.reason == "refused.certificate_unknown"

    at_own_request = x509.ReasonFlags.cessation_of_operation
    authority.publish(Withdrawal(card.certificate.serial_number, at_own_request, MORNING))
    assert refused(jpki, card).reason == "refused.certificate_revoked"

    on_hold = x509.ReasonFlags.certificate_hold
    authority.publish(Withdrawal(card.certificate.serial_number, on_hold, MORNING))
    suspended = refused(jpki, card)
    assert suspended.reason == "refused.certificate_suspended"
    assert suspended.contact == HOTLINE, "decision f: the 24-hour hotline"

    authority.publish()
    jpki.authenticate(der(card), signed(card.key), MORNING)


@pytest.mark.parametrize("trouble", ["stale", "missing", "garbage", "foreign", "not yet"])
def test_I9_without_a_fresh_list_nobody_is_let_in(
    authority: Authority, card: pki.Issued, trouble: str
) -> None:
    jpki, after = authority.jpki(), timedelta()
    match trouble:
        case "stale":
            after = timedelta(days=30)
        case "missing":
            authority.list_path.unlink()
        case "garbage":
            authority.list_path.write_bytes(b"-----BEGIN X509 CRL-----\n")
        case "foreign":
            twin = certificates.new_root(pki.new_rsa_key(), MADE)
            listed = certificates.revocation_list(twin, [], MORNING)
            authority.list_path.write_bytes(listed.public_bytes(serialization.Encoding.PEM))
        case _:
            after = timedelta(days=-1)
    refusal = refused(jpki, card, after)
    assert (refusal.kind, refusal.reason) == (wire.RefusalClass.OURS, "refused.centre")


def test_only_the_holder_of_the_key_learns_that_it_is_revoked(
    authority: Authority, card: pki.Issued, root: pki.Issued
) -> None:
    reason = x509.ReasonFlags.cessation_of_operation
    authority.publish(Withdrawal(card.certificate.serial_number, reason, MORNING))
    with pytest.raises(ProblemError) as caught:
        authority.jpki().authenticate(der(card), signed(root.key), MORNING)
    assert caught.value.code is Code.SIGNATURE


# --- the server ----------------------------------------------------------------------------------


async def test_R44_the_persona_whose_certificate_is_revoked(line: Line, world: World) -> None:
    visitor = Visitor(line, Card.load(world.development.card("hayashi-sota")))
    await visitor.open()
    refusal = (await visitor.sign_in()).refusal()
    assert (refusal.kind, refusal.reason) == (
        wire.RefusalClass.CARD,
        "refused.certificate_revoked",
    )
    assert refusal.contact is not None
    assert "汐見市" in refusal.contact.office, "the city hall of the card's owner"


async def test_R69_a_card_stopped_between_two_visits(
    line: Line, visitor: Visitor, world: World
) -> None:
    await visitor.arrive()
    revoke(world.development, "aoki-haruna", suspend=True)
    again = Visitor(line, visitor.card)
    await again.open()
    assert (await again.sign_in()).refusal().reason == "refused.certificate_suspended"
    refusal = (await visitor.place(visitor.order())).refusal()
    assert refusal.reason == "refused.certificate_suspended", "not even the visit under way"


async def test_I9_a_centre_with_an_old_list_lets_nobody_in(
    visitor: Visitor, world: World, time: Time
) -> None:
    time.pass_(days=31)
    await visitor.open()
    refusal = (await visitor.sign_in()).refusal()
    assert (refusal.kind, refusal.reason) == (wire.RefusalClass.OURS, "refused.centre")
    assert refusal.reference
