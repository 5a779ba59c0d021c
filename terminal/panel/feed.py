"""One page's news over a WebSocket: always the latest, never a queue.

Whoever publishes only says that something changed. Each page asks for the latest when it is ready for
it, so a slow browser skips what it missed, an absent one costs nothing, and nobody waits for either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import WSCloseCode, WSMsgType, web

logger = logging.getLogger(__name__)

PING_S = 15.0  # a browser that vanished without a word is noticed after one and a half of these
SEND_S = 5.0  # a page that does not read for so long is hung: dropped, it will reconnect
GOODBYE_S = 1.0
LARGEST_MESSAGE = 4096  # what pages send is tiny

SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets")
"""Every open socket of the server, whichever feed it belongs to."""

Receive = Callable[[str], Awaitable[str | None]]
"""Takes a page's message; what it returns goes back to that page alone."""


class Feed:
    """``latest`` gives the newest message, or None while there is none."""

    def __init__(self, latest: Callable[[], str | None]) -> None:
        self._latest = latest
        self._pages: dict[web.WebSocketResponse, asyncio.Event] = {}

    @property
    def pages(self) -> int:
        return len(self._pages)

    def changed(self) -> None:
        """Wake every page. Never blocks; any number of changes in a row are one message."""
        for news in self._pages.values():
            news.set()

    async def serve(
        self, request: web.Request, receive: Receive, greeting: str | None = None
    ) -> web.WebSocketResponse:
        """Keep one page up to date until it goes away."""
        ws = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=LARGEST_MESSAGE, compress=False)
        await ws.prepare(request)
        news = asyncio.Event()
        news.set()
        self._pages[ws] = news
        request.app[SOCKETS].add(ws)
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(self._send(request, ws, news, greeting))
                await self._receive(ws, receive)
                sender.cancel()
        finally:
            del self._pages[ws]
            request.app[SOCKETS].discard(ws)
        return ws

    async def _send(
        self,
        request: web.Request,
        ws: web.WebSocketResponse,
        news: asyncio.Event,
        greeting: str | None,
    ) -> None:
        message = greeting
        try:
            while True:
                if message is not None:
                    async with asyncio.timeout(SEND_S):
                        await ws.send_str(message)
                await news.wait()
                news.clear()
                message = self._latest()
        except TimeoutError:
            logger.warning("a page did not read for %g s and was dropped", SEND_S)
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            logger.debug("a page went away")

    async def _receive(self, ws: web.WebSocketResponse, receive: Receive) -> None:
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                await ws.close(code=WSCloseCode.UNSUPPORTED_DATA)
                return
            answer = await receive(message.data)
            if answer is not None and not ws.closed:
                async with asyncio.timeout(SEND_S):
                    await ws.send_str(answer)


async def say_goodbye(app: web.Application) -> None:
    """On shutdown: tell every page to come back later, or the server would wait for them."""
    sockets = app[SOCKETS]
    for ws in sockets.copy():
        try:
            async with asyncio.timeout(GOODBYE_S):
                await ws.close(code=WSCloseCode.GOING_AWAY)
        except (TimeoutError, ConnectionError):
            logger.debug("a page did not answer the good-bye")
