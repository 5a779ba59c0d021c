"""An answer counts only if it is the authority's own, about this card, to this question, and fresh."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from backend import pki
from backend.centre.ocsp_answer import Unusable, checked
from backend.centre.revocation import CLOCK_SKEW, Freshness, Standing, Statement
from backend.sample_jpki import certificates
from tests.backend.centre.authority import BOUND, MADE, ON_HOLD, REVOKED
from tests.backend.centre.responders import answer_to, question
from tests.backend.centre.world import MORNING

SECOND = timedelta(seconds=1)
FRESHNESS = Freshness(BOUND)
ROOT = certificates.new_root(pki.new_rsa_key(), MADE)
NEXT_ROOT = certificates.new_root(ec.generate_private_key(ec.SECP384R1()), MADE)
KEY = ec.generate_private_key(ec.SECP384R1())
CARD = certificates.issue_card(ROOT, KEY, MADE)
DELEGATE = certificates.issue_responder(ROOT, MORNING)
ASKED = question(CARD, ROOT)


def hear(answer: bytes, asked: ocsp.OCSPRequest = ASKED, root: pki.Issued = ROOT) -> Statement:
    return checked(answer, asked, root.certificate, FRESHNESS, MORNING)


def void(answer: bytes, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        hear(answer)


def delegate(*extensions: tuple[x509.ExtensionType, bool], issuer: pki.Issued = ROOT) -> pki.Issued:
    """One whom the root has named for what ``extensions`` say."""
    builder = pki.leaf(issuer, KEY, DELEGATE.certificate.subject, (MADE, MORNING + BOUND))
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return pki.signed(issuer, KEY, builder)


MAY_ANSWER = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
NO_CHECK = (x509.OCSPNoCheck(), False)


@pytest.mark.parametrize("by", ocsp.OCSPResponderEncoding)
@pytest.mark.parametrize("signer", [DELEGATE, ROOT, delegate(MAY_ANSWER, NO_CHECK)])
def test_a_true_answer(signer: pki.Issued, by: ocsp.OCSPResponderEncoding) -> None:
    assert hear(answer_to(ASKED, signer, by=by)) == Statement(Standing.GOOD, MORNING)


def test_a_true_answer_of_the_next_generation() -> None:
    card = certificates.issue_card(NEXT_ROOT, KEY, MADE)
    asked = question(card, NEXT_ROOT)
    for signer in (NEXT_ROOT, certificates.issue_responder(NEXT_ROOT, MORNING)):
        assert hear(answer_to(asked, signer), asked, NEXT_ROOT).standing is Standing.GOOD


@pytest.mark.parametrize(
    ("status", "reason", "standing"),
    [
        (ocsp.OCSPCertStatus.UNKNOWN, None, Standing.UNKNOWN),
        (ocsp.OCSPCertStatus.REVOKED, None, Standing.REVOKED),
        (ocsp.OCSPCertStatus.REVOKED, ON_HOLD, Standing.SUSPENDED),
        *(
            (ocsp.OCSPCertStatus.REVOKED, reason, Standing.REVOKED)
            for reason in x509.ReasonFlags
            if reason is not ON_HOLD
        ),
    ],
)
def test_R44_R69_what_it_says(
    status: ocsp.OCSPCertStatus, reason: x509.ReasonFlags | None, standing: Standing
) -> None:
    said = hear(answer_to(ASKED, DELEGATE, status=status, reason=reason))
    assert said == Statement(standing, MORNING)


# --- who says it -----------------------------------------------------------------------------------

TWIN = certificates.new_root(pki.new_rsa_key(), MADE)
MAY_NOT = "may not answer"


@pytest.mark.parametrize(
    ("signer", "why"),
    [
        pytest.param(CARD, MAY_NOT, id="another key of the same root"),
        pytest.param(TWIN, MAY_NOT, id="a stranger of the root's name"),
        pytest.param(certificates.issue_responder(TWIN, MORNING), MAY_NOT, id="a stranger's"),
        pytest.param(
            certificates.issue_responder(NEXT_ROOT, MORNING), MAY_NOT, id="another root's"
        ),
        pytest.param(delegate(NO_CHECK), MAY_NOT, id="not named for answering"),
        pytest.param(
            delegate((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False), NO_CHECK),
            MAY_NOT,
            id="named for something else",
        ),
        pytest.param(
            delegate(
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False),
                NO_CHECK,
            ),
            MAY_NOT,
            id="named for everything",
        ),
        pytest.param(delegate(MAY_ANSWER), MAY_NOT, id="somebody would have to check"),
        pytest.param(
            certificates.issue_responder(ROOT, MADE, timedelta(days=30)), MAY_NOT, id="expired"
        ),
        pytest.param(
            certificates.issue_responder(ROOT, MORNING + 3 * BOUND), MAY_NOT, id="not yet valid"
        ),
    ],
)
def test_nobody_else_may_answer(signer: pki.Issued, why: str) -> None:
    void(answer_to(ASKED, signer), why)


def test_a_delegate_of_a_delegate_is_none() -> None:
    middle = pki.Issued(DELEGATE.key, DELEGATE.certificate)
    second = delegate(MAY_ANSWER, NO_CHECK, issuer=middle)
    void(answer_to(ASKED, second, certificates=[second.certificate, middle.certificate]), MAY_NOT)


def test_another_signs_in_the_name_of_one_who_may() -> None:
    name = ocsp.OCSPResponderEncoding.NAME
    forger = certificates.issue_responder(TWIN, MORNING)
    with_the_true_one = [DELEGATE.certificate, forger.certificate]
    void(answer_to(ASKED, forger, by=name, certificates=with_the_true_one), "signature is wrong")
    void(answer_to(ASKED, TWIN, by=name), "signature is wrong")


def test_a_delegate_whose_certificate_is_not_there() -> None:
    void(answer_to(ASKED, DELEGATE, certificates=[CARD.certificate]), MAY_NOT)


@pytest.mark.parametrize(
    "weak",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505
        ec.generate_private_key(ec.SECP224R1()),
    ],
    ids=["RSA-1024", "P-224"],
)
def test_a_delegate_with_a_weak_key(weak: pki.Key) -> None:
    builder = pki.leaf(ROOT, weak, DELEGATE.certificate.subject, (MADE, MORNING + BOUND))
    for value, critical in (MAY_ANSWER, NO_CHECK):
        builder = builder.add_extension(value, critical)
    void(answer_to(ASKED, pki.signed(ROOT, weak, builder)), "signature is wrong")


def test_what_was_changed_on_the_way() -> None:
    revoked = answer_to(ASKED, DELEGATE, status=ocsp.OCSPCertStatus.REVOKED, reason=REVOKED)
    response = ocsp.load_der_ocsp_response(revoked)
    serial = response.serial_number.to_bytes(20, "big")
    assert revoked.count(serial) == 1
    other = (response.serial_number ^ 1).to_bytes(20, "big")
    asked = question(CARD, ROOT)
    void(revoked.replace(serial, other), "signature is wrong")
    assert hear(revoked, asked).standing is Standing.REVOKED


# --- about what, and when --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"serial_number": ASKED.serial_number + 1},
        {"issuer_name_hash": bytes(32)},
        {"issuer_key_hash": bytes(32)},
        {
            "algorithm": hashes.SHA384(),
            "issuer_name_hash": bytes(48),
            "issuer_key_hash": bytes(48),
        },
    ],
    ids=["serial", "issuer's name", "issuer's key", "another hash"],
)
def test_an_answer_about_another_certificate(changes: dict[str, Any]) -> None:
    void(answer_to(ASKED, DELEGATE, **changes), "another certificate")


def test_a_recording_of_an_earlier_answer() -> None:
    earlier = question(CARD, ROOT, nonce=bytes(31) + b"\1")
    void(answer_to(earlier, DELEGATE), "nonce")
    void(answer_to(ASKED, DELEGATE, with_nonce=False), "nonce")


def test_a_critical_extension_that_nobody_knows() -> None:
    oid = x509.ObjectIdentifier("2.999.1")
    for critical in (True, False):
        value = x509.UnrecognizedExtension(oid, b"\5\0")
        answer = answer_to(ASKED, DELEGATE, extension=x509.Extension(oid, critical, value))
        if critical:
            void(answer, "critical extension")
        else:
            assert hear(answer).standing is Standing.GOOD


@pytest.mark.parametrize(
    ("when", "fresh"),
    [
        (-BOUND + SECOND, True),
        (-BOUND, True),
        (-BOUND - SECOND, False),
        (CLOCK_SKEW - SECOND, True),
        (CLOCK_SKEW, True),
        (CLOCK_SKEW + SECOND, False),
    ],
)
@pytest.mark.parametrize("field", ["this_update", "produced_at"])
def test_I9_how_old_an_answer_may_be(field: str, when: timedelta, fresh: bool) -> None:
    times: dict[str, Any] = {field: MORNING + when}
    answer = answer_to(ASKED, DELEGATE, **times)
    if fresh:
        as_of = min(MORNING, times.get("this_update", MORNING))
        assert hear(answer) == Statement(Standing.GOOD, as_of), "never from the future"
    else:
        void(answer, "old|ago")


@pytest.mark.parametrize(
    ("until", "fresh"), [(-SECOND, False), (timedelta(), False), (SECOND, True)]
)
def test_I9_an_answer_is_good_until_the_next_one(until: timedelta, fresh: bool) -> None:
    answer = answer_to(
        ASKED, DELEGATE, this_update=MORNING - 10 * SECOND, next_update=MORNING + until
    )
    if fresh:
        assert hear(answer).standing is Standing.GOOD
    else:
        void(answer, "next update")


def test_an_answer_without_a_next_update_lasts_as_long_as_the_bound() -> None:
    assert hear(answer_to(ASKED, DELEGATE, next_update=None)).standing is Standing.GOOD


# --- what is no answer -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(ocsp.OCSPResponseStatus)[1:])
def test_an_answer_that_says_why_it_is_none(status: ocsp.OCSPResponseStatus) -> None:
    none = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    void(none, status.name)


WHOLE = answer_to(ASKED, DELEGATE)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@given(st.integers(0, len(WHOLE) - 1))
def test_an_answer_that_is_cut_off(length: int) -> None:
    with pytest.raises(Unusable):
        hear(WHOLE[:length])


def void_or_the_same(answer: bytes) -> None:
    """A few bits are nobody's, such as how many at a signature's end do not count."""
    try:
        assert hear(answer) == Statement(Standing.GOOD, MORNING)
    except Unusable:
        return
    assert ocsp.load_der_ocsp_response(answer).tbs_response_bytes in WHOLE


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_an_answer_with_one_bit_that_is_wrong(bit: int) -> None:
    broken = bytearray(WHOLE)
    broken[bit // 8] ^= 1 << bit % 8
    void_or_the_same(bytes(broken))


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@given(st.binary(max_size=600))
def test_any_bytes(answer: bytes) -> None:
    with pytest.raises(Unusable):
        hear(answer)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@given(st.binary(max_size=40), st.integers(0, len(WHOLE)), st.integers(0, 60))
def test_any_bytes_within_an_answer(words: bytes, at: int, instead_of: int) -> None:
    void_or_the_same(WHOLE[:at] + words + WHOLE[at + instead_of :])
