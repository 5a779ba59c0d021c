"""The backend as a server: TLS 1.3 on both sides, the routes of ``wire``, nothing personal in a log.

The event loop only moves bytes. SQLite, signatures and typesetting block, so every call runs in a
pool of as many threads as there are cores; a call that outlives its time limit is answered 503, and
asking again with the same id and body finds out what became of it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from backend.centre import loose_ends
from backend.centre.centre import Answer, Centre
from backend.centre.problem import Code, ProblemError
from backend.centre.settings import Settings, SettingsError, Tls
from backend.centre.terminals import named_terminal
from backend.city.opening import load_cities
from backend.clock import Clock
from backend.errors import OperatorError
from backend.storage.sqlite import SqliteDatabase
from terminal.link import wire

logger = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024  # a sign-in with the longest certificate is a fifth of it
BODY_S = 15.0
CALL_S = 30.0
SHUTDOWN_S = 10.0  # what is being issued may finish
_BUILD_PRODUCT = "madoguchi/"  # a terminal's build is its User-Agent (I-11)

_M = TypeVar("_M", bound=wire.Message)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AddressUnavailable(OperatorError):
    """The server cannot listen there; the message says what to do."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        if error.errno == errno.EADDRINUSE:
            reason = "it is in use: name another with --port, or 0 for a free one"
        else:
            reason = error.strerror or str(error)
        super().__init__(f"cannot listen on port {port} of {host}: {reason}")


def server_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 only, and nobody enters without a certificate of the operator's own authority.

    Raises SettingsError naming the file that cannot be used.
    """
    for path in (tls.certificate, tls.key, tls.terminal_authority):
        if not path.is_file():
            raise SettingsError(f"[tls] {path} does not exist")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        context.load_verify_locations(tls.terminal_authority)
    except OSError as error:  # ssl.SSLError is one
        names = f"{tls.certificate}, its key or {tls.terminal_authority}"
        raise SettingsError(f"[tls] {names} cannot be used: {error}") from error
    # A resumed session is not verified again: let every connection show its certificate.
    context.num_tickets = 0
    return context


@contextmanager
def opened(settings: Settings, clock: Clock) -> Generator[Centre]:
    """The centre on its database and cities, closed afterwards.

    Raises OperatorError.
    """
    residents = settings.cities.residents
    if not residents.is_file():
        raise SettingsError(f"[cities] residents: {residents} does not exist")
    database = SqliteDatabase(settings.database)
    try:
        database.migrate()
        cities = load_cities(
            settings.cities.folder.resolve(),
            registry=residents,
            keys=settings.cities.keys,
            today=clock.today(),
        )
        loose_ends.warn(settings, database, cities, clock.today())
        yield Centre(settings, database, cities, clock)
    finally:
        database.close()


class Front:
    """The routes, and the way from a request to an answer and back."""

    def __init__(self, centre: Centre, pool: ThreadPoolExecutor) -> None:
        self._centre = centre
        self._pool = pool

    def application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_spoken_errors])
        centre = self._centre
        app.add_routes(
            [
                self._put("/v1/visits/{id}", wire.OpenVisit, centre.visits.open),
                self._put("/v1/visits/{id}/sign-in", wire.SignIn, centre.visits.sign_in),
                self._put("/v1/orders/{id}", wire.PlaceOrder, centre.orders.place),
                web.get("/v1/orders/{id}/documents/{copy:[1-9]}", self._document),
                self._put("/v1/orders/{id}/payment", wire.PaymentTaken, centre.settlement.pay),
                self._put("/v1/orders/{id}/result", wire.OrderResult, centre.settlement.end),
                self._put("/v1/incidents/{id}", wire.Incident, centre.incidents.report),
                web.get("/v1/service", self._service),
            ]
        )
        return app

    def _put(
        self, path: str, kind: type[_M], call: Callable[[str, str, _M], wire.Message]
    ) -> web.RouteDef:
        async def handle(request: web.Request) -> web.Response:
            name = _id(request)
            async with asyncio.timeout(BODY_S):
                body = await request.read()
            message = _decoded(body, kind)
            return await self._perform(request, lambda terminal: call(terminal, name, message))

        return web.put(path, handle)

    async def _document(self, request: web.Request) -> web.Response:
        order, copy = _id(request), int(request.match_info["copy"])
        return await self._perform(
            request, lambda terminal: self._centre.orders.document(terminal, order, copy)
        )

    async def _service(self, request: web.Request) -> web.Response:
        agent = request.headers.get("User-Agent", "").split(" ")[0]
        build = agent if agent.startswith(_BUILD_PRODUCT) else None
        return await self._perform(request, lambda terminal: self._centre.service(terminal, build))

    async def _perform(
        self, request: web.Request, call: Callable[[str], wire.Message]
    ) -> web.Response:
        certificate = _peer(request)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CALL_S):
            answer = await loop.run_in_executor(self._pool, self._centre.answer, certificate, call)
        return _response(answer)


def _peer(request: web.Request) -> bytes:
    """The certificate that TLS verified: the only thing that says who is speaking."""
    transport = request.transport
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert(binary_form=True)
    if not isinstance(certificate, bytes):
        raise ProblemError(Code.TERMINAL_UNKNOWN, "no client certificate")
    return certificate


def _id(request: web.Request) -> str:
    try:
        return msgspec.convert(request.match_info["id"], wire.Id)
    except msgspec.ValidationError as error:
        raise ProblemError(Code.MALFORMED, "the id in the path is not a UUIDv7") from error


def _decoded(body: bytes, kind: type[_M]) -> _M:
    try:
        return wire.decode(body, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(Code.MALFORMED, f"no {kind.__name__}{_place(error)}") from error


def _place(error: Exception) -> str:
    """Where in a message its mistake is, as far as known; the library's words may quote the value."""
    found = re.search(r" - at `(\$[a-z_.\[\]0-9]*)`$", str(error))
    return f": see {found[1]}" if found else ": a field is missing, unknown, or this is not JSON"


def _response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=wire.encode(answer.message),
        content_type="application/json",
        headers={"Cache-Control": "no-store", "Server": "madoguchi"},
    )


@web.middleware
async def _spoken_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Every failure becomes a Problem; every request becomes one line without ids or bodies."""
    started = time.monotonic()
    try:
        response = await handler(request)
    except Exception as error:  # noqa: BLE001 — the one place where any failure becomes an answer
        response = _response(Answer.to(_problem(error)))
    _log(request, response.status, time.monotonic() - started)
    return response


def _problem(error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case web.HTTPNotFound():
            return ProblemError(Code.NO_SUCH_PATH, "there is nothing at this path")
        case web.HTTPMethodNotAllowed():
            return ProblemError(Code.METHOD, "this path does not know this method")
        case web.HTTPRequestEntityTooLarge():
            return ProblemError(Code.TOO_LARGE, f"a message has at most {LARGEST_BODY} bytes")
        case ConnectionError():
            return ProblemError(Code.MALFORMED, "the line broke before the message was whole")
        case TimeoutError():
            return ProblemError(Code.NOT_NOW, "it takes too long: ask again with the same id")
        case _:
            # The trace is for this side's log, never for the line.
            logger.error("a request failed for a reason nobody foresaw", exc_info=error)
            return ProblemError(Code.INTERNAL, "an error of the centre; see its log")


def _log(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    path = "?" if resource is None else resource.canonical
    try:
        who = named_terminal(_peer(request))
    except ProblemError:
        who = "unknown"
    logger.info("%s %s %s %d %.0f ms", who, request.method, path, status, seconds * 1000)


@asynccontextmanager
async def listening(
    centre: Centre, context: ssl.SSLContext, host: str, port: int
) -> AsyncGenerator[int]:
    """Serve until left; gives the port. Raises AddressUnavailable."""
    pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="centre")
    runner = web.AppRunner(
        Front(centre, pool).application(), access_log=None, shutdown_timeout=SHUTDOWN_S
    )
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port, ssl_context=context)
        try:
            await site.start()
        except OSError as error:
            raise AddressUnavailable(host, port, error) from error
        addresses: list[Any] = runner.addresses
        yield int(addresses[0][1])
    finally:
        await runner.cleanup()
        await asyncio.to_thread(pool.shutdown)
