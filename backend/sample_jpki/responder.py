"""The fictional authority's OCSP responder (RFC 6960): answers from the books as they are at that moment.

For each root that issues it has a delegate, whose key never leaves this process. Good means issued and
not withdrawn; unknown, never issued by that root; a question about another issuer is unauthorized, and
whatever is no question of one certificate, malformed. A nonce is repeated (RFC 8954).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from urllib.parse import unquote

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from backend import pki
from backend.clock import Clock
from backend.sample_jpki import authority, certificates
from backend.sample_jpki.answer import signed
from backend.sample_people.personas import PERSONAS
from backend.unreadable import UNREADABLE
from backend.world import Development, DevelopmentError

logger = logging.getLogger(__name__)

LARGEST_QUESTION = 4096  # one certificate's has about 150 bytes
PROMISE = timedelta(minutes=5)  # until when an answer is the newest there is
_LONGEST_NONCE = 32
_QUESTION, _ANSWER = "application/ocsp-request", "application/ocsp-response"
_Status = ocsp.OCSPResponseStatus


class Responder:
    """Answers for every root of a development world that issues cards."""

    def __init__(self, development: Development, clock: Clock) -> None:
        """Raises DevelopmentError naming what cannot be read."""
        cards = {one.id: authority.certificate(development, one.id) for one in PERSONAS}
        roots = authority.issuing_roots(development).values()
        self._desks = [_Desk(development, clock, root, cards) for root in roots]

    def answer(self, question: bytes) -> bytes:
        """A whole OCSP response to whatever was asked. Blocks."""
        try:
            request = ocsp.load_der_ocsp_request(question)
            nonce = _nonce(request)
            desk = next((desk for desk in self._desks if desk.is_asked(request)), None)
            if desk is None:
                return _failure(_Status.UNAUTHORIZED)
            return desk.answer(request, nonce)
        except UNREADABLE:
            return _failure(_Status.MALFORMED_REQUEST)
        except DevelopmentError as error:
            logger.error("the responder cannot read its books: %s", error)
            return _failure(_Status.INTERNAL_ERROR)


class _Desk:
    """Where one root's cards are asked about."""

    def __init__(
        self,
        development: Development,
        clock: Clock,
        root: pki.Issued,
        cards: dict[str, x509.Certificate],
    ) -> None:
        self._development = development
        self._clock = clock
        self._root = root
        self._personas = {
            card.serial_number: persona
            for persona, card in cards.items()
            if pki.is_issued_by(card, root.certificate)
        }
        self._delegate = certificates.issue_responder(root, clock.now())

    def is_asked(self, request: ocsp.OCSPRequest) -> bool:
        root = self._root.certificate
        builder = ocsp.OCSPRequestBuilder()
        own = builder.add_certificate(root, root, request.hash_algorithm).build()
        return (own.issuer_name_hash, own.issuer_key_hash) == (
            request.issuer_name_hash,
            request.issuer_key_hash,
        )

    def answer(self, request: ocsp.OCSPRequest, nonce: bytes | None) -> bytes:
        now = self._clock.now()
        status, since, reason = self._status(request.serial_number)
        delegate = self._entitled(now)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=request.issuer_name_hash,
                issuer_key_hash=request.issuer_key_hash,
                serial_number=request.serial_number,
                algorithm=request.hash_algorithm,
                cert_status=status,
                this_update=now,
                next_update=now + PROMISE,
                revocation_time=since,
                revocation_reason=reason,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, delegate.certificate)
            .certificates([delegate.certificate])
        )
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return signed(builder, delegate.key, now)

    def _status(
        self, serial: int
    ) -> tuple[ocsp.OCSPCertStatus, datetime | None, x509.ReasonFlags | None]:
        persona = self._personas.get(serial)
        if persona is None:
            return ocsp.OCSPCertStatus.UNKNOWN, None, None
        withdrawn = authority.withdrawn(self._development)
        if persona not in withdrawn:
            return ocsp.OCSPCertStatus.GOOD, None, None
        reason, since = withdrawn[persona]
        return ocsp.OCSPCertStatus.REVOKED, since, reason

    def _entitled(self, now: datetime) -> pki.Issued:
        """The delegate, or its successor once its dates are over."""
        own = self._delegate.certificate
        if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
            self._delegate = certificates.issue_responder(self._root, now)
        return self._delegate


def _nonce(request: ocsp.OCSPRequest) -> bytes | None:
    """Raises ValueError for one of a length that RFC 8954 does not know."""
    try:
        nonce = request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None
    if not 1 <= len(nonce) <= _LONGEST_NONCE:
        raise ValueError("a nonce has 1 to 32 bytes")
    return nonce


def _failure(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


# --- over HTTP (RFC 6960, appendix A) ----------------------------------------------------------


@asynccontextmanager
async def responding(development: Development, clock: Clock) -> AsyncGenerator[str]:
    """Answer on a free port of this machine alone, until left; gives the address."""
    responder = Responder(development, clock)
    runner = web.AppRunner(_application(responder), access_log=None)
    try:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


def _application(responder: Responder) -> web.Application:
    async def answered(question: bytes) -> web.Response:
        answer = await asyncio.to_thread(responder.answer, question)
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=answer, content_type=_ANSWER, headers=headers)

    async def post(request: web.Request) -> web.Response:
        if request.content_type != _QUESTION:
            raise web.HTTPUnsupportedMediaType(text=f"POST {_QUESTION}")
        return await answered(await request.read())

    async def get(request: web.Request) -> web.Response:
        return await answered(_from_path(request.rel_url.raw_path))

    app = web.Application(client_max_size=LARGEST_QUESTION)
    app.add_routes([web.post("/", post), web.get("/{question:.+}", get, allow_head=False)])
    return app


def _from_path(path: str) -> bytes:
    """The question in a path: base64, with what is special in a path escaped or not."""
    try:
        return base64.b64decode(unquote(path.removeprefix("/")), validate=True)
    except (binascii.Error, ValueError):
        return b""
