"""Answers to the centre's question whether a card is good: true ones, lies, and lines that misbehave."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from backend import pki
from backend.sample_jpki.answer import signed
from tests.backend.centre.world import MORNING

Answer = Callable[[ocsp.OCSPRequest], bytes]
"""From the question to the bytes of an OCSP response."""


def question(card: pki.Issued, root: pki.Issued, nonce: bytes = bytes(32)) -> ocsp.OCSPRequest:
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(card.certificate, root.certificate, hashes.SHA256())
    return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()


def nonce_of(asked: ocsp.OCSPRequest) -> bytes:
    return asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce


def answer_to(
    asked: ocsp.OCSPRequest,
    signer: pki.Issued,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    reason: x509.ReasonFlags | None = None,
    this_update: datetime = MORNING,
    next_update: datetime | None = MORNING + timedelta(days=7),
    produced_at: datetime = MORNING,
    nonce: bytes | None = None,
    with_nonce: bool = True,
    extension: x509.Extension[Any] | None = None,
    certificates: list[x509.Certificate] | None = None,
    by: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH,
    **changes: Any,
) -> bytes:
    """A true and good answer, with changes."""
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    about: dict[str, Any] = {
        "issuer_name_hash": asked.issuer_name_hash,
        "issuer_key_hash": asked.issuer_key_hash,
        "serial_number": asked.serial_number,
        "algorithm": asked.hash_algorithm,
    }
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            **about | changes,
            cert_status=status,
            this_update=this_update,
            next_update=next_update,
            revocation_time=MORNING if revoked else None,
            revocation_reason=reason,
        )
        .responder_id(by, signer.certificate)
        .certificates([signer.certificate] if certificates is None else certificates)
    )
    if with_nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce or nonce_of(asked)), critical=False)
    if extension is not None:
        builder = builder.add_extension(extension.value, extension.critical)
    return signed(builder, signer.key, produced_at)


def http(
    answer: bytes, head: str = "HTTP/1.1 200 OK", kind: str = "application/ocsp-response"
) -> bytes:
    length = len(answer)
    return f"{head}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode() + answer


@contextmanager
def line(
    speak: Callable[[bytes, Callable[[bytes], object]], None], asked: list[bytes] | None = None
) -> Generator[str]:
    """A server of this machine alone; ``speak`` gets each question and says what it likes.

    ``asked`` is filled with the first line of each request.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            first, length = self.rfile.readline().strip(), 0
            if asked is not None:
                asked.append(first)
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = self.rfile.read(length)
            try:
                speak(body, self._say)
            except OSError:
                return  # the other side has hung up

        def _say(self, words: bytes) -> None:
            self.wfile.write(words)
            self.wfile.flush()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(answer: Answer) -> Generator[str]:
    """A responder that answers over HTTP as it should, with whatever ``answer`` gives."""

    def speak(asked: bytes, say: Callable[[bytes], object]) -> None:
        say(http(answer(ocsp.load_der_ocsp_request(asked))))

    with line(speak) as url:
        yield url
