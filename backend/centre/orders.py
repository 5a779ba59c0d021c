"""Orders and their documents: one signed order, one price, one document per copy, for one visit.

    ordered → issued → paid → printed | void | suspect        (the last two steps: settlement.py)

An order is placed once; asking again answers the same. A copy is made once: its serial is reserved
before, the sealed document is kept, and fetching again gives the same bytes. An order that ended, by
the terminal's word or by its visit's time-out, stays ended: what comes later is answered 409 and
counted (I-7).
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from backend.centre.jpki import Signed
from backend.centre.opening import require_open
from backend.centre.problem import Code, ProblemError, body_digest
from backend.centre.settings import Calendar
from backend.centre.visits import Visits
from backend.city.city import SignedOrder
from backend.clock import Clock
from backend.hours import Place
from backend.storage import ledger, records
from backend.storage.database import Database
from backend.storage.records import OrderRow
from terminal.link import binding, wire

logger = logging.getLogger(__name__)

ENDED = frozenset({"printed", "void", "suspect"})
_SERIAL_GROUPS = 4  # of five digits: 10^20 of them, and no run as long as an 11-digit code (R32)
_SERIAL_DRAWS = 3  # a second draw is a once-in-a-lifetime event, a third is a broken generator


@dataclass(frozen=True)
class Orders:
    database: Database
    clock: Clock
    calendar: Calendar
    visits: Visits

    def place(self, terminal: str, order_id: str, body: wire.PlaceOrder) -> wire.OrderAccepted:
        """Insert or same. Raises Refused, OrderMismatch or ProblemError; then nothing was placed."""
        digest = body_digest(body)
        row = self.find(order_id)
        if row is None:
            row = self._insert(self._checked(terminal, order_id, body, digest))
        if row.terminal != terminal:
            raise ProblemError(Code.OTHER_BODY, "this order id is another's")
        if row.state in ENDED:
            raise self.late(order_id, "place")
        if row.body_digest != digest or row.digest is None:
            raise ProblemError(Code.OTHER_BODY, "this order was placed with another body")
        return wire.OrderAccepted(digest=row.digest, total_yen=row.total_yen)

    def _checked(
        self, terminal: str, order_id: str, body: wire.PlaceOrder, digest: bytes
    ) -> OrderRow:
        """The order as it may be stored, after centre and city have both checked it (I-2)."""
        order = body.order
        if (order.order, order.terminal) != (order_id, terminal):
            raise ProblemError(Code.ORDER_MISMATCH, "the order names another id or terminal")
        visit, certificate = self.visits.signed_in(terminal, order.visit)
        if order.city != visit.city:
            raise ProblemError(Code.ORDER_MISMATCH, "the order names another city")
        now = self.clock.now()
        site = self.visits.terminals.site(terminal)
        require_open(self.calendar, now, Place(order.product, site))
        signed = Signed(binding.order_message(order), body.algorithm, body.signature)
        holder, _ = self.visits.authenticated(certificate, signed, now)
        total = self.visits.routing.city(holder).check_order(
            SignedOrder(order, body.algorithm, body.signature, certificate),
            holder,
            now,
            began=visit.opened,
            site=site,
        )
        if total != order.fee_yen * order.copies:
            raise ProblemError(Code.ORDER_MISMATCH, "the city asks for another amount")
        return OrderRow(
            order_id=order_id,
            terminal=terminal,
            state="ordered",
            visit=order.visit,
            city=order.city,
            product=order.product.value,
            body_digest=digest,
            body=wire.encode(body),
            digest=binding.order_digest(order),
            copies=order.copies,
            total_yen=total,
            expires=visit.expires,
        )

    def _insert(self, row: OrderRow) -> OrderRow:
        """The order that stands under this id: this one, or the one that came first."""
        with self.database.writing() as tx:
            inserted = records.insert_order(tx, row, self.clock.now())
            found = records.find_order(tx, row.order_id)
        if found is None:
            raise ProblemError(Code.VISIT_EXPIRED, "the visit ended before the order was placed")
        if inserted:
            logger.info("order %s placed from %s for %s", row.order_id, row.terminal, row.city)
        return found

    def document(self, terminal: str, order_id: str, copy: int) -> wire.SealedDocument:
        """One copy, sealed to the visit's worker (I-1); made at most once, and the same every time.

        Raises Refused after closing time, unless the copy was made before.
        """
        row = self.find(order_id)
        if row is None or row.terminal != terminal:
            raise ProblemError(Code.ORDER_UNKNOWN, "this terminal has no such order")
        if row.state in ENDED:
            raise self.late(order_id, "document")
        if not 1 <= copy <= row.copies:
            raise ProblemError(Code.COPY_UNKNOWN, f"the order has {row.copies} copies")
        with self.database.reading() as tx:
            sealed = records.find_document(tx, order_id, copy)
        if sealed is None:
            sealed = self._issue(row, copy)
        return wire.SealedDocument(order=order_id, copy=copy, sealed=sealed)

    def _issue(self, row: OrderRow, copy: int) -> bytes:
        if row.visit is None or row.body is None:
            raise self.late(row.order_id, "document")
        visit, certificate = self.visits.signed_in(row.terminal, row.visit)
        placed = wire.decode(row.body, wire.PlaceOrder)
        order = placed.order
        now = self.clock.now()
        site = self.visits.terminals.site(row.terminal)
        require_open(self.calendar, now, Place(order.product, site))
        signed = SignedOrder(order, placed.algorithm, placed.signature, certificate)
        holder = self.visits.routing.holder(certificate)
        city = self.visits.routing.city(holder)
        serial = self._serial(row.order_id, copy)
        sealed = city.issue(
            signed,
            holder,
            copy,
            visit.public_key,
            serial,
            now,
            began=visit.opened,
            site=site,
        )
        with self.database.writing() as tx:
            records.keep_document(tx, row.order_id, copy, sealed)
            records.mark_issued(tx, row.order_id)
            kept = records.find_document(tx, row.order_id, copy)
        if kept is None:
            raise self.late(row.order_id, "document")
        return kept

    def _serial(self, order_id: str, copy: int) -> str:
        """The copy's serial, reserved before the document is made; unique for ever (R28, I-6)."""
        for _ in range(_SERIAL_DRAWS):
            drawn = "-".join(f"{secrets.randbelow(100_000):05}" for _ in range(_SERIAL_GROUPS))
            try:
                with self.database.writing() as tx:
                    return records.reserve_serial(tx, order_id, copy, drawn)
            except LookupError:
                logger.warning("a serial was drawn twice; drawing again")
        raise ProblemError(Code.NOT_NOW, "no fresh serial could be drawn")

    def find(self, order_id: str) -> OrderRow | None:
        """The order as it is now: what has timed out has ended."""
        with self.database.writing() as tx:
            records.expire(tx, self.clock.now())
            return records.find_order(tx, order_id)

    def late(self, order_id: str, call: str) -> ProblemError:
        """Count a call that came after the end, and say so."""
        with self.database.writing() as tx:
            ledger.count_late_call(tx, order_id, call)
        logger.warning("order %s has ended: a late call (%s) was dropped", order_id, call)
        return ProblemError(Code.ORDER_ENDED, "the order has ended; nothing was done")
