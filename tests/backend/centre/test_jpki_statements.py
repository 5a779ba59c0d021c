"""What is said of a card, by lists and responder, and who decides where they differ (R44, R69, I-9)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from backend import pki
from backend.centre.revocation import Standing, Statement
from backend.sample_jpki import certificates
from backend.sample_jpki.certificates import Withdrawal
from terminal.link import wire
from tests.backend.centre.authority import (
    BOUND,
    HOTLINE,
    MADE,
    ON_HOLD,
    REVOKED,
    Authority,
    let_in,
    refusal,
)
from tests.backend.centre.responders import answer_to, answering
from tests.backend.centre.world import (
    MORNING,
    nobody_there,
)


def test_R44_R69_revoked_and_suspended_are_told_apart(
    authority: Authority, card: pki.Issued
) -> None:
    jpki = authority.jpki()
    authority.withdraw(card, REVOKED)
    revoked = refusal(jpki, card)
    assert (revoked.refusal.reason, revoked.rule) == ("refused.certificate_revoked", "R44")

    authority.withdraw(card, ON_HOLD)
    suspended = refusal(jpki, card)
    assert (suspended.refusal.reason, suspended.rule) == ("refused.certificate_suspended", "R69")
    assert suspended.refusal.contact == HOTLINE, "decision f: the 24-hour hotline"

    authority.publish()
    assert let_in(jpki, card) == MORNING


@dataclass(frozen=True)
class Says:
    """A source with a mind of its own."""

    word: Statement | None

    def statement(
        self, card: x509.Certificate, root: x509.Certificate, now: datetime
    ) -> Statement | None:
        return self.word


OUTCOME = {
    Standing.GOOD: None,
    Standing.UNKNOWN: "R1 never issued",
    Standing.SUSPENDED: "R69",
    Standing.REVOKED: "R44",
    None: "I-9",
}
WORDS = [None, *(Statement(standing, MORNING) for standing in Standing)]


@pytest.mark.parametrize("words", list(itertools.product(WORDS, repeat=2)))
def test_I9_the_graver_word_wins_and_silence_lets_nobody_in(
    authority: Authority, card: pki.Issued, words: tuple[Statement | None, ...]
) -> None:
    """All that a list and a responder may say, or not say, in either order."""
    jpki = authority.jpki()
    jpki._lists = [Says(word) for word in words]
    gravest = max((word.standing for word in words if word is not None), default=None)
    rule = OUTCOME[gravest]
    if rule is None:
        assert let_in(jpki, card) == MORNING
    else:
        assert refusal(jpki, card).rule == rule


@pytest.mark.parametrize("hours", [-5, 5])
def test_I9_an_older_word_that_is_graver_wins_too(
    authority: Authority, card: pki.Issued, hours: int
) -> None:
    jpki = authority.jpki()
    later = MORNING + timedelta(hours=hours)
    jpki._lists = [
        Says(Statement(Standing.GOOD, MORNING)),
        Says(Statement(Standing.SUSPENDED, later)),
    ]
    assert refusal(jpki, card).rule == "R69"


def test_I9_of_two_good_words_the_newer_says_as_of_when(
    authority: Authority, card: pki.Issued
) -> None:
    hours = [timedelta(hours=hours) for hours in (5, 2, 7)]
    jpki = authority.jpki()
    jpki._lists = [Says(Statement(Standing.GOOD, MORNING - ago)) for ago in hours]
    assert let_in(jpki, card) == MORNING - timedelta(hours=2)


@pytest.mark.parametrize("trouble", ["stale", "due", "missing", "garbage", "foreign", "not yet"])
def test_I9_without_a_fresh_word_nobody_is_let_in(
    authority: Authority, card: pki.Issued, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    jpki, after = authority.jpki(), timedelta()
    match trouble:
        case "stale":
            after = BOUND + timedelta(seconds=1)
        case "due":
            authority.publish(life=timedelta(hours=1))
            after = timedelta(hours=1)
        case "missing":
            authority.list_path.unlink()
        case "garbage":
            authority.list_path.write_bytes(b"-----BEGIN X509 CRL-----\n")
        case "foreign":
            twin = certificates.new_root(pki.new_rsa_key(), MADE)
            authority.put(certificates.revocation_list(twin, [], MORNING))
        case _:
            after = timedelta(days=-1)
    verdict = refusal(jpki, card, MORNING + after)
    assert (verdict.refusal.kind, verdict.refusal.reason, verdict.rule) == (
        wire.RefusalClass.OURS,
        "refused.centre",
        "I-9",
    )
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["no fresh revocation statement for a pinned root: nobody can be let in"]


@pytest.mark.parametrize(
    ("age", "rule"),
    [(-timedelta(seconds=1), None), (timedelta(), None), (timedelta(seconds=1), "I-9")],
)
def test_I9_the_bound_is_the_configured_one(
    authority: Authority, card: pki.Issued, age: timedelta, rule: str | None
) -> None:
    now, jpki = MORNING + BOUND + age, authority.jpki()
    if rule is None:
        assert let_in(jpki, card, now) == MORNING
    else:
        assert refusal(jpki, card, now).rule == rule


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("list_alone", "age", "rule"),
    [
        (timedelta(), timedelta(), "I-9"),
        (HOUR, HOUR - timedelta(seconds=1), None),
        (HOUR, HOUR, None),
        (HOUR, HOUR + timedelta(seconds=1), "I-9"),
    ],
)
def test_I9_R69_with_a_silent_responder_a_list_alone_lets_in_only_as_far_as_it_is_told_to(
    authority: Authority, card: pki.Issued, list_alone: timedelta, age: timedelta, rule: str | None
) -> None:
    """Whoever cuts the line to the responder does not undo the stop of a lost card."""
    now = MORNING + age
    with nobody_there() as url:
        jpki = authority.jpki(ocsp=url, list_alone=list_alone)
        if rule is None:
            assert let_in(jpki, card, now) == MORNING
        else:
            assert refusal(jpki, card, now).rule == rule
        authority.withdraw(card, ON_HOLD)
        assert refusal(jpki, card, now).rule == "R69", "what a list knows, it says"


def test_I9_a_responder_is_asked_beside_the_list(authority: Authority, card: pki.Issued) -> None:
    """Its good answer is enough without a fresh list, and not enough against one."""
    later = MORNING + 3 * BOUND

    def good(asked: ocsp.OCSPRequest) -> bytes:
        return answer_to(asked, authority.root, this_update=later, produced_at=later)

    with answering(good) as url:
        jpki = authority.jpki(ocsp=url)
        assert let_in(jpki, card, later) == later
        reason = Withdrawal(card.certificate.serial_number, ON_HOLD, MORNING)
        authority.publish(reason, at=later)
        assert refusal(jpki, card, later).rule == "R69"


def test_I9_a_void_answer_is_none(authority: Authority, card: pki.Issued) -> None:
    stranger = certificates.new_root(pki.new_rsa_key(), MADE)
    with answering(lambda asked: answer_to(asked, stranger)) as url:
        assert refusal(authority.jpki(ocsp=url), card).rule == "I-9"
        jpki = authority.jpki(ocsp=url, list_alone=HOUR)
        assert let_in(jpki, card) == MORNING
        authority.withdraw(card)
        assert refusal(jpki, card).rule == "R44"
