"""Lists in files: whose, how old, of which scope, and what they say of a card (R44, R69, I-9)."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st

from backend import pki
from backend.centre.revocation import (
    CLOCK_SKEW,
    Freshness,
    RevocationList,
    Standing,
    Statement,
    standing_of,
)
from backend.centre.roots import Roots
from backend.centre.settings import SettingsError, World
from backend.sample_jpki import certificates
from backend.sample_jpki.certificates import Withdrawal
from tests.backend.centre.authority import BOUND, MADE, ON_HOLD, REVOKED, Authority
from tests.backend.centre.world import MORNING

SECOND = timedelta(seconds=1)
ROOT = certificates.new_root(ec.generate_private_key(ec.SECP384R1()), MADE)
CARD = certificates.issue_card(ROOT, ec.generate_private_key(ec.SECP384R1()), MADE)
GOOD = Statement(Standing.GOOD, MORNING)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, ROOT)


def list_of(authority: Authority) -> RevocationList:
    roots = Roots([authority.root_path], World.TEST)
    return RevocationList(authority.list_path, roots, Freshness(BOUND))


def said(listed: RevocationList, after: timedelta = timedelta()) -> Statement | None:
    return listed.statement(CARD.certificate, ROOT.certificate, MORNING + after)


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (BOUND - SECOND, True),
        (BOUND, True),
        (BOUND + timedelta(microseconds=1), False),
        (BOUND + SECOND, False),
        (-CLOCK_SKEW, True),
        (-CLOCK_SKEW - SECOND, False),
    ],
)
def test_I9_how_old_a_list_may_be(authority: Authority, age: timedelta, fresh: bool) -> None:
    """Though the next one is only promised for a month later."""
    as_of = min(MORNING, MORNING + age)
    assert said(list_of(authority), age) == (Statement(Standing.GOOD, as_of) if fresh else None)


@pytest.mark.parametrize(
    ("left", "fresh"), [(SECOND, True), (timedelta(), False), (-SECOND, False)]
)
def test_I9_a_list_is_good_until_the_next_one(
    authority: Authority, left: timedelta, fresh: bool
) -> None:
    life = timedelta(hours=1)
    authority.publish(life=life)
    assert said(list_of(authority), life - left) == (GOOD if fresh else None)


@given(
    st.timedeltas(-3 * BOUND, 3 * BOUND),
    st.none() | st.timedeltas(-3 * BOUND, 3 * BOUND),
    st.timedeltas(timedelta(), 2 * BOUND),
)
def test_I9_what_is_fresh_stays_so_until_it_is_not(
    age: timedelta, left: timedelta | None, bound: timedelta
) -> None:
    until = None if left is None else MORNING + left
    fresh = Freshness(bound).allows(MORNING - age, until, MORNING)
    assert fresh == (-CLOCK_SKEW <= age <= bound and (left is None or left > timedelta()))


def test_R44_R69_revoked_and_suspended_are_told_apart(authority: Authority) -> None:
    for reason in x509.ReasonFlags:
        if reason is x509.ReasonFlags.remove_from_crl:
            continue  # a delta's, and a delta is not read
        standing = Standing.SUSPENDED if reason is ON_HOLD else Standing.REVOKED
        assert standing_of(reason) is standing
        authority.withdraw(CARD, reason)
        assert said(list_of(authority)) == Statement(standing, MORNING)
    assert standing_of(None) is Standing.REVOKED, "without a reason"


def test_R69_a_list_that_is_replaced_is_read_again(authority: Authority) -> None:
    listed = list_of(authority)
    assert said(listed) == GOOD
    authority.withdraw(CARD, ON_HOLD)
    assert said(listed) == Statement(Standing.SUSPENDED, MORNING)
    authority.publish()
    assert said(listed) == GOOD


def test_another_card_and_another_root(authority: Authority) -> None:
    other = Withdrawal(CARD.certificate.serial_number + 1, REVOKED, MORNING)
    authority.publish(other)
    listed = list_of(authority)
    assert said(listed) == GOOD
    twin = certificates.new_root(ec.generate_private_key(ec.SECP384R1()), MADE)
    assert listed.statement(CARD.certificate, twin.certificate, MORNING) is None


def test_a_list_of_none_of_the_pinned_roots_is_refused_at_the_start(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = certificates.new_root(ec.generate_private_key(ec.SECP384R1()), MADE)
    authority.put(certificates.revocation_list(stranger, [], MORNING))
    with pytest.raises(SettingsError) as caught:
        list_of(authority)
    assert str(authority.list_path) in str(caught.value)
    assert "take it out, or pin the root" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "not a whole list"),
        (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "not a whole list"),
    ],
)
def test_I9_a_list_that_cannot_be_read_says_nothing_and_is_named_once(
    authority: Authority,
    content: bytes | None,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Others replace it; the centre starts without it, and reads it when it is there."""
    whole = authority.list_path.read_bytes()
    authority.list_path.unlink()
    if content is not None:
        authority.list_path.write_bytes(content)
    listed = list_of(authority)
    assert [said(listed) for _ in range(3)] == [None] * 3
    assert caplog.text.count(str(authority.list_path)) == 1
    assert words in caplog.text
    pki.replace_file(authority.list_path, whole)
    assert said(listed) == GOOD


def with_extension(value: x509.ExtensionType, *, critical: bool) -> x509.CertificateRevocationList:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ROOT.certificate.subject)
        .last_update(MORNING)
        .next_update(MORNING + BOUND)
        .add_extension(value, critical)
    )
    return builder.sign(ROOT.key, pki.digest_of(ROOT.key))


def scope(**changes: object) -> x509.IssuingDistributionPoint:
    nothing: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**nothing | changes)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


HERE = x509.DirectoryName(ROOT.certificate.subject)
ELSEWHERE = x509.DirectoryName(CARD.certificate.subject)


@pytest.mark.parametrize(
    ("value", "covered"),
    [
        (scope(only_contains_user_certs=True), True),
        (scope(full_name=[HERE]), True),
        (scope(full_name=[ELSEWHERE, HERE]), True),
        (scope(full_name=[ELSEWHERE]), False),
        (scope(only_contains_ca_certs=True), False),
        (scope(only_contains_attribute_certs=True), False),
        (scope(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])), False),
        (scope(indirect_crl=True), False),
        (scope(relative_name=CARD.certificate.subject.rdns[0]), False),
        (x509.DeltaCRLIndicator(1), False),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.1"), b"\5\0"), False),
    ],
)
def test_I9_a_list_that_is_not_for_this_card_says_nothing(
    authority: Authority, value: x509.ExtensionType, covered: bool
) -> None:
    """An absence from a part of the truth is not "good" (RFC 5280, 6.3.3)."""
    authority.put(with_extension(value, critical=True))
    assert said(list_of(authority)) == (GOOD if covered else None)


def test_a_card_that_names_no_point_is_on_no_part(authority: Authority) -> None:
    builder = pki.leaf(ROOT, ROOT.key, CARD.certificate.subject, (MADE, MORNING + BOUND))
    bare = pki.signed(ROOT, ROOT.key, builder).certificate
    authority.put(with_extension(scope(full_name=[HERE]), critical=True))
    assert list_of(authority).statement(bare, ROOT.certificate, MORNING) is None


WHOLE = certificates.revocation_list(ROOT, [], MORNING).public_bytes(Encoding.DER)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@given(words=st.binary(max_size=200), at=st.integers(0, len(WHOLE)))
@example(words=b"\0", at=9)  # a version of lists that does not exist
def test_any_bytes_within_a_list(
    tmp_path_factory: pytest.TempPathFactory, words: bytes, at: int
) -> None:
    authority = Authority(tmp_path_factory.mktemp("list"), ROOT)
    listed = list_of(authority)
    broken = b64encode(WHOLE[:at] + words + WHOLE[at + len(words) :])
    armour = b"-----%s X509 CRL-----\n"
    content = armour % b"BEGIN" + broken + b"\n" + armour % b"END"
    pki.replace_file(authority.list_path, content)
    assert said(listed) in (None, GOOD)
