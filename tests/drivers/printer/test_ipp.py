"""The IPP driver against servers that misbehave: CUPS' own, killed or stuck, and one made here."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceTimeout, DeviceUnavailable, HardwareFault, PrinterError
from drivers.errors import PrinterFault as Fault
from drivers.printer import PrintCompleted, PrintProgress, PrintStarted, SheetPrinted
from drivers.printer.a4 import a4
from drivers.printer.ipp import IppPrinter
from drivers.printer.ipp_codec import encode, parse
from drivers.printer.ipp_job import Patience
from drivers.printer.ipp_message import (
    Attribute,
    Group,
    Message,
    Operation,
    Resolution,
    Status,
    Tag,
    attribute,
)
from drivers.printer.ipp_session import IppSession, pinned_context
from drivers.printer.ippeveprinter import EvePrinter
from tests.drivers.pins import until
from tests.drivers.printer.documents import SMALL, memory, next_event, print_job, printed, raster
from tests.drivers.printer.test_contract import MISSING

QUICK = Patience(poll=0.02, offline_grace=0.2, stall=1.0, cancel=1.0)

needs_server = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def ipp(uri: str, patience: Patience = QUICK, **more: bool | float) -> IppPrinter:
    limits = {"request_timeout_s": 1.0, "idle_poll_s": 60.0, **more}
    return IppPrinter("a4", uri, patience=patience, **limits)  # type: ignore[arg-type]


# --- CUPS' ippeveprinter


@needs_server
class TestEve:
    async def test_a_printer_killed_half_way_leaves_the_sheets_unknown(self) -> None:
        async with EvePrinter(seconds_per_sheet=0.1) as eve, ipp(eve.uri) as printer:
            told: list[object] = []

            async def listen() -> None:
                with print_job(5) as job:
                    async for step in printer.print_document(job):
                        told.append(step)
                        if isinstance(step, SheetPrinted):
                            eve.kill()

            with pytest.raises(PrinterError) as caught:
                await listen()
            assert (caught.value.fault, caught.value.sheets_out) == (Fault.OFFLINE, None)
            assert told[:2] == [PrintStarted(), SheetPrinted(1)]
            with pytest.raises(DeviceUnavailable, match="check power, cable and address"):
                await printer.status()
            assert printer.state is DeviceState.OFFLINE

    @pytest.mark.parametrize("out", [0, 2])
    async def test_an_engine_that_gives_up_aborts_the_job(self, out: int) -> None:
        async with EvePrinter() as eve, ipp(eve.uri) as printer:
            eve.abort(after=out)
            with print_job(3) as job, pytest.raises(PrinterError, match="gave up") as caught:
                await printed(printer, job)
            assert (caught.value.fault, caught.value.sheets_out) == (Fault.ABORTED, out)
            assert (await printer.status()).ready

    async def test_with_grace_a_fault_mended_in_time_is_no_failure(self) -> None:
        patience = Patience(poll=0.02, fault_grace=30.0)
        async with EvePrinter() as eve, ipp(eve.uri, patience) as printer:
            eve.jam(after=1)

            async def mend() -> None:
                await until(lambda: bool(eve.faults))
                await asyncio.sleep(0.1)
                eve.clear_jam()

            with print_job(3) as job:
                async with asyncio.TaskGroup() as group:
                    group.create_task(mend())
                    progress = group.create_task(printed(printer, job))
            assert isinstance(progress.result()[-1], PrintCompleted)
            assert len(eve.sheets) == 3

    async def test_I12_somebody_elses_job_is_found_and_purged(self) -> None:
        async with EvePrinter() as eve, ipp(eve.uri) as printer:
            async with IppSession("other", eve.uri, None, 5.0) as other:
                await other.ask(Operation.CREATE_JOB)
            status = await printer.status()
            assert status.jobs_queued == 1
            assert not status.ready
            with print_job(1) as job, pytest.raises(PrinterError) as caught:
                await printed(printer, job)
            assert (caught.value.fault, caught.value.sheets_out) == (Fault.BUSY, 0)
            assert await printer.purge() == 1
            assert (await printer.status()).ready

    async def test_a_full_a4_set_is_streamed(self) -> None:
        page = a4(600)
        async with EvePrinter() as eve, ipp(eve.uri) as printer:
            with print_job(2, page) as job:
                assert job.length > 4 * 65_536
                progress = await printed(printer, job)
            assert progress == [
                PrintStarted(), SheetPrinted(1), SheetPrinted(2), PrintCompleted(None),
            ]  # fmt: skip

    @pytest.mark.parametrize(
        ("made", "says"),
        [
            (lambda: EvePrinter(raster_types=("sgray_8",)), "black_1 is needed"),
            (lambda: EvePrinter(two_sided=False), "two-sided-long-edge is needed"),
        ],
    )
    async def test_a_printer_that_cannot_is_refused(
        self, made: Callable[[], EvePrinter], says: str
    ) -> None:
        async with made() as eve, ipp(eve.uri, duplex=True) as printer:
            with pytest.raises(HardwareFault, match=says):
                await printer.page_format()

    async def test_the_back_is_asked_for_as_the_printer_wants_it(self) -> None:
        async with EvePrinter(sheet_back="rotated", dpi=(300,)) as eve:
            async with ipp(eve.uri, duplex=True) as printer:
                assert await printer.page_format() == a4(300, duplex=True, sheet_back="rotated")

    async def test_R29_letter_in_the_tray_blocks_before_anything_is_sent(self) -> None:
        async with EvePrinter(media_ready="na_letter_8.5x11in") as eve, ipp(eve.uri) as printer:
            assert (await printer.status()).faults == {Fault.WRONG_PAPER}
            with print_job(1) as job, pytest.raises(PrinterError) as caught:
                await printed(printer, job)
            assert (caught.value.fault, caught.value.sheets_out) == (Fault.WRONG_PAPER, 0)

    async def test_a_printer_that_begins_in_trouble_says_so(self) -> None:
        async with EvePrinter(paper=0) as eve, ipp(eve.uri) as printer:
            assert (await printer.status()).faults == {Fault.PAPER_OUT}
            eve.load_paper()
            await eve.settled()
            assert (await printer.status()).ready


def test_a_missing_server_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.printer.eve_server._PROGRAMS", "/nowhere")

    async def enter() -> None:
        async with EvePrinter():
            pass

    with pytest.raises(DeviceUnavailable, match="apt install dbus-daemon"):
        asyncio.run(enter())


# --- a server made here, that answers what it is told to


@dataclass
class Server:
    """Minimal IPP: keeps what it was asked, and tells of a job what ``jobs`` says, in turn."""

    requests: list[Message] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    jobs: list[tuple[Attribute, ...]] = field(default_factory=list)
    jobs_after_cancel: list[tuple[Attribute, ...]] = field(default_factory=list)
    printer: list[Attribute] = field(default_factory=list)
    status: dict[int, int] = field(default_factory=dict)
    swallow: Callable[[web.Request], Awaitable[None]] | None = None
    http_status: int = 200
    http_headers: dict[str, str] = field(default_factory=dict)
    silent_about: int | None = None  # an operation that is obeyed and never answered
    noise: bytes | None = None

    async def answer(self, request: web.Request) -> web.Response:
        if self.swallow is not None and request.content_length and request.content_length > 5000:
            await self.swallow(request)
        asked, end = parse(body := await request.read())
        self.requests.append(asked)
        if asked.code == Operation.SEND_DOCUMENT:
            self.documents.append(body[end:])
        if asked.code == Operation.CANCEL_JOB and self.jobs_after_cancel:
            self.jobs, self.jobs_after_cancel = self.jobs_after_cancel, []
        if self.noise is not None:
            headers = self.http_headers
            return web.Response(body=self.noise, status=self.http_status, headers=headers)
        if asked.code == self.silent_about:
            await asyncio.sleep(60)
        groups = (Group(Tag.OPERATION_GROUP, ()), *self._groups(asked.code))
        code = self.status.get(asked.code, Status.OK)
        data = encode(Message(code, asked.request_id, groups))
        return web.Response(body=data, status=self.http_status)

    def _groups(self, operation: int) -> tuple[Group, ...]:
        job_id = attribute("job-id", Tag.INTEGER, 7)
        match operation:
            case Operation.CREATE_JOB:
                return (Group(Tag.JOB_GROUP, (job_id,)),)
            case Operation.GET_JOBS if self.silent_about == Operation.CREATE_JOB:
                return (Group(Tag.JOB_GROUP, (job_id,)),)
            case Operation.GET_JOB_ATTRIBUTES:
                told = self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0]
                return (Group(Tag.JOB_GROUP, told),)
            case Operation.GET_PRINTER_ATTRIBUTES:
                idle = attribute("printer-state-reasons", Tag.KEYWORD, "none")
                return (Group(Tag.PRINTER_GROUP, tuple(self.printer or [idle])),)
            case _:
                return ()

    def asked(self, operation: Operation) -> list[Message]:
        return [message for message in self.requests if message.code == operation]


def told(state: int, impressions: int | None = None) -> tuple[Attribute, ...]:
    attributes = [attribute("job-state", Tag.ENUM, state)]
    if impressions is not None:
        attributes.append(attribute("job-impressions-completed", Tag.INTEGER, impressions))
    return tuple(attributes)


@asynccontextmanager
async def serving(server: Server, tls: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/ipp/print", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"{'ipps' if tls else 'ipp'}://{host}:{port}/ipp/print"
    finally:
        await runner.cleanup()


async def test_R26_R29_a_job_asks_for_plain_a4_as_it_is_and_no_finishing() -> None:
    server = Server(jobs=[told(9, 2)])
    server.printer = [
        attribute("printer-state-reasons", Tag.KEYWORD, "none"),
        attribute("printer-resolution-supported", Tag.RESOLUTION, Resolution(300, 300)),
    ]
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(2, name="order-1") as job:
            assert [type(step) for step in await printed(printer, job)][-1] is PrintCompleted
    (created,) = server.asked(Operation.CREATE_JOB)
    template = created.group(Tag.JOB_GROUP)
    assert template.strings("media") == ("iso_a4_210x297mm",)
    assert template.strings("sides") == ("one-sided",)
    assert template.strings("print-scaling") == ("none",)
    assert template.resolutions("printer-resolution") == (Resolution(300, 300),)
    assert not [a.name for a in template.attributes if "finish" in a.name or "media-col" in a.name]
    operation = created.group(Tag.OPERATION_GROUP)
    assert [a.name for a in operation.attributes[:3]] == [
        "attributes-charset", "attributes-natural-language", "printer-uri",
    ]  # fmt: skip
    assert operation.strings("job-name") == ("order-1",)
    (sent,) = server.asked(Operation.SEND_DOCUMENT)
    document = sent.group(Tag.OPERATION_GROUP)
    assert document.strings("document-format") == ("image/pwg-raster",)
    assert document.boolean("last-document") is True
    assert [a.name for a in document.attributes[2:4]] == ["printer-uri", "job-id"]
    assert server.documents == [raster(2, SMALL)]


async def test_a_two_sided_document_is_asked_for_as_one() -> None:
    server = Server(jobs=[told(9, 3)])
    page = a4(300, duplex=True)
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(3, page) as job:
            progress = await printed(printer, job)
    assert progress[1:-1] == [SheetPrinted(1), SheetPrinted(2)]
    (created,) = server.asked(Operation.CREATE_JOB)
    assert created.group(Tag.JOB_GROUP).strings("sides") == ("two-sided-long-edge",)
    # Not offered as a job attribute, so not asked for.
    assert not created.group(Tag.JOB_GROUP).resolutions("printer-resolution")


async def test_a_printer_that_counts_short_has_not_printed_the_set() -> None:
    server = Server(jobs=[told(5, 1), told(9, 1)])
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(2) as job, pytest.raises(PrinterError, match="after 1 of 2") as caught:
            await printed(printer, job)
    assert caught.value.sheets_out == 1


async def test_a_printer_that_does_not_count_is_believed_when_it_completes() -> None:
    server = Server(jobs=[told(5), told(9)])
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(2) as job:
            progress = await printed(printer, job)
    assert progress[1:] == [SheetPrinted(1), SheetPrinted(2), PrintCompleted(None)]


async def test_I7_a_job_where_nothing_moves_is_given_up() -> None:
    server = Server(jobs=[told(5, 0)])
    patience = Patience(poll=0.02, stall=0.2, cancel=0.2)
    async with serving(server) as uri, ipp(uri, patience) as printer:
        with print_job(1) as job, pytest.raises(PrinterError, match="nothing happened") as caught:
            await printed(printer, job)
    # It was told to cancel and never said that it had: more may still come.
    assert caught.value.sheets_out is None
    assert server.asked(Operation.CANCEL_JOB)


async def test_a_job_that_completes_while_being_cancelled_is_complete() -> None:
    """A tray that ran empty with the last sheet on its way must not void a good set."""
    server = Server(jobs=[told(5, 1)], jobs_after_cancel=[told(9, 2)])
    fault = attribute("printer-state-reasons", Tag.KEYWORD, "media-empty-error")
    progress: list[PrintProgress] = []
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(2) as job:
            async for step in printer.print_document(job):
                progress.append(step)
                if step == PrintStarted():
                    server.printer = [fault]
    assert server.asked(Operation.CANCEL_JOB)
    assert progress[1:] == [SheetPrinted(1), SheetPrinted(2), PrintCompleted(None)]


async def test_a_printer_that_stops_reading_is_still_watched() -> None:
    """Out of paper, a small printer leaves the upload standing: the fault is what ends it."""
    stuck = asyncio.Event()

    async def swallow(request: web.Request) -> None:
        await request.content.read(70_000)
        server.printer = [attribute("printer-state-reasons", Tag.KEYWORD, "media-empty")]
        await stuck.wait()

    server = Server(jobs=[told(5, 0)], swallow=swallow)
    data = raster(2, a4(600))

    async def print_big() -> None:
        with memory(data * 8) as fd, print_job(2) as job:
            await printed(printer, type(job)(job.name, fd, len(data) * 8, 2, job.page))

    async with serving(server) as uri, ipp(uri) as printer:
        with pytest.raises(PrinterError) as caught:
            await print_big()
        stuck.set()
    assert caught.value.fault is Fault.PAPER_OUT
    assert server.asked(Operation.CANCEL_JOB)


async def test_I12_a_job_that_rises_again_is_cancelled_again() -> None:
    """CUPS' server answers a cancel between receiving and starting a job, and starts it all the same."""
    server = Server(
        jobs=[told(5, 0)],
        jobs_after_cancel=[told(7, 0), told(5, 0), told(7, 1)],
        printer=[attribute("printer-state-reasons", Tag.KEYWORD, "none")],
    )
    jam = attribute("printer-state-reasons", Tag.KEYWORD, "media-jam")

    async def listen() -> None:
        with print_job(2) as job:
            async for step in printer.print_document(job):
                if step == PrintStarted():
                    server.printer = [jam]

    async with serving(server) as uri, ipp(uri) as printer:
        with pytest.raises(PrinterError) as caught:
            await listen()
    assert (caught.value.fault, caught.value.sheets_out) == (Fault.PAPER_JAM, 1)
    assert len(server.asked(Operation.CANCEL_JOB)) > 3


async def test_a_printer_that_hangs_does_not_hold_up_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        uri = f"ipp://127.0.0.1:{deaf.getsockname()[1]}/ipp/print"
        async with asyncio.timeout(8), ipp(uri, request_timeout_s=30.0) as printer:
            assert printer.state is DeviceState.OFFLINE


@pytest.mark.parametrize(
    ("refused", "fault"),
    [
        ({Operation.CREATE_JOB: Status.BUSY}, Fault.BUSY),
        ({Operation.CREATE_JOB: Status.ATTRIBUTES_NOT_SUPPORTED}, Fault.OTHER),
    ],
)
async def test_a_refused_job_has_no_sheets_out(refused: dict[int, int], fault: Fault) -> None:
    server = Server(jobs=[told(5)], status=refused)
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(1) as job, pytest.raises(PrinterError) as caught:
            await printed(printer, job)
    assert (caught.value.fault, caught.value.sheets_out) == (fault, 0)


async def test_I12_a_job_made_without_our_hearing_of_it_is_not_left_there() -> None:
    server = Server(jobs=[told(4)], silent_about=Operation.CREATE_JOB)
    async with serving(server) as uri, ipp(uri, request_timeout_s=0.2) as printer:
        with print_job(1) as job, pytest.raises(PrinterError) as caught:
            await printed(printer, job)
    assert (caught.value.fault, caught.value.sheets_out) == (Fault.OFFLINE, 0)
    assert not server.documents
    last = [message.code for message in server.requests][-3:]
    assert last == [Operation.CREATE_JOB, Operation.GET_JOBS, Operation.CANCEL_JOB]


async def test_pages_follow_no_redirect() -> None:
    elsewhere = Server()
    async with serving(elsewhere) as there:
        target = there.replace("ipp://", "http://")
        moved = Server(http_status=307, http_headers={"Location": target}, noise=b"")
        async with serving(moved) as uri, ipp(uri) as printer:
            with pytest.raises(HardwareFault, match="HTTP 307"):
                await printer.status()
    assert not elsewhere.requests


async def test_a_refused_document_is_cancelled() -> None:
    refused: dict[int, int] = {Operation.SEND_DOCUMENT: Status.FORMAT_NOT_SUPPORTED}
    server = Server(jobs=[told(4), told(4), told(7, 0)], status=refused)
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(1) as job, pytest.raises(PrinterError) as caught:
            await printed(printer, job)
    assert caught.value.sheets_out == 0


async def test_I12_a_job_behind_ours_is_told_with_our_sheets_out() -> None:
    server = Server(jobs=[told(9, 1)])
    queued = [attribute("queued-job-count", Tag.INTEGER, 1)]
    patience = Patience(poll=0.02, cancel=0.1)
    async with serving(server) as uri, ipp(uri, patience) as printer:

        async def listen() -> None:
            with print_job(1) as job:
                async for step in printer.print_document(job):
                    if step == PrintStarted():
                        server.printer = queued

        with pytest.raises(PrinterError) as caught:
            await listen()
    assert (caught.value.fault, caught.value.sheets_out) == (Fault.BUSY, 1)


async def test_a_document_shorter_than_announced_is_not_sent() -> None:
    server = Server(jobs=[told(5)])
    async with serving(server) as uri, ipp(uri) as printer:
        with print_job(1) as job, pytest.raises(PrinterError, match="shorter"):
            await printed(printer, type(job)(job.name, job.fd, job.length + 1, 1, SMALL))
    assert not server.asked(Operation.CREATE_JOB)


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (Server(noise=b"<html>"), "unreadable answer"),
        (Server(noise=b""), "unreadable answer"),
        (Server(noise=b"", http_status=426), "HTTP 426"),
        (Server(status={Operation.GET_PRINTER_ATTRIBUTES: 0x0502}), "0x0502"),
    ],
)
async def test_an_answer_that_is_none_is_a_hardware_fault(server: Server, says: str) -> None:
    async with serving(server) as uri, ipp(uri) as printer:
        with pytest.raises(HardwareFault, match=says):
            await printer.status()


async def test_a_printer_that_does_not_answer_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # connected by the kernel, read by nobody
        uri = f"ipp://127.0.0.1:{deaf.getsockname()[1]}/ipp/print"
        async with ipp(uri, request_timeout_s=0.1) as printer:
            with pytest.raises(DeviceTimeout):
                await printer.status()


async def test_a_printer_that_comes_back_is_online_again() -> None:
    server = Server()
    async with serving(server) as uri:
        server.http_status = 503
        printer = IppPrinter("a4", uri, idle_poll_s=0.02)
        async with printer:
            assert printer.state is DeviceState.OFFLINE
            server.http_status = 200
            assert await next_event(printer, StateChanged) == StateChanged(DeviceState.ONLINE)


async def test_over_tls_only_the_given_authority_counts() -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(there)

    def trusting(ca: trustme.CA) -> ssl.SSLContext:
        here = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ca.configure_trust(here)
        return here

    async with serving(Server(jobs=[told(9, 1)]), there) as uri:
        async with IppPrinter("a4", uri, ssl_context=trusting(authority)) as printer:
            assert (await printer.status()).ready
        async with IppPrinter("a4", uri, ssl_context=trusting(stranger)) as printer:
            with pytest.raises(DeviceUnavailable, match="certificate"):
                await printer.status()


def own_certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """As a printer makes one for itself: signed by itself, for a name that nobody calls it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(path, key_path)
    return path, there


async def test_R65_a_printer_in_the_network_is_the_one_whose_certificate_is_pinned(
    tmp_path: Path,
) -> None:
    path, there = own_certificate(tmp_path, "PRN0042")
    other, _ = own_certificate(tmp_path, "PRN0043")
    async with serving(Server(jobs=[told(9, 1)]), there) as uri:
        async with IppPrinter("a4", uri, ssl_context=pinned_context(path)) as printer:
            assert (await printer.status()).ready
        async with IppPrinter("a4", uri, ssl_context=pinned_context(other)) as printer:
            with pytest.raises(DeviceUnavailable, match="certificate"):
                await printer.status()


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_file_without_a_certificate_pins_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "printer.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path}: no certificate"):
        pinned_context(path)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("ipps://printer/ipp/print", "certificate to trust"),
        ("https://printer/ipp/print", "certificate to trust"),
        ("lpd://printer", "no printer URI"),
        ("printer.local", "no printer URI"),
        ("ipp:///ipp/print", "no printer URI"),
    ],
)
def test_a_uri_that_cannot_work_is_refused_at_once(uri: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        IppPrinter("a4", uri)
