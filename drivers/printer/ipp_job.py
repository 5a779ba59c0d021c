"""One document through one IPP printer: from Create-Job until every sheet is out or none can come.

The printer is watched while it is still being fed: one that stops for paper stops reading as well.
A job that will not complete is cancelled before the caller hears of it, and the answer to "how many
sheets are out" is read after that, when no more can come.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from drivers.errors import (
    DeviceTimeout,
    DeviceUnavailable,
    DriverError,
    HardwareFault,
    PrinterError,
)
from drivers.errors import PrinterFault as Fault
from drivers.printer import (
    PrintCompleted,
    PrinterStatus,
    PrintJob,
    PrintProgress,
    PrintStarted,
    SheetPrinted,
    gravest,
)
from drivers.printer.a4 import A4
from drivers.printer.ipp_message import (
    Attribute,
    Group,
    Operation,
    Resolution,
    Status,
    Tag,
    attribute,
)
from drivers.printer.ipp_session import IppRefused, IppSession
from drivers.printer.ipp_status import (
    JOB_ATTRIBUTES,
    STATUS_ATTRIBUTES,
    JobReport,
    JobState,
    job_report,
    printer_status,
)

logger = logging.getLogger(__name__)

_CHUNK = 65_536
_NO_ANSWER = (DeviceUnavailable, DeviceTimeout)

Failure = tuple[Fault, str]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. ``fault_grace`` 0 gives a set up at the first fault; ``stall`` covers warming up."""

    poll: float = 0.25
    fault_grace: float = 0.0
    offline_grace: float = 10.0
    stall: float = 120.0
    cancel: float = 10.0


async def read_status(session: IppSession) -> PrinterStatus:
    wanted = attribute("requested-attributes", Tag.KEYWORD, *STATUS_ATTRIBUTES)
    answer = await session.ask(Operation.GET_PRINTER_ATTRIBUTES, wanted)
    return printer_status(answer.group(Tag.PRINTER_GROUP))


async def cancel_all(session: IppSession) -> int:
    """Cancel every job the printer has not finished; returns how many there were."""
    wanted = attribute("requested-attributes", Tag.KEYWORD, "job-id", "job-state")
    which = attribute("which-jobs", Tag.KEYWORD, "not-completed")
    answer = await session.ask(Operation.GET_JOBS, which, wanted)
    ids = [group.integer("job-id") for group in answer.each(Tag.JOB_GROUP)]
    waiting = [job_id for job_id in ids if job_id is not None]
    for job_id in waiting:
        await cancel_job(session, job_id)
    return len(waiting)


async def empty_queue(session: IppSession, poll_s: float) -> PrinterStatus:
    """The first status without a job in it; the caller limits the time."""
    while True:
        status = await read_status(session)
        if not status.jobs_queued:
            return status
        await asyncio.sleep(poll_s)


async def cancel_job(session: IppSession, job_id: int) -> None:
    try:
        await session.ask(Operation.CANCEL_JOB, attribute("job-id", Tag.INTEGER, job_id))
    except IppRefused as error:
        if error.status not in (Status.NOT_POSSIBLE, Status.NOT_FOUND):  # over already
            raise


class IppJob:
    """Used once. ``capabilities`` are the printer's own FORMAT_ATTRIBUTES."""

    def __init__(
        self,
        device: str,
        session: IppSession,
        job: PrintJob,
        capabilities: Group,
        patience: Patience,
        report: Callable[[PrintProgress], None],
    ) -> None:
        self._device = device
        self._session = session
        self._job = job
        self._capabilities = capabilities
        self._patience = patience
        self._report = report
        self._id = 0
        self._sending: asyncio.Task[None] | None = None
        self._bytes_sent = 0
        self._sheets = 0
        self._fault_since: float | None = None

    async def run(self) -> None:
        """Report progress up to PrintCompleted. Raises PrinterError with nothing left queued."""
        await self._begin()
        self._sending = asyncio.create_task(self._send())
        try:
            failure = await self._watch(self._sending)
            last = await self._abandon() if failure else None
        except BaseException:  # the job went wrong, or the caller gave up: so must the printer
            await self._abandon()
            raise
        finally:
            await self._stop_sending()
        if last is not None:
            self._progress(last)
        if failure and (last is None or last.state is not JobState.COMPLETED):
            fault, detail = failure
            raise PrinterError(fault, None if last is None else last.sheets, detail)
        await self._complete()

    async def _begin(self) -> None:
        if os.fstat(self._job.fd).st_size < self._job.length:
            raise PrinterError(Fault.OTHER, 0, "the document is shorter than announced")
        try:
            await self._require_idle()
            self._id = await self._created()
        except _NO_ANSWER as error:
            raise PrinterError(Fault.OFFLINE, 0, str(error)) from error
        except HardwareFault as error:
            busy = isinstance(error, IppRefused) and error.status == Status.BUSY
            raise PrinterError(Fault.BUSY if busy else Fault.OTHER, 0, str(error)) from error

    async def _require_idle(self) -> None:
        """I-12: nobody's job before ours, and none for a printer that cannot print it."""
        status = await read_status(self._session)
        if status.faults:
            raise PrinterError(gravest(status.faults), 0)
        if status.jobs_queued:
            raise PrinterError(Fault.BUSY, 0, f"{status.jobs_queued} job(s) before ours")

    async def _created(self) -> int:
        """The job's number. Where none was heard, a job may have been made all the same: none is left."""
        try:
            return await self._create()
        except IppRefused:
            raise
        except BaseException:
            try:
                async with asyncio.timeout(self._patience.cancel):
                    await cancel_all(self._session)
            except (DriverError, TimeoutError) as error:
                logger.warning("%s: an empty job may be left there: %s", self._device, error)
            raise

    async def _create(self) -> int:
        name = attribute("job-name", Tag.NAME, self._job.name)
        answer = await self._session.ask(Operation.CREATE_JOB, name, template=self._template())
        job_id = answer.group(Tag.JOB_GROUP).integer("job-id")
        if job_id is None:
            raise HardwareFault(self._device, "created a job without a number")
        return job_id

    def _template(self) -> tuple[Attribute, ...]:
        """R29: plain A4 as it is. R26: no finishings are ever asked for."""
        page = self._job.page
        sides = "two-sided-long-edge" if page.duplex else "one-sided"
        resolution = Resolution(page.dpi, page.dpi)
        wanted = [
            attribute("media", Tag.KEYWORD, A4),
            attribute("sides", Tag.KEYWORD, sides),
            attribute("print-scaling", Tag.KEYWORD, "none"),
            attribute("print-color-mode", Tag.KEYWORD, "monochrome"),
        ]
        # Some offer a resolution for raster only: asking for it as a job attribute is then refused.
        if resolution in self._capabilities.resolutions("printer-resolution-supported"):
            wanted.append(attribute("printer-resolution", Tag.RESOLUTION, resolution))
        return tuple(wanted)

    async def _send(self) -> None:
        await self._session.send(
            attribute("job-id", Tag.INTEGER, self._id),
            attribute("document-format", Tag.MIME_TYPE, "image/pwg-raster"),
            attribute("last-document", Tag.BOOLEAN, True),
            document=self._chunks(),
            length=self._job.length,
        )

    async def _chunks(self) -> AsyncIterator[bytes]:
        while self._bytes_sent < self._job.length:
            size = min(_CHUNK, self._job.length - self._bytes_sent)
            chunk = os.pread(self._job.fd, size, self._bytes_sent)
            yield chunk
            if self._bytes_sent == 0:
                self._report(PrintStarted())
            self._bytes_sent += len(chunk)

    async def _watch(self, sending: asyncio.Task[None]) -> Failure | None:
        """None once completed, or why to give up. Raises PrinterError when the printer ended it."""
        clock = asyncio.get_running_loop().time
        answered = moved = clock()
        mark = (0, 0)
        while True:
            was_sent = sending.done()
            try:
                job, status = await self._poll()
            except _NO_ANSWER as error:
                if clock() - answered >= self._patience.offline_grace:
                    return Fault.OFFLINE, str(error)
            else:
                answered = clock()
                self._progress(job)
                if job.state.over:
                    self._require_success(job, status)
                    return None
                if failure := self._fault(job, status, answered) or _send_failure(
                    sending, was_sent
                ):
                    return failure
            if mark != (mark := (self._bytes_sent, self._sheets)):
                moved = clock()
            elif clock() - moved >= self._patience.stall:
                return Fault.OTHER, f"nothing happened for {self._patience.stall:g} s"
            await asyncio.sleep(self._patience.poll)

    async def _poll(self) -> tuple[JobReport, PrinterStatus]:
        return await self._poll_job(), await read_status(self._session)

    async def _poll_job(self) -> JobReport:
        wanted = attribute("requested-attributes", Tag.KEYWORD, *JOB_ATTRIBUTES)
        about = attribute("job-id", Tag.INTEGER, self._id)
        answer = await self._session.ask(Operation.GET_JOB_ATTRIBUTES, about, wanted)
        return job_report(
            answer.group(Tag.JOB_GROUP), duplex=self._job.page.duplex, sheets=self._job.sheets
        )

    def _require_success(self, job: JobReport, status: PrinterStatus) -> None:
        if job.state is not JobState.COMPLETED:
            fault = gravest(status.faults) if status.faults else Fault.ABORTED
            raise PrinterError(fault, job.sheets, job.message)
        if job.sheets and job.sheets < self._job.sheets:
            said = f"called the job complete after {job.sheets} of {self._job.sheets} sheets"
            raise PrinterError(Fault.ABORTED, job.sheets, said)

    def _fault(self, job: JobReport, status: PrinterStatus, now: float) -> Failure | None:
        faults = status.faults
        if not faults and job.state is JobState.STOPPED:
            faults = frozenset({Fault.STOPPED})
        # A tray that ran empty with our last sheet is the next visit's trouble.
        if not faults or job.sheets == self._job.sheets:
            self._fault_since = None
            return None
        if self._fault_since is None:
            self._fault_since = now
        if now - self._fault_since < self._patience.fault_grace:
            return None
        return gravest(faults), ""

    def _progress(self, job: JobReport) -> None:
        while self._bytes_sent and self._sheets < (job.sheets or 0):
            self._sheets += 1
            self._report(SheetPrinted(self._sheets))

    async def _abandon(self) -> JobReport | None:
        """Cancel, and wait until no more can come; None when even that cannot be known."""
        try:
            async with asyncio.timeout(self._patience.cancel):
                await cancel_job(self._session, self._id)
                await self._stop_sending()  # only now: a cut document could be printed as it is
                return await self._over()
        except (DriverError, TimeoutError) as error:
            logger.warning("%s: job %d may still be there: %s", self._device, self._id, error)
            return None

    async def _over(self) -> JobReport:
        """Cancel until it stays cancelled: CUPS' own server forgets it of a job about to start."""
        seen = 0
        while True:
            await cancel_job(self._session, self._id)
            job = await self._poll_job()
            queued = await cancel_all(self._session)
            seen = seen + 1 if job.state.over and not queued else 0
            if seen == 2:
                return job
            await asyncio.sleep(self._patience.poll)

    async def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
            if not self._sending.cancelled():
                self._sending.exception()  # told in _watch, or no longer of interest

    async def _complete(self) -> None:
        """Every sheet is out; I-12: the queue must be empty after us as well."""
        out = self._job.sheets
        self._progress(JobReport(JobState.COMPLETED, out, ""))
        try:
            async with asyncio.timeout(self._patience.cancel):
                status = await empty_queue(self._session, self._patience.poll)
        except DriverError as error:
            raise PrinterError(Fault.OFFLINE, out, str(error)) from error
        except TimeoutError as error:
            raise PrinterError(Fault.BUSY, out, "another job is queued behind ours") from error
        self._report(PrintCompleted(status.impressions))


def _send_failure(sending: asyncio.Task[None], was_sent: bool) -> Failure | None:
    """An upload that broke, once the printer has been asked about the job after that."""
    if not was_sent or sending.cancelled() or (error := sending.exception()) is None:
        return None
    return (Fault.OFFLINE if isinstance(error, _NO_ANSWER) else Fault.OTHER), str(error)
