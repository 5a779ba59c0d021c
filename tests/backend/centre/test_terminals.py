"""Who may speak: TLS 1.3 with a certificate of the operator's authority, and the registry (R11, R12)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend import pki
from backend.app import server_context
from backend.centre.problem import Code, ProblemError
from backend.centre.settings import load
from backend.centre.terminals import named_terminal
from backend.clock import Clock
from backend.development import Development
from backend.storage import registry
from backend.storage.registry import OperatorRow, TerminalRow
from backend.storage.sqlite import SqliteDatabase
from terminal.link import wire
from tests.backend.centre.world import MORNING, Line, World, client_context, make_terminal

REFUSED = (aiohttp.ClientError, ssl.SSLError, ConnectionError)


async def answered(world: World, context: ssl.SSLContext) -> int:
    """The status of a request with this context. Raises one of REFUSED if TLS says no."""
    connector = aiohttp.TCPConnector(ssl=context)
    async with asyncio.timeout(10), aiohttp.ClientSession(connector=connector) as session:
        async with session.get(world.url + "/v1/service") as response:
            return response.status


async def test_R65_a_terminal_of_the_operator_is_let_in(world: World) -> None:
    context = client_context(world.development.terminal())
    assert await answered(world, context) == 200


async def test_R65_no_client_certificate(world: World) -> None:
    context = ssl.create_default_context(cafile=str(world.development.terminal() / "ca.pem"))
    with pytest.raises(REFUSED):
        await answered(world, context)


async def test_R65_a_certificate_of_another_authority(world: World) -> None:
    other = pki.new_operator_authority(Clock().now())
    folder = world.development.directory / "forged"
    folder.mkdir()
    forged = pki.issue_terminal(other, "dev-1", Clock().now())
    (folder / "key.pem").write_bytes(pki.key_pem(forged.key))
    (folder / "certificate.pem").write_bytes(pki.certificate_pem(forged.certificate))
    (folder / "ca.pem").write_bytes((world.development.terminal() / "ca.pem").read_bytes())
    with pytest.raises(REFUSED):
        await answered(world, client_context(folder))


async def test_R65_an_expired_certificate(world: World) -> None:
    backend, folder = world.development.backend, world.development.terminal("old")
    authority = pki.read_issued(backend / "ca.key", backend / "ca.pem")
    past = Clock().now() - timedelta(hours=2)
    issued = pki.issue_terminal(authority, "dev-1", past, timedelta(hours=1))
    folder.mkdir()
    (folder / "key.pem").write_bytes(pki.key_pem(issued.key))
    (folder / "certificate.pem").write_bytes(pki.certificate_pem(issued.certificate))
    (folder / "ca.pem").write_bytes((backend / "ca.pem").read_bytes())
    with pytest.raises(REFUSED):
        await answered(world, client_context(folder))


async def test_R65_the_servers_own_certificate_is_no_terminals(world: World) -> None:
    backend, folder = world.development.backend, world.development.terminal("server")
    folder.mkdir()
    for source, target in (("server.key", "key.pem"), ("server.pem", "certificate.pem")):
        (folder / target).write_bytes((backend / source).read_bytes())
    (folder / "ca.pem").write_bytes((backend / "ca.pem").read_bytes())
    with pytest.raises(REFUSED):
        await answered(world, client_context(folder))


async def test_R65_tls_1_2_is_not_spoken(world: World) -> None:
    context = client_context(world.development.terminal())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(REFUSED):
        await answered(world, context)


async def test_R65_no_session_is_resumed(world: World) -> None:
    """A resumed session is not verified again, so the server gives no ticket for one."""

    def session() -> ssl.SSLSession | None:
        context = client_context(world.development.terminal())
        with (
            socket.create_connection(("127.0.0.1", world.port), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as connection,
        ):
            connection.sendall(b"GET /v1/service HTTP/1.1\r\nHost: centre\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            return connection.session

    held = await asyncio.to_thread(session)
    assert held is None or not held.has_ticket


def test_R65_the_context_is_strict(development: Development) -> None:
    context = server_context(load(development.settings).tls)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    assert len(context.get_ca_certs()) == 1, "the operator's authority, and no other"


async def test_R65_the_terminal_refuses_another_server(world: World) -> None:
    """Both ways: who pins another authority does not talk to this centre."""
    folder = world.development.directory / "elsewhere"
    folder.mkdir()
    other = pki.new_operator_authority(Clock().now())
    own = world.development.terminal()
    (folder / "ca.pem").write_bytes(pki.certificate_pem(other.certificate))
    for name in ("key.pem", "certificate.pem"):
        (folder / name).write_bytes((own / name).read_bytes())
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await answered(world, client_context(folder))


async def test_R11_a_terminal_that_nobody_registered(world: World) -> None:
    make_terminal(world.development, "dev-9")
    async with world.line("dev-9") as line:
        assert (await line.get("/v1/service")).problem() == (401, "terminal.unknown")


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "status"),
    [
        (0, 0, 200),
        (0, None, 200),
        (-9, -1, 401),
        (1, None, 401),
    ],
)
async def test_R12_a_terminal_is_served_on_its_days(
    world: World, valid_from: int, valid_to: int | None, status: int
) -> None:
    today = MORNING.date()
    row = TerminalRow(
        "shop",
        "operator",
        today + timedelta(days=valid_from),
        None if valid_to is None else today + timedelta(days=valid_to),
    )
    world.enrol("shop", row)
    async with world.line("shop") as line:
        assert (await line.get("/v1/service")).status == status


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "code"),
    [(-9, None, None), (-9, 0, None), (-9, -1, "operator_expired"), (1, None, "operator_expired")],
)
async def test_R10_R12_an_operator_that_no_longer_takes_part(
    world: World, valid_from: int, valid_to: int | None, code: str | None
) -> None:
    """R12: from the day after its last one, whatever the terminal's own row says."""
    today = MORNING.date()
    row = TerminalRow("shop", "community", today - timedelta(days=9), None)
    ends = None if valid_to is None else today + timedelta(days=valid_to)
    operator = OperatorRow("community", today + timedelta(days=valid_from), ends)
    world.enrol("shop", row, operator)
    async with world.line("shop") as line:
        reply = await line.get("/v1/service")
    assert (reply.status == 200) if code is None else (reply.problem() == (401, f"terminal.{code}"))


async def test_R10_a_terminal_of_nobody_registered(world: World) -> None:
    world.enrol("shop", TerminalRow("shop", "unheard of", date(2026, 1, 1), None))
    database = SqliteDatabase(world.development.database)
    with database.writing() as tx:
        tx.run("DELETE FROM operators WHERE operator = :operator", operator="unheard of")
    database.close()
    async with world.line("shop") as line:
        assert (await line.get("/v1/service")).problem() == (401, "terminal.operator_unknown")


async def test_R12_a_kept_connection_ends_with_the_day(world: World, line: Line) -> None:
    """The registry is asked on every call, not once a handshake."""
    assert (await line.get("/v1/service")).status == 200
    ends = MORNING.date() - timedelta(days=1)
    database = SqliteDatabase(world.development.database)
    with database.writing() as tx:
        row = registry.find_terminal(tx, "dev-1")
        assert row is not None
        registry.put_terminal(tx, replace(row, valid_to=ends))
    database.close()
    assert (await line.get("/v1/service")).problem() == (401, "terminal.expired")


async def test_a_withdrawn_certificate_is_refused_at_once(world: World, line: Line) -> None:
    assert (await line.get("/v1/service")).status == 200
    path = world.development.terminal() / "certificate.pem"
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    fingerprint = sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    database = SqliteDatabase(world.development.database)
    with database.writing() as tx:
        registry.withdraw(tx, fingerprint, "stolen", MORNING)
    database.close()
    assert (await line.get("/v1/service")).problem() == (401, "terminal.certificate_withdrawn")


def certificate(common_name: str, *uris: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(MORNING)
        .not_valid_after(MORNING + timedelta(days=1))
    )
    if uris:
        names = [x509.UniformResourceIdentifier(uri) for uri in uris]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_a_certificate_names_one_terminal_twice_over() -> None:
    assert named_terminal(certificate("shop", "urn:madoguchi:terminal:shop")) == "shop"
    for strange in (
        certificate("shop"),
        certificate("shop", "urn:madoguchi:terminal:other"),
        certificate("shop", "urn:madoguchi:terminal:shop", "urn:madoguchi:terminal:other"),
        certificate("shop", "https://shop"),
    ):
        with pytest.raises(ProblemError) as caught:
            named_terminal(strange)
        assert caught.value.code is Code.TERMINAL_UNKNOWN


async def test_the_visit_names_the_terminal_of_the_certificate(line: Line) -> None:
    body = wire.OpenVisit(public_key=bytes(range(32)), build="madoguchi/0.1.0")
    path = "/v1/visits/0192d3a4-0000-7000-8000-000000000001"
    opened = (await line.put(path, body)).as_(wire.VisitOpened)
    assert opened.terminal == "dev-1"
