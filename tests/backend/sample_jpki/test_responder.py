"""The fictional authority's responder: true to its books, and to RFC 6960 whoever asks whatever how."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from backend.clock import JST, Clock
from backend.development import Development, prepare, revoke
from backend.sample_jpki import authority, certificates
from backend.sample_jpki.responder import LARGEST_QUESTION, PROMISE, Responder, responding
from backend.sample_people.personas import PERSONAS, Persona

MORNING = datetime(2026, 11, 24, 10, tzinfo=JST)
KIND = "application/ocsp-request"
GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
Status = ocsp.OCSPResponseStatus


class Time:
    now = MORNING


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Development:
    clock = Clock(source=lambda: MORNING)
    return prepare(tmp_path_factory.mktemp("responder") / "world", clock)


@pytest.fixture(scope="module")
def responder(made: Development) -> Responder:
    return Responder(made, Clock(source=lambda: MORNING))


def roots(made: Development) -> dict[int, x509.Certificate]:
    found = {number: made.root(number).read_bytes() for number in (1, 2, 3)}
    return {number: x509.load_pem_x509_certificate(root) for number, root in found.items()}


def issuer(made: Development, persona: str) -> x509.Certificate:
    return roots(made)[3 if persona == "shirai-nozomi" else 2]


def asked(
    card: x509.Certificate,
    root: x509.Certificate,
    digest: hashes.HashAlgorithm | None = None,
    nonce: bytes | None = None,
) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(card, root, digest or hashes.SHA256())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def about(made: Development, persona: str, nonce: bytes | None = None) -> bytes:
    return asked(authority.certificate(made, persona), issuer(made, persona), nonce=nonce)


def heard(answer: bytes) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(answer)


# --- what it knows -------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.id)
def test_every_card_is_known(made: Development, responder: Responder, persona: Persona) -> None:
    response = heard(responder.answer(about(made, persona.id)))
    assert response.certificate_status is (REVOKED if persona.revoked else GOOD)
    assert (response.this_update_utc, response.produced_at_utc) == (MORNING, MORNING)
    assert response.next_update_utc == MORNING + PROMISE


def test_R44_R69_it_answers_from_the_books_at_once(tmp_path: Path) -> None:
    clock = Clock(source=lambda: MORNING)
    world = prepare(tmp_path / "world", clock)
    responder = Responder(world, clock)

    def said() -> ocsp.OCSPResponse:
        return heard(responder.answer(about(world, "aoki-haruna")))

    assert said().certificate_status is GOOD
    revoke(world, "aoki-haruna", suspend=True)
    assert said().revocation_reason is x509.ReasonFlags.certificate_hold
    revoke(world, "aoki-haruna")
    response = said()
    assert response.revocation_reason is x509.ReasonFlags.cessation_of_operation
    listed = x509.load_pem_x509_crl(world.revocations(2).read_bytes())
    line = listed.get_revoked_certificate_by_serial_number(response.serial_number)
    assert line is not None
    assert line.revocation_date_utc == response.revocation_time_utc, "as the list says"


@pytest.mark.parametrize("generation", [2, 3])
def test_what_was_never_issued_is_unknown(
    made: Development, responder: Responder, generation: int
) -> None:
    """By that root, that is: another generation's serial is as unknown as anybody's."""
    root = roots(made)[generation]
    persona = "aoki-haruna" if generation == 3 else "shirai-nozomi"
    other = authority.certificate(made, persona).serial_number
    for serial in (1, other):
        request = ocsp.OCSPRequestBuilder().add_certificate(root, root, hashes.SHA256()).build()
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            request.issuer_name_hash, request.issuer_key_hash, serial, hashes.SHA256()
        )
        response = heard(responder.answer(builder.build().public_bytes(Encoding.DER)))
        assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


SHA1 = hashes.SHA1()  # noqa: S303 - to find a certificate with, nothing is signed with it


@pytest.mark.parametrize("digest", [SHA1, hashes.SHA256(), hashes.SHA512()])
def test_the_question_chooses_the_digest(
    made: Development, responder: Responder, digest: hashes.HashAlgorithm
) -> None:
    card = authority.certificate(made, "aoki-haruna")
    response = heard(responder.answer(asked(card, roots(made)[2], digest)))
    assert response.certificate_status is GOOD
    assert response.hash_algorithm.name == digest.name
    assert response.serial_number == card.serial_number


def test_it_answers_for_its_own_roots_alone(made: Development, responder: Responder) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    stranger = certificates.new_root(key, MORNING)  # of the same name
    card = certificates.issue_card(stranger, key, MORNING).certificate
    for root in (stranger.certificate, roots(made)[1]):
        answer = heard(responder.answer(asked(card, root)))
        assert answer.response_status is Status.UNAUTHORIZED


def test_its_delegate_is_the_roots_and_is_replaced_in_time(made: Development) -> None:
    time = Time()
    responder = Responder(made, Clock(source=lambda: time.now))
    serials: list[int] = []
    for days in (0, 29, 31, 400):
        time.now = MORNING + timedelta(days=days)
        (delegate,) = heard(responder.answer(about(made, "shirai-nozomi"))).certificates
        delegate.verify_directly_issued_by(roots(made)[3])
        assert delegate.not_valid_before_utc <= time.now <= delegate.not_valid_after_utc
        serials.append(delegate.serial_number)
    assert serials[0] == serials[1]
    assert len(set(serials)) == 3


# --- how it is asked -----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 16, 32])
def test_a_nonce_is_repeated(made: Development, responder: Responder, length: int) -> None:
    nonce = bytes(range(length))
    response = heard(responder.answer(about(made, "aoki-haruna", nonce)))
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce


@pytest.mark.parametrize("length", [0, 33])
def test_a_nonce_of_another_length_is_malformed(
    made: Development, responder: Responder, length: int
) -> None:
    """RFC 8954, 2.1."""
    answer = heard(responder.answer(about(made, "aoki-haruna", bytes(length))))
    assert answer.response_status is Status.MALFORMED_REQUEST


def test_no_nonce_is_made_up(made: Development, responder: Responder) -> None:
    assert list(heard(responder.answer(about(made, "aoki-haruna"))).extensions) == []


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@given(st.binary(max_size=300))
def test_any_bytes_are_answered(responder: Responder, question: bytes) -> None:
    assert heard(responder.answer(question)).response_status is Status.MALFORMED_REQUEST


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, at odd names and numbers
@given(at=st.integers(0, 200), words=st.binary(min_size=1, max_size=8))
def test_any_bytes_within_a_question_are_answered(
    made: Development, responder: Responder, at: int, words: bytes
) -> None:
    whole = about(made, "aoki-haruna", bytes(32))
    answer = heard(responder.answer(whole[:at] + words + whole[at + len(words) :]))
    assert answer.response_status in (
        Status.SUCCESSFUL,
        Status.MALFORMED_REQUEST,
        Status.UNAUTHORIZED,
    )


def test_books_that_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = prepare(tmp_path / "world", Clock(source=lambda: MORNING))
    responder = Responder(world, Clock(source=lambda: MORNING))
    world.revoked.write_text(json.dumps({"aoki-haruna": "gone"}), "utf-8")
    answer = heard(responder.answer(about(world, "aoki-haruna")))
    assert answer.response_status is Status.INTERNAL_ERROR
    assert str(world.revoked) in caplog.text


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture
async def url(made: Development) -> AsyncGenerator[str]:
    async with responding(made, Clock(source=lambda: MORNING)) as url:
        yield url


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_it_listens_on_this_machine_alone(url: str) -> None:
    assert url.startswith("http://127.0.0.1:")


async def test_a_question_in_the_body(
    made: Development, url: str, session: aiohttp.ClientSession
) -> None:
    question = about(made, "aoki-haruna", bytes(32))
    async with session.post(url, data=question, headers={"Content-Type": KIND}) as reply:
        assert (reply.status, reply.content_type) == (200, "application/ocsp-response")
        assert reply.headers["Cache-Control"] == "no-store"
        assert heard(await reply.read()).certificate_status is GOOD


@pytest.mark.parametrize("safe", ["", "/+="])
async def test_a_question_in_the_path(
    made: Development, url: str, session: aiohttp.ClientSession, safe: str
) -> None:
    """RFC 6960, A.1: base64, escaped as it must be, or as browsers of the time left it."""
    for number in range(40):  # among them some with "/", "//" and "+"
        question = about(made, "aoki-haruna", bytes([255, 254, number]) * 10)
        path = quote(base64.b64encode(question), safe=safe)
        async with session.get(URL(url + path, encoded=True)) as reply:
            assert reply.content_type == "application/ocsp-response"
            response = heard(await reply.read())
        assert response.certificate_status is GOOD


async def test_what_is_no_question(url: str, session: aiohttp.ClientSession) -> None:
    for path in ("nothing", "%00", "AAAA", "*"):
        async with session.get(url + path) as reply:
            answer = heard(await reply.read())
            assert answer.response_status is Status.MALFORMED_REQUEST
    for kind, body, status in (
        ("text/plain", b"", 415),
        (KIND, bytes(LARGEST_QUESTION + 1), 413),
    ):
        async with session.post(url, data=body, headers={"Content-Type": kind}) as reply:
            assert reply.status == status
    async with session.put(url, data=b"") as reply:
        assert reply.status == 405
