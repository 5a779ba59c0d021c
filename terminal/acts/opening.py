"""Open a visit: are printer and escrow ready, start the worker, tell the centre its key (I-1)."""

from __future__ import annotations

from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable, PaymentError
from terminal.acts.desk import Desk, Work
from terminal.document.handle import DocumentWorker
from terminal.journal import Step
from terminal.link.wire import OpenVisit, VisitOpened
from terminal.version import BUILD
from terminal.visit.events import VisitReady


async def open_visit(desk: Desk, work: Work) -> None:
    await require_printer(desk)
    await _require_empty_escrow(desk)
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


async def _require_empty_escrow(desk: Desk) -> None:
    """What is held now is somebody else's, and would pay for this visit."""
    held = (await desk.devices.payment.status()).held_yen
    if held:
        raise PaymentError(f"{held} yen of an earlier visit are still held", held)
