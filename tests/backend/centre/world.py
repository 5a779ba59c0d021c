"""A running centre on loopback with its real cities, and people who come with software cards."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import structs

from backend import pki
from backend.app import listening, opened, server_context
from backend.centre.centre import Centre
from backend.centre.settings import load
from backend.clock import JST, Clock
from backend.development import BUILD, TERMINAL, Development
from backend.sample_jpki.responder import responding
from backend.storage import registry
from backend.storage.database import Row
from backend.storage.registry import OperatorRow, TerminalRow
from backend.storage.sqlite import SqliteDatabase
from terminal.ids import new_id
from terminal.link import binding, wire

MORNING = datetime(2026, 11, 24, 10, 0, tzinfo=JST)  # a Tuesday on which nothing is closed
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
M = TypeVar("M", bound=wire.Message)


class Time:
    """What the centre's clock reads; tests move it."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now
        self.clock = Clock(source=lambda: self.now)

    def at(self, *, hour: int, minute: int = 0, second: int = 0) -> None:
        self.now = self.now.replace(hour=hour, minute=minute, second=second, microsecond=0)

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Reply:
    status: int
    body: bytes

    def as_(self, kind: type[M]) -> M:
        assert self.status == 200, (self.status, self.body)
        return wire.decode(self.body, kind)

    def refusal(self) -> wire.Refusal:
        assert self.status == 403, (self.status, self.body)
        return wire.decode(self.body, wire.Refusal)

    def problem(self) -> tuple[int, str]:
        """Status and code."""
        return self.status, wire.decode(self.body, wire.Problem).code


@dataclass
class Line:
    """One terminal's connection to the centre."""

    session: aiohttp.ClientSession
    url: str
    terminal: str

    async def put(self, path: str, message: wire.Message) -> Reply:
        return await self.send("PUT", path, wire.encode(message))

    async def get(self, path: str) -> Reply:
        return await self.send("GET", path)

    async def send(self, method: str, path: str, body: bytes | None = None) -> Reply:
        async with self.session.request(method, self.url + path, data=body) as response:
            return Reply(response.status, await response.read())


def client_context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@dataclass
class World:
    development: Development
    time: Time
    centre: Centre
    port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def line(self, terminal: str = TERMINAL, agent: str = BUILD) -> AsyncGenerator[Line]:
        context = client_context(self.development.terminal(terminal))
        connector = aiohttp.TCPConnector(ssl=context)
        headers = {"User-Agent": agent}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            yield Line(session, self.url, terminal)

    def rows(self, statement: str) -> list[Row]:
        """Look into the centre's database."""
        database = SqliteDatabase(self.development.database)
        try:
            with database.reading() as tx:
                return tx.rows(statement)
        finally:
            database.close()

    def change(self, statement: str) -> None:
        database = SqliteDatabase(self.development.database)
        try:
            with database.writing() as tx:
                tx.run(statement)
        finally:
            database.close()

    def enrol(
        self, terminal: str, row: TerminalRow | None, operator: OperatorRow | None = None
    ) -> None:
        """Give a terminal its certificate, and a row in the registry if ``row`` is given.

        Its operator has taken part all the time, unless ``operator`` says otherwise.
        """
        make_terminal(self.development, terminal)
        if row is not None:
            database = SqliteDatabase(self.development.database)
            with database.writing() as tx:
                every_day = OperatorRow(row.operator, date(2020, 1, 1), None)
                registry.put_operator(tx, operator or every_day)
                registry.put_terminal(tx, row)
            database.close()


def make_terminal(development: Development, terminal: str) -> None:
    backend, folder = development.backend, development.terminal(terminal)
    authority = pki.read_issued(backend / "ca.key", backend / "ca.pem")
    issued = pki.issue_terminal(authority, terminal, Clock().now())
    folder.mkdir()
    pki.write_private(folder / "key.pem", pki.key_pem(issued.key))
    (folder / "certificate.pem").write_bytes(pki.certificate_pem(issued.certificate))
    (folder / "ca.pem").write_bytes((backend / "ca.pem").read_bytes())


@contextmanager
def nobody_there() -> Generator[str]:
    """An address of this machine at which nobody answers, nor can while this lasts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


@asynccontextmanager
async def open_world(
    development: Development, time: Time, *, responder: bool = True
) -> AsyncGenerator[World]:
    """A centre and the responder that it asks, which may be down."""
    async with AsyncExitStack() as stack:
        settings = load(development.settings)
        if responder:
            address = await stack.enter_async_context(responding(development, time.clock))
        else:
            address = stack.enter_context(nobody_there())
        centre = stack.enter_context(opened(settings.asking(address), time.clock))
        context = server_context(settings.tls)
        port = await stack.enter_async_context(listening(centre, context, "127.0.0.1", 0))
        yield World(development, time, centre, port)


@dataclass
class Card:
    """A card in software: signs as the chip does, RSA or P-384 as its certificate says."""

    key: pki.Key
    certificate: bytes

    @classmethod
    def load(cls, path: Path) -> Card:
        card = json.loads(path.read_text("utf-8"))
        key = serialization.load_pem_private_key(card["key_pem"].encode(), password=None)
        certificate = x509.load_pem_x509_certificate(card["certificate_pem"].encode())
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        return cls(key, certificate.public_bytes(serialization.Encoding.DER))

    @property
    def algorithm(self) -> wire.Algorithm:
        is_rsa = isinstance(self.key, rsa.RSAPrivateKey)
        return wire.Algorithm.RS256 if is_rsa else wire.Algorithm.ES384

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA384()))


@dataclass
class Visitor:
    """One person's visit at one terminal, step by step."""

    line: Line
    card: Card
    visit: str = field(default_factory=new_id)
    worker: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    opened: wire.VisitOpened | None = None
    offers: wire.SignedIn | None = None

    async def open(self) -> Reply:
        body = wire.OpenVisit(public_key=self.worker.public_key().public_bytes_raw(), build=BUILD)
        reply = await self.line.put(f"/v1/visits/{self.visit}", body)
        if reply.status == 200:
            self.opened = reply.as_(wire.VisitOpened)
        return reply

    def sign_in_body(self, *, nonce: bytes | None = None, visit: str | None = None) -> wire.SignIn:
        assert self.opened is not None
        message = binding.sign_in_message(
            self.opened.terminal,
            visit or self.visit,
            nonce or self.opened.nonce,
            self.worker.public_key().public_bytes_raw(),
        )
        return wire.SignIn(
            certificate=self.card.certificate,
            algorithm=self.card.algorithm,
            signature=self.card.sign(message),
        )

    async def sign_in(self, body: wire.SignIn | None = None) -> Reply:
        reply = await self.line.put(f"/v1/visits/{self.visit}/sign-in", body or self.sign_in_body())
        if reply.status == 200:
            self.offers = reply.as_(wire.SignedIn)
        return reply

    async def arrive(self) -> Visitor:
        """Open and sign in, which must go well."""
        (await self.open()).as_(wire.VisitOpened)
        (await self.sign_in()).as_(wire.SignedIn)
        return self

    def order(self, copies: int = 1, **changes: object) -> wire.Order:
        """An order for the holder alone, as offered, with ``changes``."""
        assert self.offers is not None
        offer = self.offers.offers[0]
        order = wire.Order(
            order=new_id(),
            visit=self.visit,
            terminal=self.line.terminal,
            city=self.offers.city,
            product=offer.product,
            people=tuple(person.ref for person in offer.people if person.holder),
            items=(),
            acknowledged=offer.notices,
            copies=copies,
            fee_yen=offer.fee_yen,
            tariff=offer.tariff,
        )
        return structs.replace(order, **changes)

    def signed(self, order: wire.Order) -> wire.PlaceOrder:
        return wire.PlaceOrder(
            order=order,
            algorithm=self.card.algorithm,
            signature=self.card.sign(binding.order_message(order)),
        )

    async def place(self, order: wire.Order) -> Reply:
        return await self.line.put(f"/v1/orders/{order.order}", self.signed(order))

    async def document(self, order: wire.Order, copy: int = 1) -> Reply:
        return await self.line.get(f"/v1/orders/{order.order}/documents/{copy}")

    def open_bundle(self, sealed: wire.SealedDocument) -> wire.Bundle:
        info = binding.envelope_info(self.visit, sealed.order, sealed.copy)
        return wire.decode(SUITE.decrypt(sealed.sealed, self.worker, info=info), wire.Bundle)

    def manifest(self, sealed: wire.SealedDocument) -> wire.Manifest:
        return wire.decode(self.open_bundle(sealed).manifest, wire.Manifest)

    async def pay(self, order: wire.Order, amount: int, reference: str = "") -> Reply:
        body = wire.PaymentTaken(amount_yen=amount, reference=reference or order.order)
        return await self.line.put(f"/v1/orders/{order.order}/payment", body)

    async def end(self, order: wire.Order, result: wire.OrderResult) -> Reply:
        return await self.line.put(f"/v1/orders/{order.order}/result", result)


VOID = wire.OrderResult(outcome=wire.Outcome.VOID, reason="timed out")


def printed(*serials: str) -> wire.OrderResult:
    return wire.OrderResult(
        outcome=wire.Outcome.PRINTED, reason="", serials=serials, sheets_out=len(serials)
    )
