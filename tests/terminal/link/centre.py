"""A centre that answers as it is told to, over real TLS, down to the byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backend import pki
from backend.clock import Clock
from terminal.config import Link

CUT = b""
"""Hang up once the whole request is here."""
SILENCE = b"..."
"""Take the request and say nothing."""


@dataclass
class Files:
    """One authority's world: a server's and a terminal's certificate."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def link(self, port: int, timeout_s: float = 5) -> Link:
        return Link(
            url=f"https://127.0.0.1:{port}",
            ca=self.ca,
            certificate=self.folder / "terminal.pem",
            key=self.folder / "terminal.key",
            city_keys=self.folder,
            timeout_s=timeout_s,
        )


def make_files(folder: Path) -> Files:
    folder.mkdir(parents=True)
    now = Clock().now()
    authority = pki.new_operator_authority(now)
    (folder / "ca.pem").write_bytes(pki.certificate_pem(authority.certificate))
    for name, issued in (
        ("server", pki.issue_server(authority, now)),
        ("terminal", pki.issue_terminal(authority, "t-1", now)),
    ):
        pki.write_private(folder / f"{name}.key", pki.key_pem(issued.key))
        (folder / f"{name}.pem").write_bytes(pki.certificate_pem(issued.certificate))
    return Files(folder)


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Centre:
    """``answers`` are given in turn, the last for ever; ``heard`` is every whole request."""

    port: int = 0
    answers: list[bytes] = field(default_factory=list[bytes])
    heard: list[Request] = field(default_factory=list[Request])
    deaf_after: int | None = None
    """After so many requests the port is closed."""

    def next_answer(self) -> bytes:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answer(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def centre(
    files: Files,
    *answers: bytes,
    trusts: Path | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    host: str = "127.0.0.1",
) -> AsyncGenerator[Centre]:
    """Asks for a certificate of ``trusts`` (its own authority)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.folder / "server.pem", files.folder / "server.key")
    context.load_verify_locations(trusts or files.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = newest
    it = Centre(answers=list(answers))
    conversations: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            while (request := await read_request(reader)) is not None:
                it.heard.append(request)
                if len(it.heard) == it.deaf_after:
                    server.close()
                said = it.next_answer()
                if said == SILENCE:
                    await asyncio.Event().wait()
                if said == CUT:
                    return
                writer.write(said)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            conversations.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, host, 0, ssl=context)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        talking = list(conversations)
        for each in talking:
            each.cancel()
        if talking:
            await asyncio.wait(talking)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    headers = {
        name.lower(): value.strip() for name, _, value in (h.partition(":") for h in head[1:])
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(head[0], headers, body)
