"""The centre, put together; and the one place where what went wrong becomes an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from backend.centre.incidents import Incidents
from backend.centre.jpki import Jpki
from backend.centre.orders import Orders
from backend.centre.problem import Code, ProblemError
from backend.centre.routing import Routing
from backend.centre.settings import Settings
from backend.centre.settlement import Settlement
from backend.centre.terminals import Terminals
from backend.centre.visits import Visits
from backend.city.city import City, OrderMismatch, RegistryIncomplete, RegistryUnreadable
from backend.city.configuration import ConfigurationError
from backend.clock import Clock
from backend.hours import Closure
from backend.refusals import Refused
from backend.storage.database import Database, StorageError
from terminal.link import wire

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    """An HTTP status and the message that goes with it."""

    status: int
    message: wire.Message

    @classmethod
    def to(cls, problem: ProblemError) -> Answer:
        return cls(problem.code.status, problem.message)


class Centre:
    """Everything a terminal may ask for. All methods block: call them off the event loop."""

    def __init__(
        self, settings: Settings, database: Database, cities: Mapping[str, City], clock: Clock
    ) -> None:
        self._settings = settings
        self._clock = clock
        jpki = Jpki(settings.jpki, settings.hotline)
        calendar = settings.calendar
        self.terminals = Terminals(database, clock)
        self.visits = Visits(
            database,
            clock,
            calendar,
            settings.limits,
            self.terminals,
            jpki,
            Routing(database, cities),
        )
        self.orders = Orders(database, clock, calendar, self.visits)
        self.settlement = Settlement(database, clock, self.orders)
        self.incidents = Incidents(database, clock)

    def answer(self, certificate: bytes, call: Callable[[str], wire.Message]) -> Answer:
        """Let the terminal that holds this TLS certificate make the call. Never raises Exception."""
        try:
            terminal = self.terminals.identify(certificate)
            try:
                return Answer(200, self._audited(terminal, call(terminal)))
            except Refused as refused:
                return Answer(403, self.incidents.audited(terminal, refused))
            except OrderMismatch as mismatch:
                # A terminal that asks for what it was not offered is wrong, or in somebody's hands.
                logger.warning("%s: an order that was never offered: %s", terminal, mismatch.code)
                return Answer.to(ProblemError(Code.ORDER_MISMATCH, str(mismatch)))
        except ProblemError as problem:
            return Answer.to(problem)
        except RegistryIncomplete as error:
            logger.error("a city's registry lacks something: %s", error)
            return Answer.to(ProblemError(Code.INTERNAL, "a city's registry lacks something"))
        except ConfigurationError as error:
            logger.error("%s", error)
            return Answer.to(ProblemError(Code.INTERNAL, "a city's data do not hold today"))
        except (StorageError, RegistryUnreadable):
            logger.exception("not now")
            return Answer.to(ProblemError(Code.NOT_NOW, "a store cannot be read or written: retry"))
        except Exception:
            # The one broad catch: the trace is for this side's log, never for the line.
            logger.exception("a call failed for a reason nobody foresaw")
            return Answer.to(ProblemError(Code.INTERNAL, "an error of the centre; see its log"))

    def _audited(self, terminal: str, message: wire.Message) -> wire.Message:
        """A person's reason looks the same about one certificate as about all of them (I-17)."""
        if not isinstance(message, wire.SignedIn):
            return message
        offers = tuple(
            structs.replace(offer, refusal=self.incidents.audited(terminal, refused))
            if (refused := _persons(offer)) is not None
            else offer
            for offer in message.offers
        )
        return structs.replace(message, offers=offers)

    def service(self, terminal: str, build: str | None) -> wire.Service:
        """The calendar to go by there. ``build`` is what the terminal states, if it does (I-11)."""
        now = self._clock.now()
        calendar = self._settings.calendar
        return wire.Service(
            now=now,
            hours=calendar.hours,
            year_end=calendar.year_end,
            closures=tuple(_announced(calendar.closures, self.terminals.site(terminal), now)),
            hotline=self._settings.hotline.telephone,
            build_allowed=build is None or self.terminals.allows_build(build),
        )


def _persons(offer: wire.Offer) -> Refused | None:
    refusal = offer.refusal
    if refusal is None or refusal.kind is not wire.RefusalClass.PERSON:
        return None
    return Refused(refusal, refusal.kind.value)


def _announced(
    closures: Iterable[Closure], site: str | None, now: datetime
) -> Iterator[wire.Closure]:
    """What a terminal there should know: those that are not over, one for each product."""
    for closure in closures:
        if closure.ends > now and (not closure.sites or site in closure.sites):
            for product in closure.products or (None,):
                yield wire.Closure(starts=closure.starts, ends=closure.ends, product=product)
