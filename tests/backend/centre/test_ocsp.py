"""Asking the responder: one question with a nonce of its own; no line that misbehaves holds the centre."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backend.centre.ocsp
from backend.centre.ocsp import LARGEST_ANSWER, Responder
from backend.centre.revocation import Freshness, Standing, Statement
from backend.sample_jpki import certificates
from tests.backend.centre.authority import BOUND, MADE, ON_HOLD
from tests.backend.centre.responders import answer_to, answering, http, line, nonce_of, question
from tests.backend.centre.world import MORNING, nobody_there

ROOT = certificates.new_root(ec.generate_private_key(ec.SECP384R1()), MADE)
CARD = certificates.issue_card(ROOT, ec.generate_private_key(ec.SECP384R1()), MADE)
DELEGATE = certificates.issue_responder(ROOT, MORNING)

Say = Callable[[bytes], object]


def ask(url: str, limit_s: float = 30.0) -> Statement | None:
    """With time enough for any machine, where the line does not let it run out."""
    responder = Responder(url, Freshness(BOUND), limit_s)
    return responder.statement(CARD.certificate, ROOT.certificate, MORNING)


def true(asked: ocsp.OCSPRequest) -> bytes:
    return answer_to(asked, DELEGATE)


def test_each_question_is_new_and_about_this_card() -> None:
    heard: list[ocsp.OCSPRequest] = []

    def answer(asked: ocsp.OCSPRequest) -> bytes:
        heard.append(asked)
        return true(asked)

    with answering(answer) as url:
        said = [ask(url) for _ in range(2)]
    assert said == [Statement(Standing.GOOD, MORNING)] * 2
    first, second = heard
    assert len(nonce_of(first)) == 32
    assert nonce_of(first) != nonce_of(second)
    assert first.serial_number == CARD.certificate.serial_number
    assert first.issuer_key_hash == question(CARD, ROOT).issuer_key_hash


def test_a_replayed_answer_is_void(caplog: pytest.LogCaptureFixture) -> None:
    kept: list[bytes] = []

    def answer(asked: ocsp.OCSPRequest) -> bytes:
        kept.append(true(asked))
        return kept[0]

    with answering(answer) as url:
        assert ask(url) is not None
        assert ask(url) is None
    assert "nonce" in caplog.text


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody_there() as nowhere, answering(true) as url:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, nowhere)
        assert ask(url) is not None


def test_no_redirect_is_followed(caplog: pytest.LogCaptureFixture) -> None:
    with answering(true) as elsewhere:

        def speak(_: bytes, say: Say) -> None:
            say(f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\n\r\n".encode())

        with line(speak) as url:
            assert ask(url) is None
    assert "HTTP status 302" in caplog.text


SPOKEN: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda whole: http(whole, "HTTP/1.1 500 Internal Server Error"), "HTTP status 500"),
    (lambda whole: http(whole, kind="text/html"), "not application/ocsp-response"),
    (lambda whole: http(whole + bytes(LARGEST_ANSWER)), f"more than {LARGEST_ANSWER}"),
    (lambda whole: http(whole[:-1]), "not one whole"),
    (lambda whole: http(whole + b"\0"), "not one whole"),
    (lambda whole: http(whole)[:-20], "not one whole"),
    (lambda _: b"", "RemoteDisconnected"),
    (lambda _: b"SSH-2.0-OpenSSH_9.2\r\n", "BadStatusLine"),
    (lambda _: b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "HTTPException"),
    (lambda _: b"HTTP/1.1 200 " + b"a" * 70_000, "LineTooLong"),
]


@pytest.mark.parametrize(
    ("spoken", "why"),
    SPOKEN,
    ids=[
        "an error",
        "a page",
        "too large",
        "short",
        "too long",
        "cut off",
        "nothing",
        "another protocol",
        "endless headers",
        "an endless line",
    ],
)
def test_what_is_no_answer(
    spoken: Callable[[bytes], bytes], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    def speak(asked: bytes, say: Say) -> None:
        say(spoken(true(ocsp.load_der_ocsp_request(asked))))

    with line(speak) as url:
        assert ask(url) is None
    assert why in caplog.text
    assert url in caplog.text, "the operator reads who said it"


def test_an_answer_in_chunks_and_an_answer_until_the_end() -> None:
    """HTTP's other ways to say how long an answer is."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n"

    def chunked(asked: bytes, say: Say) -> None:
        whole = true(ocsp.load_der_ocsp_request(asked))
        say(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in (whole[:100], whole[100:], b""):
            say(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def until_the_end(asked: bytes, say: Say) -> None:
        say(head + b"\r\n" + true(ocsp.load_der_ocsp_request(asked)))

    for speak in (chunked, until_the_end):
        with line(speak) as url:
            assert ask(url) is not None


def test_nobody_is_there(caplog: pytest.LogCaptureFixture) -> None:
    with nobody_there() as url:
        assert ask(url) is None
    assert "ConnectionRefusedError" in caplog.text


def test_a_responder_that_was_slow_in_vain_is_given_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not each sign-in waits for it; and its word counts again as soon as it has one."""
    monkeypatch.setattr(backend.centre.ocsp, "SLOW_S", 0.0)
    monkeypatch.setattr(backend.centre.ocsp, "PAUSE_S", 600.0)
    asked: list[bytes] = []
    is_up = False

    def speak(question: bytes, say: Say) -> None:
        asked.append(question)
        if is_up:
            say(http(answer_to(ocsp.load_der_ocsp_request(question), DELEGATE)))

    with line(speak) as url:
        responder = Responder(url, Freshness(BOUND))

        def heard() -> bool:
            found = responder.statement(CARD.certificate, ROOT.certificate, MORNING)
            return found is not None

        assert not heard()
        is_up = True
        assert not heard()
        assert len(asked) == 1
        responder._silent_until = 0.0
        assert heard()
        assert heard()


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
def test_silence_ends_with_the_limit(words: bytes) -> None:
    over = threading.Event()

    def speak(_: bytes, say: Say) -> None:
        say(words)
        over.wait(60)

    with line(speak) as url:
        assert ask(url, limit_s=0.2) is None
        over.set()


def test_a_byte_now_and_then_does_not_prolong_the_limit() -> None:
    """Each byte comes well within the socket's own time-out; it would take them four minutes."""
    over = threading.Event()

    def speak(_: bytes, say: Say) -> None:
        say(b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n")
        while not over.wait(0.05):
            say(b"X-Patience: 1\r\n"[:1])

    with line(speak) as url:
        began = time.monotonic()
        assert ask(url, limit_s=0.5) is None
        over.set()
    assert time.monotonic() - began < 60, "not before the other side gives up"


def test_nothing_of_the_card_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    serial = CARD.certificate.serial_number
    name = CARD.certificate.subject.rfc4514_string()

    def lie(asked: ocsp.OCSPRequest) -> bytes:
        return answer_to(asked, DELEGATE, serial_number=serial + 1)

    caplog.set_level(0)
    with answering(lie) as url:
        assert ask(url) is None
    assert caplog.records
    assert not any(
        word in caplog.text for word in (str(serial), f"{serial:x}", f"{serial:X}", name)
    )


def test_R69_what_is_said_is_heard() -> None:
    def suspended(asked: ocsp.OCSPRequest) -> bytes:
        revoked = ocsp.OCSPCertStatus.REVOKED
        earlier = MORNING - timedelta(hours=1)
        return answer_to(asked, DELEGATE, status=revoked, reason=ON_HOLD, this_update=earlier)

    with answering(suspended) as url:
        assert ask(url) == Statement(Standing.SUSPENDED, MORNING - timedelta(hours=1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.binary(max_size=300))
def test_any_words_of_a_server(words: bytes) -> None:
    def speak(_: bytes, say: Say) -> None:
        say(words)

    with line(speak) as url:
        assert ask(url) is None


@pytest.mark.parametrize("path", ["", "ocsp", "some/path"])
def test_the_address_that_was_configured_is_asked(path: str) -> None:
    asked: list[bytes] = []

    def speak(body: bytes, say: Say) -> None:
        say(http(true(ocsp.load_der_ocsp_request(body))))

    with line(speak, asked) as url:
        assert ask(url + path) is not None
        assert ask(url.rstrip("/")) is not None
    assert asked == [f"POST /{path} HTTP/1.1".encode(), b"POST / HTTP/1.1"]
