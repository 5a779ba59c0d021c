"""What acts work with: the terminal's things, and what one visit has gathered so far."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from terminal.acts.card_session import CardSession
from terminal.clock import Clock
from terminal.config import Config
from terminal.devices import Devices
from terminal.document.handle import DocumentWorker, PreparedDocument
from terminal.errors import JournalError
from terminal.grounds import Grounds
from terminal.journal import Facts, Journal, Letter, Step
from terminal.link.client import CentreClient
from terminal.link.wire import Order, OrderAccepted, SignedIn, VisitOpened
from terminal.pin import PinBuffer
from terminal.translation import belongings
from terminal.trust import Trust
from terminal.visit.events import Event
from terminal.visit.known import Belongings, Visit

logger = logging.getLogger(__name__)

REFERENCE_DIGITS = 12  # the random end of an id: enough to find it, short enough to say


def _to_nobody(event: Event) -> None:
    """Before a visit lends its own emitter, nobody listens: an act outside a visit is our bug."""
    raise AssertionError(event)


@dataclass(frozen=True, slots=True)
class Desk:
    """The terminal's own things; the same for every visit. ``city_keys``: city → key id → PEM."""

    config: Config
    devices: Devices
    centre: CentreClient
    journal: Journal
    clock: Clock
    city_keys: Mapping[str, Mapping[str, bytes]]
    pin: PinBuffer
    trust: Trust
    grounds: Grounds
    emit: Callable[[Event], None] = _to_nobody

    def belongings(self) -> Belongings:
        """What lies at the terminal now, as far as sensors that can be believed tell."""
        return belongings(self.devices.card_reader, self.devices.sensors, self.trust)

    async def write(
        self, visit: Visit, step: Step, facts: Facts | None = None, letter: Letter | None = None
    ) -> None:
        """Durable before the act it announces. Raises JournalError; then the act must not happen."""
        await self.journal.write(self.clock.now(), visit.id, step, facts, letter)

    async def note(self, visit: Visit, step: Step, facts: Facts | None = None) -> None:
        """For what has happened already, or must happen whether or not it can be written down."""
        try:
            await self.write(visit, step, facts)
        except JournalError as error:
            logger.error("visit %s: %s is not in the journal: %s", visit.id, step.value, error)


@dataclass(slots=True)
class Work:
    """One visit's gatherings. Dies with the visit; the only place that ties its parts together."""

    visit: Visit
    card: CardSession
    worker: DocumentWorker | None = None
    opened: VisitOpened | None = None
    person: SignedIn | None = field(default=None, repr=False)
    order: Order | None = None
    accepted: OrderAccepted | None = None
    document: PreparedDocument | None = None
    asked_for_money: bool = False
    held_yen: int = 0
    returned_yen: int = 0
    change_yen: int = 0
    printing: bool = False
    finished: bool = False
    impressions_before: int | None = None
    impressions_after: int | None = None
    sheets_out: int | None = 0

    @property
    def reference(self) -> str:
        """What staff and the person say to each other; on screen, slip and in the journal alike."""
        return (self.order.order if self.order is not None else self.visit.id)[-REFERENCE_DIGITS:]
