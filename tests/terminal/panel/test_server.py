"""The page server: what it sends, what it hears, and whom it refuses."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from yarl import URL

from terminal.panel import feed
from terminal.panel.server import Panel, PanelError
from terminal.panel.view import PanelView
from tests.terminal.panel.patience import PATIENCE_S, until
from tests.terminal.panel.samples import CONFIRMING, IDLE, PAYING, PEOPLE, PIN


class Served:
    """A panel on a free port, and what it heard."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.choices: list[str] = []
        self.panel = Panel("127.0.0.1", 0, self.keys.append, self.choices.append)
        self.url = ""

    @property
    def port(self) -> int:
        port = URL(self.url).port
        assert port is not None
        return port


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    it = Served()
    it.url = await it.panel.start()
    yield it
    await it.panel.stop()


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def looking(client: ClientSession, served: Served) -> ClientWebSocketResponse:
    return await client.ws_connect(served.url + "screen", headers={"Origin": served.url[:-1]})


async def next_view(page: ClientWebSocketResponse) -> PanelView:
    message = await page.receive_str(timeout=PATIENCE_S)
    return msgspec.json.decode(message, type=PanelView)


async def touch(page: ClientWebSocketResponse, view: PanelView, **touched: str) -> None:
    await page.send_str(json.dumps({"screen": view.screen, **touched}))


async def answered(page: ClientWebSocketResponse, served: Served, view: PanelView) -> None:
    """Every touch sent so far was taken: messages of a page are handled in order."""
    await touch(page, view, key="more_time")
    await until(lambda: "more_time" in served.keys)
    served.keys.remove("more_time")


async def test_a_page_gets_the_view_that_is_on_and_every_change(
    served: Served, client: ClientSession
) -> None:
    served.panel.show(IDLE)
    page = await looking(client, served)
    assert await next_view(page) == IDLE
    served.panel.show(PEOPLE)
    assert await next_view(page) == PEOPLE


async def test_the_latest_view_wins(served: Served, client: ClientSession) -> None:
    page = await looking(client, served)
    for typed in range(5):
        served.panel.show(msgspec.structs.replace(PIN, remaining_s=None, pin_length=typed))
    assert (await next_view(page)).pin_length == 4


async def test_a_page_that_comes_late_sees_the_time_that_is_left(
    served: Served, client: ClientSession
) -> None:
    served.panel.show(PAYING)
    await asyncio.sleep(0.05)
    view = await next_view(await looking(client, served))
    assert view.remaining_s is not None
    assert PAYING.remaining_s is not None
    assert 0 < view.remaining_s <= PAYING.remaining_s - 0.04


async def test_touches_reach_the_visit(served: Served, client: ClientSession) -> None:
    page = await looking(client, served)
    served.panel.show(PEOPLE)
    await touch(page, PEOPLE, choose="p3")
    await touch(page, PEOPLE, key="4")
    await touch(page, PEOPLE, key="ok")
    await answered(page, served, PEOPLE)
    assert served.choices == ["p3"]
    assert served.keys == ["4", "ok"]


@pytest.mark.parametrize(
    "touched",
    [
        {"key": "fewer"},
        {"key": "language2"},
        {"key": "9"},
        {"key": "clear"},
        {"choose": "fewer"},
        {"choose": "elsewhere"},
        {},
    ],
)
async def test_what_a_screen_does_not_offer_is_not_heard(
    served: Served, client: ClientSession, touched: dict[str, str]
) -> None:
    page = await looking(client, served)
    served.panel.show(CONFIRMING)
    await touch(page, CONFIRMING, **touched)
    await answered(page, served, CONFIRMING)
    assert served.keys == served.choices == []


async def test_a_touch_meant_for_the_screen_before_is_dropped(
    served: Served, client: ClientSession
) -> None:
    page = await looking(client, served)
    served.panel.show(CONFIRMING)
    await touch(page, PEOPLE, key="ok")
    await answered(page, served, CONFIRMING)
    assert served.keys == []


@pytest.mark.parametrize(
    "message",
    ["", "7391", '{"key": "7391"}', '{"screen": "entering_pin", "key": 7391}', '{"pin": "7391"}'],
)
async def test_R14_what_is_no_touch_is_neither_heard_nor_logged(
    served: Served, client: ClientSession, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    caplog.set_level(logging.DEBUG)
    page = await looking(client, served)
    served.panel.show(PIN)
    await page.send_str(message)
    await answered(page, served, PIN)
    assert served.keys == []
    assert "no touch" in caplog.text
    assert "7391" not in caplog.text


async def test_R14_digits_are_never_logged(
    served: Served, client: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = await looking(client, served)
    served.panel.show(PIN)
    for digit in "7391":
        await touch(page, PIN, key=digit)
    await answered(page, served, PIN)
    assert served.keys == list("7391")
    assert [record for record in caplog.records if record.name.startswith("terminal")] == []


async def test_bytes_are_not_spoken_here(served: Served, client: ClientSession) -> None:
    page = await looking(client, served)
    await page.send_bytes(b"\x00")
    async with asyncio.timeout(PATIENCE_S):
        while (await page.receive()).type is not WSMsgType.CLOSE:
            pass
    assert page.close_code == 1003


@pytest.mark.parametrize("path", ["", "screen", "static/screen.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::1"},
        {"Host": ""},
    ],
    ids=str,
)
async def test_foreign_pages_are_refused(
    served: Served, client: ClientSession, path: str, headers: dict[str, str]
) -> None:
    async with client.get(served.url + path, headers=headers) as answer:
        assert answer.status in {400, 403}


async def test_a_foreign_page_gets_no_socket(served: Served, client: ClientSession) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(served.url + "screen", headers={"Origin": "http://evil.example"})
    assert refused.value.status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "192.0.2.7", "[::1]"])
async def test_addresses_and_localhost_are_served(
    served: Served, client: ClientSession, host: str
) -> None:
    own = f"{host}:{served.port}"
    headers = {"Host": own, "Origin": f"http://{own}"}
    async with client.get(served.url, headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["", "static/screen.js", "static/screen.css", "nowhere"])
async def test_every_answer_is_strict_and_kept_nowhere(
    served: Served, client: ClientSession, path: str
) -> None:
    async with client.get(served.url + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        panel = Panel("127.0.0.1", port, print, print)
        with pytest.raises(
            PanelError, match=rf"port {port} is in use: choose another in \[panel\]"
        ):
            await panel.start()
        await panel.stop()


async def test_a_foreign_address_is_named_with_the_way_out() -> None:
    panel = Panel("192.0.2.1", 0, print, print)
    with pytest.raises(PanelError, match=r"192\.0\.2\.1: set \[panel\] host"):
        await panel.start()


async def test_a_browser_that_reads_nothing_holds_up_nobody(
    served: Served, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is dropped once it has not read for a while; another page meanwhile sees every change."""
    monkeypatch.setattr(feed, "SEND_S", 0.2)
    deaf = socket.create_connection(("127.0.0.1", served.port))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.sendall(
        b"GET /screen HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    page = await looking(client, served)
    pages = served.panel._feed
    await until(lambda: pages.pages == 2)
    long_lines = ("あ" * 20_000,)
    shown = 0
    async with asyncio.timeout(20.0):
        while pages.pages == 2:
            view = msgspec.structs.replace(IDLE, clock=str(shown), lines=long_lines)
            served.panel.show(view)
            while (await next_view(page)).clock != str(shown):
                pass
            shown += 1
    deaf.close()
    assert pages.pages == 1


async def test_stopping_says_good_bye_and_frees_the_port(client: ClientSession) -> None:
    first = Served()
    first.url = await first.panel.start()
    page = await looking(client, first)
    stopping = asyncio.create_task(first.panel.stop())
    async with asyncio.timeout(PATIENCE_S):
        assert (await page.receive()).type is WSMsgType.CLOSE
        await stopping
    again = Panel("127.0.0.1", first.port, print, print)
    assert await again.start() == first.url
    await again.stop()
