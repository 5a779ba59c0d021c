"""A real IPP server on the loopback: CUPS' ippeveprinter with a simulated mechanism behind it.

The server speaks IPP, spools the job and starts a command for it; the command is a pipe to here,
where the pages are decoded and fed, sheet by sheet, through the same mechanism as the simulated
printer's, and where jams and empty trays are put on the server's lips. While no job runs the server
listens to nobody, so a change is then told by a job of its own, which prints nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Self

from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable, DriverError, PrinterFault
from drivers.printer.eve_server import EveServer, a4_attributes
from drivers.printer.ipp_message import Operation, Status, Tag, attribute
from drivers.printer.ipp_session import IppRefused, IppSession
from drivers.printer.ipp_status import JobState
from drivers.printer.mechanism import PaperPath, Sheet, sheets_of
from drivers.printer.pwg import SYNC, PwgError, read_pages

_TELL_S = 10.0
_LOOK_S = 0.1  # how often a stuck engine looks whether its job was cancelled

_REASONS = {
    PrinterFault.PAPER_JAM: "media-jam-error",
    PrinterFault.COVER_OPEN: "cover-open-error",
    PrinterFault.TONER_OUT: "toner-empty-error",
}


class EvePrinter(PaperPath):
    """An IPP Everywhere printer with A4 in it; ``uri`` is its address once entered.

    Its defects are parameters, so that a driver can be shown a printer it must refuse. With
    ``keep`` each job's file is copied there as ``<job id>.pwg``.
    """

    def __init__(
        self,
        name: str = "virtual printer",
        *,
        dpi: tuple[int, ...] = (300, 600),
        two_sided: bool = True,
        sheet_back: str = "normal",
        raster_types: tuple[str, ...] = ("black_1", "sgray_8"),
        media_ready: str = "iso_a4_210x297mm",
        paper: int = 250,
        seconds_per_sheet: float = 0.0,
        keep: Path | None = None,
    ) -> None:
        super().__init__(paper=paper, seconds_per_sheet=seconds_per_sheet)
        self._name = name
        self._attributes = a4_attributes(
            dpi=dpi,
            two_sided=two_sided,
            sheet_back=sheet_back,
            raster_types=raster_types,
            media_ready=media_ready,
        )
        self._keep = keep
        self._stack = contextlib.AsyncExitStack()
        self._server: EveServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._engines: set[asyncio.Task[object]] = set()
        self._running = 0
        self._change = asyncio.Event()
        self._abort_at: int | None = None

    @property
    def uri(self) -> str:
        return self._entered().uri

    async def __aenter__(self) -> Self:
        """Raises DeviceUnavailable naming the package to install, or what the server said."""
        async with contextlib.AsyncExitStack() as stack:
            place = Path(stack.enter_context(_directory()))
            listener = await asyncio.start_unix_server(self._engine, place / "engine")
            await stack.enter_async_context(listener)
            server = EveServer(self._name, place, self._attributes, _command(place))
            self._server = await stack.enter_async_context(server)
            stack.push_async_callback(self._settle_down)
            self._stack = stack.pop_all()
        if self.faults:
            self._changed()
            await self.settled()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def abort(self, after: int = 0) -> None:
        """The engine gives the running or next job up when ``after`` of its sheets are out."""
        self._abort_at = after

    def kill(self) -> None:
        """Pull the plug: the server is gone at once, and so is what it was printing."""
        self._entered().kill()

    async def settled(self) -> None:
        """Wait until the server has been told everything that was done to the mechanism."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    # --- the engine's side

    async def _engine(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One job, from its file to its exit status."""

        def say(line: str) -> None:
            writer.write(f"{line}\n".encode())

        task = asyncio.current_task()
        assert task is not None
        self._engines.add(task)
        task.add_done_callback(self._engines.discard)
        try:
            job, _, path = (await reader.readline()).decode().rstrip("\n").partition(" ")
            exit_status = await self._work(int(job), Path(path), say)
            say(f"STATE: {self._reasons(idle=True)}")
            say(f"EXIT {exit_status}")
            await writer.drain()
        except ConnectionError:  # the server was killed
            return
        finally:
            writer.close()

    async def _work(self, job_id: int, path: Path, say: Callable[[str], None]) -> int:
        with path.open("rb") as document:
            if document.read(len(SYNC)) != SYNC:
                return 0  # our own word to the server that something changed
            if self._keep is not None:
                await asyncio.to_thread(shutil.copyfile, path, self._keep / f"{job_id}.pwg")
            document.seek(0)
            self._running += 1
            try:
                return await self._print(job_id, sheets_of(read_pages(document)), say)
            except PwgError as error:
                say(f"ERROR: {error}")
                return 1
            finally:
                self._running -= 1

    async def _print(self, job_id: int, sheets: Iterator[Sheet], say: Callable[[str], None]) -> int:
        out = impressions = 0
        while True:
            if self._abort_at == out:
                self._abort_at = None
                say("ERROR: the engine gave up")
                return 1
            sheet = await asyncio.to_thread(next, sheets, None)
            if sheet is None:
                return 0
            while not await self.feed(sheet):
                say(f"STATE: {self._reasons(idle=False)}")
                if await self._cancelled_while_stuck(job_id):
                    return 0
                say(f"STATE: {self._reasons(idle=False)}")
            out += 1
            impressions += 1 if sheet.back is None else 2
            say(f"ATTR: job-impressions-completed={impressions}")
            if await self._is_cancelled(job_id):
                return 0

    async def _cancelled_while_stuck(self, job_id: int) -> bool:
        """Wait for a hand or for the job's end, whichever comes first."""
        while self.faults:
            if await self._is_cancelled(job_id):
                return True
            self._change.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._change.wait()
        return False

    async def _is_cancelled(self, job_id: int) -> bool:
        wanted = attribute("requested-attributes", Tag.KEYWORD, "job-state-reasons")
        about = attribute("job-id", Tag.INTEGER, job_id)
        try:
            answer = await self._entered().session.ask(Operation.GET_JOB_ATTRIBUTES, about, wanted)
        except DriverError:
            return True  # the server is gone, and the job with it
        reasons = answer.group(Tag.JOB_GROUP).strings("job-state-reasons")
        return "processing-to-stop-point" in reasons

    def _reasons(self, *, idle: bool) -> str:
        reasons = [reason for fault, reason in _REASONS.items() if fault in self.faults]
        if PrinterFault.PAPER_OUT in self.faults:
            # With media-empty the server would hold our own telling job back until paper comes.
            reasons += (
                ["media-needed-error"] if idle else ["media-empty-error", "media-needed-error"]
            )
        return ",".join(reasons) or "none"

    def _changed(self) -> None:
        self._change.set()
        if not self._running and self._server is not None:
            task = asyncio.create_task(self._tell())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        """Have the server start the engine for nothing, which then states what is wrong."""

        async def nothing() -> AsyncIterator[bytes]:
            yield b"nothing"

        session = self._entered().session
        with contextlib.suppress(DeviceUnavailable):  # a killed server hears nothing any more
            async with asyncio.timeout(_TELL_S):
                job = await self._free_job(session)
                await session.send(
                    attribute("job-id", Tag.INTEGER, job),
                    attribute("document-format", Tag.MIME_TYPE, "image/pwg-raster"),
                    attribute("last-document", Tag.BOOLEAN, True),
                    document=nothing(),
                    length=len(b"nothing"),
                )
                await self._over(session, job)

    async def _free_job(self, session: IppSession) -> int:
        name = attribute("job-name", Tag.NAME, "mechanism")
        while True:
            try:
                answer = await session.ask(Operation.CREATE_JOB, name)
            except IppRefused as error:
                if error.status != Status.BUSY:
                    raise
                await asyncio.sleep(_LOOK_S)
            else:
                return answer.group(Tag.JOB_GROUP).integer("job-id") or 0

    async def _over(self, session: IppSession, job_id: int) -> None:
        about = attribute("job-id", Tag.INTEGER, job_id)
        while True:
            answer = await session.ask(Operation.GET_JOB_ATTRIBUTES, about)
            if (answer.group(Tag.JOB_GROUP).integer("job-state") or 0) >= JobState.CANCELED:
                return
            await asyncio.sleep(_LOOK_S / 5)

    async def _settle_down(self) -> None:
        left: set[asyncio.Task[object]] = {*self._tasks, *self._engines}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    def _entered(self) -> EveServer:
        if self._server is None:
            raise DeviceUnavailable(self._name, DeviceState.OFFLINE, "enter it first")
        return self._server


def _directory() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is such a place: what is printed here leaves no trace on a disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def _command(place: Path) -> Path:
    """What the server starts for a job; it is given no arguments of ours, so they are inside."""
    command = place / "command"
    engine = Path(__file__).with_name("eve_command.py")
    words = shlex.join([sys.executable, "-IS", str(engine), str(place / "engine")])
    command.write_text(f'#!/bin/sh\nexec {words} "$1"\n')
    command.chmod(0o700)
    return command
