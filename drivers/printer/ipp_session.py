"""Questions to one IPP printer over HTTP (RFC 8010 section 4), each with a time limit."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from ssl import (
    PROTOCOL_TLS_CLIENT,
    VERIFY_X509_PARTIAL_CHAIN,
    VERIFY_X509_STRICT,
    SSLContext,
)
from typing import Self

import aiohttp
from yarl import URL

from drivers.device import DeviceState
from drivers.errors import DeviceTimeout, DeviceUnavailable, HardwareFault
from drivers.printer.ipp_codec import IppMessageError, encode, parse
from drivers.printer.ipp_message import (
    Attribute,
    Group,
    Message,
    Operation,
    Tag,
    attribute,
    status_name,
)

_USER = "madoguchi"
_SUCCESS_BELOW = 0x0100
_HTTP = {"ipp": "http", "ipps": "https", "http": "http", "https": "https"}


def pinned_context(certificate: Path) -> SSLContext:
    """TLS to the one printer that has this certificate, whoever signed it and whatever it is called.

    Raises ValueError for a file that holds none.
    """
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.check_hostname = (
        False  # printers are called by addresses that their certificates do not know
    )
    context.verify_flags |= VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~VERIFY_X509_STRICT  # printers' own certificates are seldom by the book
    try:
        context.load_verify_locations(certificate)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(
            f"{certificate}: no certificate in PEM that can be read: {error}"
        ) from error
    return context


class IppRefused(HardwareFault):
    """The printer answered a request with an error ``status``."""

    def __init__(self, device: str, operation: Operation, status: int, said: str) -> None:
        doing = operation.name.replace("_", "-").title()
        detail = f": {said}" if said else ""
        super().__init__(device, f"{doing} refused, {status_name(status)}{detail}")
        self.status = status


class IppSession:
    """``uri`` is ipp:// or ipps:// (631 unless it says otherwise), or http(s):// as ipp-usb has it.

    TLS is checked against ``ssl_context`` alone, never against the system's authorities.
    """

    def __init__(
        self, device: str, uri: str, ssl_context: SSLContext | None, timeout_s: float
    ) -> None:
        given = URL(uri)
        if given.scheme not in _HTTP or not given.host:
            raise ValueError(f"{device}: {uri!r} is no printer URI; write ipp://HOST/ipp/print")
        if _HTTP[given.scheme] == "https" and ssl_context is None:
            raise ValueError(f"{device}: {uri} needs the printer's certificate to trust")
        port = given.explicit_port or (631 if given.scheme.startswith("ipp") else given.port)
        self._url = given.with_scheme(_HTTP[given.scheme]).with_port(port)
        self._printer_uri = uri if given.scheme.startswith("ipp") else "ipp" + uri[4:]
        self._device = device
        self._ssl = ssl_context
        self._timeout_s = timeout_s
        self._request_ids = itertools.count(1)
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._ssl or True),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s),
            headers={"Content-Type": "application/ipp"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def ask(
        self, operation: Operation, *about: Attribute, template: tuple[Attribute, ...] = ()
    ) -> Message:
        """One request. Raises DeviceUnavailable, DeviceTimeout or IppRefused."""
        request = self._request(operation, about, template)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(operation, request, {})
        except TimeoutError as error:
            raise DeviceTimeout(self._device, operation.name, self._timeout_s) from error

    async def send(self, *about: Attribute, document: AsyncIterator[bytes], length: int) -> Message:
        """Send-Document, as slowly as the printer reads: the caller limits the time."""
        head = self._request(Operation.SEND_DOCUMENT, about, ())

        async def body() -> AsyncIterator[bytes]:
            yield head
            async for chunk in document:
                yield chunk

        # With a length instead of chunks: some printers' firmware knows only that.
        headers = {"Content-Length": str(len(head) + length)}
        return await self._exchange(Operation.SEND_DOCUMENT, body(), headers)

    def _request(
        self, operation: Operation, about: tuple[Attribute, ...], template: tuple[Attribute, ...]
    ) -> bytes:
        operation_group = Group(
            Tag.OPERATION_GROUP,
            (
                attribute("attributes-charset", Tag.CHARSET, "utf-8"),
                attribute("attributes-natural-language", Tag.LANGUAGE, "en"),
                attribute("printer-uri", Tag.URI, self._printer_uri),
                *(a for a in about if a.name == "job-id"),  # must follow the printer's URI
                attribute("requesting-user-name", Tag.NAME, _USER),
                *(a for a in about if a.name != "job-id"),
            ),
        )
        groups = (
            (operation_group, Group(Tag.JOB_GROUP, template)) if template else (operation_group,)
        )
        return encode(Message(operation, next(self._request_ids) & 0x7FFFFFFF, groups))

    async def _exchange(
        self, operation: Operation, body: bytes | AsyncIterator[bytes], headers: dict[str, str]
    ) -> Message:
        if self._http is None:
            raise DeviceUnavailable(self._device, DeviceState.OFFLINE, "it has not been opened")
        try:
            # A followed redirect would carry a person's pages to somebody else.
            request = self._http.post(self._url, data=body, headers=headers, allow_redirects=False)
            async with request as response:
                answer = await response.read()
                status = response.status
        except (aiohttp.ClientError, OSError) as error:
            advice = f"no answer at {self._url} ({error}); check power, cable and address"
            raise DeviceUnavailable(self._device, DeviceState.OFFLINE, advice) from error
        if status != 200:
            raise HardwareFault(self._device, f"{self._url} answered HTTP {status}, not IPP")
        return self._understood(operation, answer)

    def _understood(self, operation: Operation, answer: bytes) -> Message:
        try:
            message, _ = parse(answer)
        except IppMessageError as error:
            raise HardwareFault(self._device, f"unreadable answer: {error}") from error
        if message.code >= _SUCCESS_BELOW:
            said = " ".join(message.group(Tag.OPERATION_GROUP).strings("status-message"))
            raise IppRefused(self._device, operation, message.code, said)
        return message
