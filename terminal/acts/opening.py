"""Open a visit: is the printer ready, start the worker, tell the centre the worker's key (I-1)."""

from __future__ import annotations

from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable
from terminal.acts.desk import Desk, Work
from terminal.document.handle import DocumentWorker
from terminal.journal import Step
from terminal.link.wire import OpenVisit, VisitOpened
from terminal.version import BUILD
from terminal.visit.events import VisitReady


async def open_visit(desk: Desk, work: Work) -> None:
    await require_printer(desk)
    worker = work.worker
    if worker is None:
        worker = work.worker = DocumentWorker()
        await worker.start()
    await desk.write(work.visit, Step.OPENED)
    message = OpenVisit(public_key=worker.public_key, build=BUILD)
    path = f"/v1/visits/{work.visit.id}"
    work.opened = await desk.centre.put(path, message, VisitOpened)
    desk.emit(VisitReady())


async def require_printer(desk: Desk) -> None:
    """Asked before the PIN and again before money: paper, cover, empty queue (I-12)."""
    printer = desk.devices.document_printer
    status = await printer.status()
    if not status.ready:
        faults = ", ".join(sorted(fault.value for fault in status.faults)) or "not idle"
        raise DeviceUnavailable(printer.name, DeviceState.ONLINE, faults)
