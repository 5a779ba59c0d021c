"""Whether a new visit may begin: the calendar, the devices, the link, and what staff must look at.

Keeps facts only; what follows from them for the person is the visit's business.
"""

from __future__ import annotations

from drivers.device import Device, DeviceState
from drivers.errors import PrinterFault
from terminal.clock import Clock
from terminal.hours import closed_now
from terminal.link.wire import Service
from terminal.visit.events import ServiceChanged

FAULT_TEXTS = {
    PrinterFault.PAPER_OUT: "trouble.paper_out",
    PrinterFault.PAPER_JAM: "trouble.paper_jam",
    PrinterFault.COVER_OPEN: "trouble.cover_open",
}
DEVICE_TEXTS = {
    "card reader": "trouble.card_reader",
    "document printer": "trouble.printer",
    "receipt printer": "trouble.receipt_printer",
    "payment": "trouble.payment",
    "keypad": "trouble.keypad",
}
INCIDENT_TEXTS = {
    "card_left": "trouble.card_left",
    "sheets_left": "trouble.left_behind",
    "change_left": "trouble.left_behind",
    "found_at_start": "trouble.found_at_start",
    "interrupted": "trouble.interrupted",
    "integrity": "trouble.integrity",
}


class Health:
    """Facts in, one ServiceChanged out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._service: Service | None = None
        self._devices: dict[str, DeviceState] = {}
        self._faults: dict[str, PrinterFault] = {}
        self._incidents: tuple[str, ...] = ()

    def device(self, device: Device, state: DeviceState) -> None:
        self._devices[device.name] = state

    def printer_fault(self, device: Device, fault: PrinterFault | None) -> None:
        if fault is None:
            self._faults.pop(device.name, None)
        else:
            self._faults[device.name] = fault

    def service(self, service: Service | None) -> None:
        """The centre's calendar; None while the centre cannot be reached."""
        self._service = service

    def incidents(self, kinds: tuple[str, ...]) -> None:
        """What no supervisor has cleared yet."""
        self._incidents = kinds

    def current(self) -> ServiceChanged:
        """Troubles first: a closed terminal with a card lying in it still needs staff."""
        troubles = self._troubles()
        closed = closed_now(self._service, self._clock.now()) if self._service else None
        return ServiceChanged(
            closed_reason=closed.reason if closed else None,
            opens=closed.opens if closed else None,
            troubles=troubles,
        )

    def _troubles(self) -> tuple[str, ...]:
        found = [INCIDENT_TEXTS.get(kind, "trouble.incident") for kind in self._incidents]
        for name, fault in self._faults.items():
            found.append(FAULT_TEXTS.get(fault, DEVICE_TEXTS.get(name, "trouble.device")))
        for name, state in self._devices.items():
            if state is not DeviceState.ONLINE:
                found.append(DEVICE_TEXTS.get(name, "trouble.device"))
        if self._service is None:
            found.append("trouble.link")
        elif not self._service.build_allowed:
            found.append("trouble.build")
        return tuple(dict.fromkeys(found))
