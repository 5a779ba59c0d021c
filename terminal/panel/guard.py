"""Only pages that this server gave out may talk to it.

A web page from elsewhere, opened in any browser of the machine, must not press keys here. Three ways
in are closed: another origin's request (Origin), a name that was re-pointed at this machine after its
page was loaded (Host; DNS rebinding needs a name, so addresses are safe), and framing or reading
across origins (the headers).
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; "
        "form-action 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def refuse_foreign(
    own_host: str,
) -> Middleware:
    """A middleware that answers 403 to every request that is not from this server's own pages."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if not _is_ours(host, own_host):
            raise web.HTTPForbidden(text="Open this page under the address it was started with.\n")
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() != f"{request.scheme}://{host}".lower():
            raise web.HTTPForbidden(text="This page answers only to itself.\n")
        return await handler(request)

    return guard


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on every answer, errors included."""
    response.headers.update(HEADERS)


def _is_ours(host: str, own_host: str) -> bool:
    """An address, localhost, or the name it was configured with."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if name is None:
        return False
    if name in {"localhost", own_host.lower()}:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
