"""The client of the centre: one peer, mutual TLS, every answer decoded strictly.

What a failure means decides what may happen next (facts of the field: with TLS 1.3 even a refused client
certificate shows up only after the request went out):

- ``LinkDown``: no connection could be made, so nothing happened there.
- ``OutcomeUnknown``: it was sent, and no complete answer came. Asking again with the same id and body is
  safe because PUT is idempotent; concluding anything is not.
- ``CentreRefused`` / ``CentreProblem``: an answer.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from types import SimpleNamespace, TracebackType
from typing import Self, TypeVar

import aiohttp
import msgspec

from terminal.config import Link
from terminal.errors import CentreProblem, CentreRefused, LinkDown, OutcomeUnknown
from terminal.link.tls import client_context
from terminal.link.wire import Message, Problem, Refusal, decode, encode
from terminal.version import BUILD

logger = logging.getLogger(__name__)

LARGEST_ANSWER = 16 * 1024 * 1024  # nine copies of a long document, sealed
UNREADABLE = "unreadable"
"""The problem code of an answer that is no message of ours: something else spoke for the centre."""
_T = TypeVar("_T", bound=Message)


@dataclass(slots=True)
class Fate:
    """Did anything of a request leave? aiohttp repeats an idempotent one by itself when its connection
    breaks, and a repetition that finds no line says nothing about the first."""

    sent: bool = False


class CentreClient:
    """Connections to the centre; entered once."""

    def __init__(self, config: Link) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        self.reachable = False
        self.disturbed = asyncio.Event()
        """Set whenever a call got no answer; whoever waits for it clears it."""

    async def __aenter__(self) -> Self:
        config = self._config
        context = client_context(config.ca, config.certificate, config.key)
        connector = aiohttp.TCPConnector(ssl=context, limit=4)
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": BUILD},  # the centre serves known builds only (I-11)
            cookie_jar=aiohttp.DummyCookieJar(),  # nothing ties one visit to the next
            trace_configs=[_watched()],
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def put(self, path: str, message: Message, answer: type[_T]) -> _T:
        """Idempotent by id: an unknown outcome is asked for once more, then raised."""
        return await self.put_bytes(path, encode(message), answer)

    async def put_bytes(self, path: str, body: bytes, answer: type[_T]) -> _T:
        """``put`` for a message that was encoded earlier (the outbox)."""
        try:
            return await self._ask("PUT", path, body, answer, self._config.timeout_s)
        except OutcomeUnknown:
            logger.info("no answer to PUT %s; asking again", _kind(path))
        try:
            return await self._ask("PUT", path, body, answer, self._config.timeout_s)
        except LinkDown as error:
            # Nothing happened this time; about the first time that says nothing.
            raise OutcomeUnknown(str(error)) from error

    async def get(self, path: str, answer: type[_T], timeout_s: float | None = None) -> _T:
        limit = timeout_s or self._config.timeout_s
        return await self._ask("GET", path, None, answer, limit)

    async def _ask(
        self, method: str, path: str, body: bytes | None, answer: type[_T], limit: float
    ) -> _T:
        status, data = await self._exchange(method, path, body, limit)
        self.reachable = True
        try:
            if status == 200:
                return decode(data, answer)
            if status == 403:
                raise CentreRefused(decode(data, Refusal))
            raise CentreProblem(status, decode(data, Problem))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problem = Problem(code=UNREADABLE, detail=f"not a message we know: {error}")
            raise CentreProblem(status, problem) from error

    async def _exchange(
        self, method: str, path: str, body: bytes | None, limit: float
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise LinkDown("the link is not open")
        url = self._config.url + path
        headers = {"Content-Type": "application/json"} if body is not None else {}
        fate = Fate()
        try:
            async with asyncio.timeout(limit):
                # Followed redirects would be a second peer (R64).
                request = self._session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                    trace_request_ctx=fate,
                )
                async with request as response:
                    return response.status, await _whole(response, path)
        except aiohttp.ClientConnectorError as error:
            self._lost()
            if fate.sent:
                raise OutcomeUnknown(f"{_kind(path)}: no answer (line lost)") from error
            raise LinkDown(f"{self._config.url} cannot be reached: {error.os_error}") from error
        except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as error:
            self._lost()
            raise OutcomeUnknown(f"{_kind(path)}: no answer ({type(error).__name__})") from error

    def _lost(self) -> None:
        self.reachable = False
        self.disturbed.set()


async def _whole(response: aiohttp.ClientResponse, path: str) -> bytes:
    data = bytearray()
    async for piece in response.content.iter_any():
        data += piece
        if len(data) > LARGEST_ANSWER:
            raise OutcomeUnknown(f"{_kind(path)}: the answer is too long")
    return bytes(data)


def _watched() -> aiohttp.TraceConfig:
    async def sent(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _params: aiohttp.TraceRequestHeadersSentParams,
    ) -> None:
        context.trace_request_ctx.sent = True

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(sent)
    return trace


def _kind(path: str) -> str:
    """The path without ids: what may be logged."""
    return "/".join(part for part in path.split("/") if len(part) != 36)
