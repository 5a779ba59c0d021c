"""Is the card's certificate good? Root, signature, dates, and what is said of it (R44, R69, I-9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backend import pki
from backend.centre import roots
from backend.centre.jpki import Signed
from backend.centre.problem import Code, ProblemError
from backend.centre.settings import SettingsError
from backend.centre.settings import World as JpkiWorld
from backend.refusals import Refused
from backend.sample_jpki import certificates
from terminal.link import wire
from tests.backend.centre.authority import (
    MADE,
    MESSAGE,
    Authority,
    der,
    let_in,
    pinned,
    refusal,
    refused,
    signed,
)
from tests.backend.centre.world import (
    MORNING,
)

LATER = MORNING + timedelta(days=365)


def test_R1_a_good_card(authority: Authority, card: pki.Issued) -> None:
    assert let_in(authority.jpki(), card, MORNING + timedelta(hours=2)) == MORNING


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
    jpki = pinned(newer, authority)
    new_card = certificates.issue_card(newer.root, key, MADE)
    for good in (card, new_card):
        jpki.authenticate(der(good), signed(good.key), MORNING)
    authority.withdraw(new_card)
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


def test_the_responders_key_signs_nobody_in(tmp_path: Path, root: pki.Issued) -> None:
    """Its certificate is the root's, good, and for signing; but there is no person behind it."""
    authority = Authority(tmp_path, root)
    responder = certificates.issue_responder(root, MORNING)
    assert isinstance(responder.key, ec.EllipticCurvePrivateKey)
    signature = responder.key.sign(MESSAGE, ec.ECDSA(hashes.SHA384()))
    with pytest.raises(Refused) as caught:
        authority.jpki().authenticate(
            der(responder), Signed(MESSAGE, wire.Algorithm.ES384, signature), MORNING
        )
    assert caught.value.rule == "R1 no card"


@pytest.mark.parametrize("critical", [True, False])
def test_a_card_with_an_extension_that_nobody_knows(
    authority: Authority, root: pki.Issued, key: rsa.RSAPrivateKey, critical: bool
) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.1"), b"\5\0")
    builder = pki.leaf(root, key, root.certificate.subject, (MADE, LATER))
    odd = pki.signed(root, key, builder.add_extension(unknown, critical))
    if critical:
        assert refusal(authority.jpki(), odd).rule == "R1 no card"
    else:
        assert let_in(authority.jpki(), odd) == MORNING


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 1300), words=st.binary(max_size=40), instead_of=st.integers(0, 60))
@example(at=12, words=b"\7", instead_of=1)  # a version of certificates that does not exist
def test_any_bytes_within_a_card(
    authority: Authority, card: pki.Issued, at: int, words: bytes, instead_of: int
) -> None:
    """A terminal may send what it likes; the centre has a word for it, and no accident."""
    whole = der(card)
    broken = whole[:at] + words + whole[at + instead_of :]
    try:
        authority.jpki().authenticate(broken, signed(card.key), MORNING)
    except (Refused, ProblemError):
        return
    # How many bits at the end of the issuer's signature do not count is nobody's.
    signed_part = x509.load_der_x509_certificate(broken).tbs_certificate_bytes
    assert signed_part == card.certificate.tbs_certificate_bytes


def test_what_is_no_certificate(authority: Authority, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(Refused):
        authority.jpki().authenticate(b"\x30\x03\x02\x01\x01" * 20, signed(key), MORNING)


# --- dates, and the worlds -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after_issue", "rule"),
    [
        (timedelta(days=-1, seconds=-1), "R44 not yet valid"),
        (timedelta(days=-1), None),
        (timedelta(days=1826), None),
        (timedelta(days=1826, seconds=1), "R44 expired"),
    ],
)
def test_R44_a_card_is_good_within_its_dates(
    tmp_path: Path, key: rsa.RSAPrivateKey, after_issue: timedelta, rule: str | None
) -> None:
    """Issued now, with a day's grace for clocks, for five years; its root was there before it."""
    older = Authority(tmp_path, certificates.new_root(pki.new_rsa_key(), MADE - timedelta(days=30)))
    card, now = certificates.issue_card(older.root, key, MADE), MADE + after_issue
    older.publish(at=now)
    if rule is None:
        assert let_in(older.jpki(), card, now) == now
    else:
        expected = "expired" if rule == "R44 expired" else "unknown"
        verdict = refusal(older.jpki(), card, now)
        assert (verdict.refusal.kind, verdict.rule) == (wire.RefusalClass.CARD, rule)
        assert verdict.refusal.reason == f"refused.certificate_{expected}"


@pytest.mark.parametrize(
    ("root_life", "now", "rule"),
    [
        (timedelta(days=365), MORNING, None),
        (timedelta(days=365), MORNING + timedelta(seconds=1), "R44 root expired"),
        (timedelta(days=30), MORNING, "R44 root expired"),
    ],
)
def test_R44_a_card_is_worth_nothing_beyond_its_root(
    tmp_path: Path,
    key: rsa.RSAPrivateKey,
    root_life: timedelta,
    now: datetime,
    rule: str | None,
) -> None:
    """Whatever its own dates say; the person hears what is done about it: have it renewed."""
    over = Authority(tmp_path, certificates.new_root(pki.new_rsa_key(), MADE, root_life))
    card = certificates.issue_card(over.root, key, MADE)
    assert card.certificate.not_valid_after_utc > now
    if rule is None:
        assert let_in(over.jpki(), card, now) == MORNING
        return
    verdict = refusal(over.jpki(), card, now)
    assert (verdict.refusal.reason, verdict.rule) == ("refused.certificate_expired", rule)


def test_a_root_of_the_future(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    coming = Authority(tmp_path, certificates.new_root(pki.new_rsa_key(), LATER))
    card = certificates.issue_card(coming.root, key, MADE)
    assert refusal(coming.jpki(), card).rule == "R44 not yet valid"


def production(key: pki.Key) -> pki.Issued:
    """A root that calls itself the real one."""
    names = (NameOID.COUNTRY_NAME, "JP"), (NameOID.ORGANIZATION_NAME, "JPKI")
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    return pki.new_root(key, name, (MADE, LATER))


def unguarded(root: x509.Certificate, path: Path, world: JpkiWorld) -> None:
    """Whatever world it is of."""


@pytest.mark.parametrize("world", JpkiWorld)
def test_a_card_of_the_other_world_is_refused_even_if_its_root_were_pinned(
    tmp_path: Path, key: rsa.RSAPrivateKey, world: JpkiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be pinned (test_roots.py); here the guard at the start is taken away."""
    real, test = production(pki.new_rsa_key()), certificates.new_root(pki.new_rsa_key(), MADE)
    other = Authority(tmp_path, test if world is JpkiWorld.PRODUCTION else real)
    with pytest.raises(SettingsError, match="never mixed"):
        pinned(other, world=world)
    monkeypatch.setattr(roots, "_require_world", unguarded)
    card = certificates.issue_card(other.root, key, MADE)
    verdict = refusal(pinned(other, world=world), card)
    assert (verdict.refusal.reason, verdict.rule) == (
        "refused.certificate_unknown",
        "R1 other world",
    )
    own = JpkiWorld.TEST if world is JpkiWorld.PRODUCTION else JpkiWorld.PRODUCTION
    assert let_in(pinned(other, world=own), card) == MORNING, "nothing else is wrong with it"


def test_whoever_is_unknown_is_refused_in_the_same_words(
    authority: Authority, key: rsa.RSAPrivateKey
) -> None:
    """The audit knows more than the person, who could do nothing with it."""
    forger = certificates.new_root(pki.new_rsa_key(), MADE)
    cards = {
        "R1 no card": authority.root,
        "R1 other world": certificates.issue_card(production(pki.new_rsa_key()), key, MADE),
        "R1 issuer unknown": certificates.issue_card(forger, key, MADE),
    }
    refusals = {rule: refusal(authority.jpki(), card) for rule, card in cards.items()}
    assert [verdict.rule for verdict in refusals.values()] == list(cards)
    assert len({wire.encode(verdict.refusal) for verdict in refusals.values()}) == 1


def test_only_the_holder_of_the_key_learns_that_it_is_revoked(
    authority: Authority, card: pki.Issued, root: pki.Issued
) -> None:
    authority.withdraw(card)
    with pytest.raises(ProblemError) as caught:
        authority.jpki().authenticate(der(card), signed(root.key), MORNING)
    assert caught.value.code is Code.SIGNATURE
