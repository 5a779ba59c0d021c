"""What devices notice by themselves → events of the visit, and facts for Health. Hands apart."""

from __future__ import annotations

import logging
from collections.abc import Callable

from drivers.card_reader import (
    CardInserted,
    CardMuteInserted,
    CardRemoved,
    SeveralCardsInserted,
)
from drivers.device import Device, DeviceEvent, DeviceState, StateChanged
from drivers.errors import DriverError
from drivers.printer import PrinterNotReady, PrinterReady, gravest
from drivers.sensors import Sensor, SensorChanged
from drivers.speaker import SpeechEnded
from terminal.acts.desk import Desk
from terminal.health import Health
from terminal.presenter import Presenter
from terminal.translation import SEEN_BY, visit_event
from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.known import Belongings
from terminal.visit.states import State

logger = logging.getLogger(__name__)

LEFT_OF = {sensor: left for left, sensor in SEEN_BY.items()}
WATCHING = s.HandingOver | s.Collecting | s.Supervisor
"""Where what lies there is the point, whoever moved it."""


class Senses:
    """``raise_incident`` blocks the next visit by an incident's kind."""

    def __init__(
        self,
        desk: Desk,
        health: Health,
        presenter: Presenter,
        raise_incident: Callable[[str], None],
    ) -> None:
        self.supervised = False
        self._desk = desk
        self._health = health
        self._presenter = presenter
        self._raise_incident = raise_incident

    async def begin(self) -> None:
        """How everything is before the first visit; what lies there belongs to nobody (I-12)."""
        for device in self._desk.devices.all():
            self._health.device(device, device.state)
            if device.state is not DeviceState.ONLINE:
                logger.warning("%s is %s", device.name, device.state.value)
        await self._ask_printers()
        sensors = self._desk.devices.sensors
        self._health.cover(is_open=bool(sensors.read(Sensor.COVER_OPEN)))
        self._presenter.voice.headphones = bool(sensors.read(Sensor.HEADPHONES))
        if sensors.read(Sensor.TAMPERED):
            self._raise_incident("tampered")
        for kind in found(self._desk.belongings()):
            self._raise_incident(kind)

    async def _ask_printers(self) -> None:
        """A printer says what becomes wrong, and at start something may have been for long."""
        for printer in (self._desk.devices.document_printer, self._desk.devices.receipt_printer):
            try:
                faults = (await printer.status()).faults
            except DriverError as error:
                logger.warning("%s", error)  # and its state says so
                continue
            self._health.printer_fault(printer, gravest(faults) if faults else None)

    def notice(self, device: Device, event: DeviceEvent, state: State) -> e.Event | None:
        """What a device's event means: for Health, for the visit, or for nobody."""
        match event:
            case StateChanged():
                return self._state_changed(device, event)
            case PrinterNotReady(fault=fault):
                self._health.printer_fault(device, fault)
                return self._health.current()
            case PrinterReady():
                self._health.printer_fault(device, None)
                return self._health.current()
            case SensorChanged():
                return self._sensed(event)
            case SpeechEnded(speech):
                self._presenter.speech_ended(speech)
                return None
            case CardInserted() | CardMuteInserted() | SeveralCardsInserted() | CardRemoved() if (
                isinstance(state, WATCHING)
            ):
                return e.BelongingsChanged(self._desk.belongings())
            case _:
                translated = visit_event(event)
                if isinstance(translated, e.SupervisorSwitched):
                    self.supervised = translated.on
                return translated

    def _state_changed(self, device: Device, event: StateChanged) -> e.Event:
        level = logging.INFO if event.state is DeviceState.ONLINE else logging.WARNING
        logger.log(level, "%s is %s %s", device.name, event.state.value, event.detail)
        self._health.device(device, event.state)
        if device is self._desk.devices.sensors:
            self._hear_who_listens()
        if event.state is not DeviceState.ONLINE and device is self._desk.devices.card_reader:
            return e.ReaderLost()
        return self._health.current()

    def _hear_who_listens(self) -> None:
        """Names are spelled in headphones only: where nobody can tell, there are none (R59)."""
        in_use = bool(self._desk.devices.sensors.read(Sensor.HEADPHONES))
        if in_use != self._presenter.voice.headphones:
            self._presenter.voice.plug(in_use=in_use)

    def _sensed(self, event: SensorChanged) -> e.Event | None:
        match event.sensor:
            case Sensor.COVER_OPEN:
                self._health.cover(is_open=event.value)
                return self._health.current()
            case Sensor.TAMPERED:
                if event.value:
                    self._raise_incident("tampered")
                return None
            case Sensor.HEADPHONES:
                self._presenter.voice.plug(in_use=event.value)
                return None
            case sensor:
                self._desk.trust.saw(LEFT_OF[sensor], there=event.value)
                return e.BelongingsChanged(self._desk.belongings())


def found(there: Belongings) -> tuple[str, ...]:
    """The incidents of what lies there and belongs to nobody known, the most urgent first."""
    return tuple(f"found_{name}" for name in there.seen)
