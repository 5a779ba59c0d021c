"""Whether a new visit may begin: the calendar, the devices, the link, and what staff must look at.

Keeps facts only; what follows from them for the person is the visit's business.
"""

from __future__ import annotations

from drivers.device import Device, DeviceState
from drivers.errors import PrinterFault
from terminal.attention import Left
from terminal.clock import Clock
from terminal.hours import closed_now
from terminal.link.calendar import NotServed
from terminal.link.wire import Service
from terminal.trust import Trust
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
    "coin inhibit": "trouble.payment",
    "keypad": "trouble.keypad",
    "buttons": "trouble.buttons",
    "lights": "trouble.lights",
    "sounder": "trouble.sounder",
    "speaker": "trouble.speaker",
    "display": "trouble.display",
    "sensors": "trouble.sensors",
}
DOUBT_TEXTS = {
    Left.SHEETS: "trouble.tray_sensor",
    Left.RECEIPT: "trouble.receipt_sensor",
    Left.CHANGE: "trouble.change_sensor",
}
INCIDENT_TEXTS = {
    "card_left": "trouble.card_left",
    "sheets_left": "trouble.left_behind",
    "receipt_left": "trouble.left_behind",
    "change_left": "trouble.left_behind",
    "sheets_void": "trouble.void_sheets",
    "sheets_unknown": "trouble.void_sheets",
    "found_card": "trouble.found_card",
    "found_sheets": "trouble.found_sheets",
    "found_receipt": "trouble.found_receipt",
    "found_change": "trouble.found_change",
    "tampered": "trouble.tampered",
    "interrupted": "trouble.interrupted",
    "integrity": "trouble.integrity",
}


class Health:
    """Facts in, one ServiceChanged out."""

    def __init__(self, clock: Clock, trust: Trust) -> None:
        self._clock = clock
        self._trust = trust
        self._service: Service | None = None
        self._ended = False
        self._hotline = ""
        self._devices: dict[str, DeviceState] = {}
        self._faults: dict[str, PrinterFault] = {}
        self._failing: set[str] = set()
        self._cover_open = False
        self._incidents: tuple[str, ...] = ()
        self._raised: list[str] = []
        self._journal_works = True

    def device(self, device: Device, state: DeviceState) -> None:
        self._devices[device.name] = state

    def printer_fault(self, device: Device, fault: PrinterFault | None) -> None:
        if fault is None:
            self._faults.pop(device.name, None)
        else:
            self._faults[device.name] = fault

    def cover(self, *, is_open: bool) -> None:
        """The housing's own switch, apart from the printer's."""
        self._cover_open = is_open

    def service(self, service: Service | NotServed) -> None:
        """The centre's calendar, or why there is none."""
        self._ended = service is NotServed.ENDED
        self._service = None if isinstance(service, NotServed) else service
        if self._service is not None:
            self._hotline = self._service.hotline

    @property
    def hotline(self) -> str:
        """The number for lost and stolen cards (R69); "" until the centre has told it once."""
        return self._hotline

    def failing(self, name: str, *, fails: bool) -> None:
        """A device that says it is online and still does not do what it is told."""
        if fails:
            self._failing.add(name)
        else:
            self._failing.discard(name)

    def journal(self, *, works: bool) -> None:
        """Nothing may happen that cannot be written down first."""
        self._journal_works = works

    def raised(self, kind: str) -> None:
        """An incident blocks from this moment, whether or not the journal can keep it (I-10)."""
        self._raised.append(kind)

    def recorded(self, kind: str) -> None:
        """The journal has it: from now on ``incidents`` speaks for it."""
        if kind in self._raised:
            self._raised.remove(kind)

    def cleared(self) -> None:
        """A supervisor has looked."""
        self._raised.clear()

    def incidents(self, kinds: tuple[str, ...]) -> None:
        """What the journal holds and no supervisor has cleared yet."""
        self._incidents = kinds

    def current(self) -> ServiceChanged:
        """Troubles first: a closed terminal with a card lying in it still needs staff."""
        troubles = self._troubles()
        closed = closed_now(self._service, self._clock.now()) if self._service else None
        return ServiceChanged(
            closed_reason=closed.reason if closed else None,
            opens=closed.opens if closed else None,
            troubles=troubles,
            notes=tuple(DOUBT_TEXTS[left] for left in Left if left in self._trust.doubts),
        )

    def _troubles(self) -> tuple[str, ...]:
        kinds = (*self._incidents, *self._raised)
        found = [INCIDENT_TEXTS.get(kind, "trouble.incident") for kind in kinds]
        if not self._journal_works:
            found.append("trouble.journal")
        if self._cover_open:
            found.append("trouble.cover_open")
        for name, fault in self._faults.items():
            found.append(FAULT_TEXTS.get(fault, DEVICE_TEXTS.get(name, "trouble.device")))
        for name, state in self._devices.items():
            if state is not DeviceState.ONLINE or name in self._failing:
                found.append(DEVICE_TEXTS.get(name, "trouble.device"))
        if self._ended:
            found.append("trouble.ended")
        elif self._service is None:
            found.append("trouble.link")
        elif not self._service.build_allowed:
            found.append("trouble.build")
        return tuple(dict.fromkeys(found))
