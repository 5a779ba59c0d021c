"""An A4 printer over IPP Everywhere: on the network, or on USB through ipp-usb. No cupsd needed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from ssl import SSLContext

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceTimeout, DriverError, PrinterError, PrinterFault
from drivers.printer import (
    DocumentPrinter,
    PageFormat,
    PrintCompleted,
    PrinterNotReady,
    PrinterReady,
    PrinterStatus,
    PrintJob,
    PrintProgress,
)
from drivers.printer.ipp_job import IppJob, Patience, cancel_all, empty_queue, read_status
from drivers.printer.ipp_message import Group, Operation, Tag, attribute
from drivers.printer.ipp_session import IppSession
from drivers.printer.ipp_status import FORMAT_ATTRIBUTES, page_format

logger = logging.getLogger(__name__)

_FIRST_LOOK_S = 1.0  # the terminal must not start late because a printer is switched off
_RECONNECT_MAX_S = 60.0  # a printer that was switched off is back in service a minute later


class IppPrinter(DocumentPrinter):
    """``uri`` as in IppSession; ``duplex`` is the terminal's wish, refused if the printer cannot."""

    def __init__(
        self,
        name: str,
        uri: str,
        *,
        ssl_context: SSLContext | None = None,
        duplex: bool = False,
        request_timeout_s: float = 10.0,
        idle_poll_s: float = 5.0,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(name)
        self._duplex = duplex
        self._idle_poll_s = idle_poll_s
        self._patience = patience or Patience()
        self._session = IppSession(name, uri, ssl_context, request_timeout_s)
        self._printing = asyncio.Lock()
        self._faults: frozenset[PrinterFault] = frozenset()
        self._watcher: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """A printer that is not there yet is no error: it is OFFLINE and will be looked for."""
        await self._stack.enter_async_context(self._session)
        self._watcher = asyncio.create_task(self._watch(), name=f"{self.name} status")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK_S):
                await self._looked.wait()

    async def close(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
        await self._stack.aclose()
        self.publish(StateChanged(DeviceState.OFFLINE))

    async def status(self) -> PrinterStatus:
        try:
            status = await read_status(self._session)
        except DriverError as error:
            self.publish(StateChanged(DeviceState.OFFLINE, str(error)))
            raise
        self._notice(status)
        return status

    async def page_format(self) -> PageFormat:
        return page_format(self.name, await self._capabilities(), duplex=self._duplex)

    async def print_document(self, job: PrintJob) -> AsyncGenerator[PrintProgress, None]:
        if self._printing.locked():
            raise PrinterError(PrinterFault.BUSY, 0, "this terminal is printing already")
        async with self._printing:
            capabilities = await self._ready_to_print()
            progress: asyncio.Queue[PrintProgress | None] = asyncio.Queue()
            work = IppJob(
                self.name, self._session, job, capabilities, self._patience, progress.put_nowait
            )
            running = asyncio.create_task(work.run(), name=f"{self.name} job")
            running.add_done_callback(lambda _: progress.put_nowait(None))
            try:
                while (step := await progress.get()) is not None:
                    yield step
                    if isinstance(step, PrintCompleted):
                        break
                await running
            finally:
                # Left early: the job's own clean-up cancels it at the printer.
                running.cancel()
                await asyncio.wait({running})

    async def purge(self) -> int:
        limit = self._patience.cancel
        try:
            async with asyncio.timeout(limit):
                cancelled = await cancel_all(self._session)
                if cancelled:
                    await empty_queue(self._session, self._patience.poll)
        except TimeoutError as error:
            raise DeviceTimeout(self.name, "cancelling its jobs", limit) from error
        return cancelled

    async def _capabilities(self) -> Group:
        wanted = attribute("requested-attributes", Tag.KEYWORD, *FORMAT_ATTRIBUTES)
        answer = await self._session.ask(Operation.GET_PRINTER_ATTRIBUTES, wanted)
        return answer.group(Tag.PRINTER_GROUP)

    async def _ready_to_print(self) -> Group:
        try:
            return await self._capabilities()
        except DriverError as error:
            raise PrinterError(PrinterFault.OFFLINE, 0, str(error)) from error

    async def _watch(self) -> None:
        """Keep asking, so that a fault is known before a person needs the printer."""
        wait = self._idle_poll_s
        while True:
            present = await self._look()
            self._looked.set()
            wait = self._idle_poll_s if present else min(wait * 2, _RECONNECT_MAX_S)
            await asyncio.sleep(wait)

    async def _look(self) -> bool:
        try:
            await self.status()
        except DriverError as error:
            logger.debug("%s", error)
            return False
        return True

    def _notice(self, status: PrinterStatus) -> None:
        """Publish what is new since the last answer."""
        self.publish(StateChanged(DeviceState.ONLINE))
        for fault in sorted(status.faults - self._faults, key=lambda fault: fault.value):
            self.publish(PrinterNotReady(fault))
        if self._faults and not status.faults:
            self.publish(PrinterReady())
        self._faults = status.faults
