"""Asks an OCSP responder about a card: one question, one nonce, one short blocking call (RFC 6960, A).

Plain HTTP, because the answer carries its own signature (ocsp_answer.py). Nothing else is trusted: no
redirect is followed, no proxy of the environment is used, and neither a slow nor an endless answer holds
a thread of the centre beyond the limit. (Only a name in the address takes as long as the system's resolver
lets it: give a number, or a resolver that is near.)
"""

from __future__ import annotations

import logging
import secrets
import socket
import time
from contextlib import closing, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from threading import Timer
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from backend.centre.ocsp_answer import Unusable, checked
from backend.centre.revocation import Freshness, Statement

logger = logging.getLogger(__name__)

LIMIT_S = 3.0  # for connecting, and again for the answer; a sign-in waits for it
# Each question holds a thread of the centre. After one that was long in vain the next is not asked at once.
SLOW_S, PAUSE_S = 1.0, 2.0
LARGEST_ANSWER = 16 * 1024  # with a delegate's certificate it has about 2 KiB
_NONCE_BYTES = 32  # the longest of RFC 8954
_QUESTION, _ANSWER = "application/ocsp-request", "application/ocsp-response"


class Responder:
    """A source of statements that asks each time; see revocation.Source."""

    def __init__(self, url: str, freshness: Freshness, limit_s: float = LIMIT_S) -> None:
        self._url = url
        self._freshness = freshness
        self._limit_s = limit_s
        self._silent_until = 0.0

    def statement(
        self, card: x509.Certificate, root: x509.Certificate, now: datetime
    ) -> Statement | None:
        began = time.monotonic()
        if began < self._silent_until:
            return None
        question = (
            ocsp.OCSPRequestBuilder()
            .add_certificate(card, root, hashes.SHA256())
            .add_extension(x509.OCSPNonce(secrets.token_bytes(_NONCE_BYTES)), critical=False)
            .build()
        )
        try:
            answer = self._ask(question.public_bytes(Encoding.DER))
            return checked(answer, question, root, self._freshness, now)
        except (OSError, HTTPException) as error:
            kind = type(error).__name__
            logger.warning("the OCSP responder %s does not answer: %s", self._url, kind)
        except Unusable as error:
            logger.warning("the answer of the OCSP responder %s is void: %s", self._url, error)
        ended = time.monotonic()
        if ended - began > SLOW_S:
            self._silent_until = ended + PAUSE_S
        return None

    def _ask(self, question: bytes) -> bytes:
        """Raises OSError, HTTPException, or Unusable."""
        address = urlsplit(self._url)
        assert address.hostname is not None  # settings.py has seen to it
        line = HTTPConnection(address.hostname, address.port or 80, timeout=self._limit_s)
        with closing(line):
            line.connect()
            # A time-out of the socket begins anew with each byte that drips in.
            hang_up = Timer(self._limit_s, _hang_up, (line.sock,))
            hang_up.daemon = True
            hang_up.start()
            try:
                headers = {"Content-Type": _QUESTION, "Accept": _ANSWER, "Connection": "close"}
                line.request("POST", address.path or "/", question, headers)
                response = line.getresponse()
                answer = response.read(LARGEST_ANSWER + 1)
            finally:
                hang_up.cancel()
        if response.status != 200:
            raise Unusable(f"HTTP status {response.status}")
        if response.headers.get_content_type() != _ANSWER:
            raise Unusable(f"it is not {_ANSWER}")
        if len(answer) > LARGEST_ANSWER:
            raise Unusable(f"it has more than {LARGEST_ANSWER} bytes")
        return answer


def _hang_up(line: socket.socket) -> None:
    """Wakes the thread that reads from it; it may be closed already."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
