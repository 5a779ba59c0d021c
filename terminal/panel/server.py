"""Serves the terminal's screen to the kiosk's browser and hears what is touched there."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterable

import msgspec
from aiohttp import web

from terminal.panel.feed import SOCKETS, Feed, say_goodbye
from terminal.panel.guard import add_headers, refuse_foreign
from terminal.panel.view import STATIC, PanelView

logger = logging.getLogger(__name__)

SHUTDOWN_S = 2.0  # how long open requests may take to end when the panel stops


class PanelError(Exception):
    """The page cannot be served as configured; the message says what to change."""


class Touch(msgspec.Struct, forbid_unknown_fields=True):
    """What a page says: a key, a choice or a language was pressed while ``screen`` was shown."""

    screen: str
    key: str | None = None
    choose: str | None = None
    language: str | None = None


class Panel:
    """The page server. ``on_key`` hears key names and digits, ``on_choice`` the value of a choice,
    ``on_language`` a language's code.

    All are called on the loop, and only for what the latest view offers: a touch that was meant for
    the screen before is dropped.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_key: Callable[[str], None],
        on_choice: Callable[[str], None],
        on_language: Callable[[str], None] = lambda _language: None,
    ) -> None:
        self._host = host
        self._port = port
        self._on_key = on_key
        self._on_choice = on_choice
        self._on_language = on_language
        self._view: PanelView | None = None
        self._shown_at = 0.0
        self._feed = Feed(self._latest)
        self._app = web.Application(middlewares=[refuse_foreign(host)])
        self._app.on_response_prepare.append(add_headers)
        self._app[SOCKETS] = set()
        self._app.on_shutdown.append(say_goodbye)
        self._app.add_routes(
            [
                web.get("/", self._page),
                web.get("/screen", self._screen),
                web.static("/static", STATIC),
            ]
        )
        self._runner: web.AppRunner | None = None

    def add_routes(self, routes: Iterable[web.AbstractRouteDef]) -> None:
        """Serve more on the same address. Only before ``start``."""
        self._app.add_routes(routes)

    async def start(self) -> str:
        """Listen, and return the page's address. Raises PanelError."""
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            raise PanelError(self._explain(error)) from error
        self._runner = runner
        port: int = runner.addresses[0][1]
        url = f"http://{_reachable(self._host)}:{port}/"
        logger.info("panel on %s", url)
        return url

    async def stop(self) -> None:
        """Close every page and the port. A page keeps saying that it is reconnecting."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def show(self, view: PanelView) -> None:
        """Put a view on every page. Cheap; the latest wins."""
        self._view = view
        self._shown_at = time.monotonic()
        self._feed.changed()

    def _latest(self) -> str | None:
        """The view with the time that is left now: a page may ask long after it was shown."""
        view = self._view
        if view is None:
            return None
        if view.remaining_s is not None:
            left = max(0.0, view.remaining_s - (time.monotonic() - self._shown_at))
            view = msgspec.structs.replace(view, remaining_s=round(left, 2))
        return msgspec.json.encode(view).decode()

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "screen.html")

    async def _screen(self, request: web.Request) -> web.StreamResponse:
        return await self._feed.serve(request, self._touched)

    async def _touched(self, message: str) -> None:
        """Neither the message nor a decoder's complaint is logged: it may hold a digit of a PIN."""
        try:
            touch = msgspec.json.decode(message, type=Touch)
        except msgspec.DecodeError:
            logger.warning("a page sent something that is no touch")
            return
        view = self._view
        if view is None or touch.screen != view.screen:
            logger.debug("a touch came too late for its screen")
            return
        if touch.key is not None and view.offers_key(touch.key):
            self._on_key(touch.key)
        if touch.choose is not None and view.offers_choice(touch.choose):
            self._on_choice(touch.choose)
        if touch.language is not None and view.offers_language(touch.language):
            self._on_language(touch.language)

    def _explain(self, error: OSError) -> str:
        match error.errno:
            case errno.EADDRINUSE:
                return f"port {self._port} is in use: choose another in [panel] port"
            case errno.EACCES:
                return f"port {self._port} needs root: choose one above 1023 in [panel] port"
            case _:
                return (
                    f"cannot listen on {self._host}: set [panel] host to an address of this machine"
                    f" ({error.strerror or error})"
                )


def _reachable(host: str) -> str:
    """The host as a browser on this machine writes it."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104  # compared with, not bound to
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
