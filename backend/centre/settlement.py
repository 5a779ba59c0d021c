"""Payment and the end of an order. A terminal's word about the end is recorded, never refused.

The terminal alone knows whether paper came out; refusing to hear it would lose the truth. So a word
that contradicts what the centre knows (printed but unpaid, foreign serials, more money back than was
taken) is recorded as *suspect* with an incident, and a person settles it by a second word.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from backend.centre.orders import ENDED, Orders
from backend.centre.problem import Code, ProblemError, body_digest
from backend.clock import Clock
from backend.storage import ledger, records
from backend.storage.database import Database, Transaction
from backend.storage.ledger import IncidentRow, ResultRow
from backend.storage.records import OrderRow
from terminal.link import wire
from terminal.link.wire import Outcome

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settlement:
    database: Database
    clock: Clock
    orders: Orders

    def pay(self, terminal: str, order_id: str, body: wire.PaymentTaken) -> wire.Acknowledged:
        """Record the money once; only for an order whose every copy is at the terminal."""
        digest = body_digest(body)
        with self.database.writing() as tx:
            row = self._own(tx, terminal, order_id)
            known = ledger.find_payment(tx, order_id)
            if known is None and row.state not in ENDED:
                self._record_payment(tx, row, body, digest)
                known = ledger.find_payment(tx, order_id)
        if known is None:
            raise self.orders.late(order_id, "payment")
        if known["body_digest"] != digest:
            raise ProblemError(Code.OTHER_BODY, "another payment was recorded for this order")
        return wire.Acknowledged()

    def _record_payment(
        self, tx: Transaction, row: OrderRow, body: wire.PaymentTaken, digest: bytes
    ) -> None:
        if body.amount_yen != row.total_yen:
            raise ProblemError(Code.AMOUNT, f"the order costs {row.total_yen} yen")
        now = self.clock.now()
        records.mark_issued(tx, row.order_id)
        if not records.move_order(tx, row.order_id, "issued", "paid"):
            if ledger.find_payment(tx, row.order_id) is not None:
                return  # the same call, a moment ago, in another process
            raise ProblemError(Code.NOT_ISSUED, "not every copy has been fetched, or it ended")
        if not ledger.insert_payment(tx, row, body.reference, digest, body.amount_yen, now):
            raise ProblemError(Code.PAYMENT_REFERENCE, "this reference paid for another order")
        ledger.enter(tx, row.order_id, "taken", body.amount_yen, now)

    def end(self, terminal: str, order_id: str, body: wire.OrderResult) -> wire.ResultReceipt:
        """Record how the order ended. Void also ends an order that never arrived (I-7)."""
        digest = body_digest(body)
        with self.database.writing() as tx:
            if body.outcome is Outcome.VOID:
                records.insert_tombstone(tx, order_id, terminal, self.clock.now())
            row = self._own(tx, terminal, order_id)
            known = ledger.find_result(tx, order_id, digest)
            if known is None:
                known = self._record_end(tx, row, body, digest)
        return wire.ResultReceipt(
            order=order_id, outcome=Outcome(known.recorded), recorded_at=known.at
        )

    def _record_end(
        self, tx: Transaction, row: OrderRow, body: wire.OrderResult, digest: bytes
    ) -> ResultRow:
        if row.state != "suspect" and ledger.has_result(tx, row.order_id):
            raise ProblemError(Code.OTHER_BODY, "another end was recorded for this order")
        now = self.clock.now().replace(microsecond=0)
        contradiction = self._contradiction(tx, row, body)
        outcome = body.outcome if contradiction is None else Outcome.SUSPECT
        result = ResultRow(
            order_id=row.order_id,
            body_digest=digest,
            said=body.outcome.value,
            recorded=outcome.value,
            reason=body.reason,
            refunded_yen=body.refunded_yen,
            sheets_out=body.sheets_out,
            impressions_before=body.impressions_before,
            impressions_after=body.impressions_after,
            at=now,
        )
        if not records.move_order(tx, row.order_id, row.state, outcome.value):
            raise ProblemError(Code.NOT_NOW, "another word about this order came in between")
        ledger.insert_result(tx, result)
        if contradiction is not None:
            self._report(tx, row, contradiction)
        elif outcome is Outcome.VOID:
            self._return_money(tx, row, body.refunded_yen)
        records.forget_content(tx, row.order_id)
        if row.visit is not None:
            records.end_visit_without_orders(tx, row.visit)
        logger.info("order %s ended: %s", row.order_id, outcome.value)
        return result

    def _contradiction(self, tx: Transaction, row: OrderRow, body: wire.OrderResult) -> str | None:
        """Why the terminal's word cannot be the whole truth; None if it can."""
        payment = ledger.find_payment(tx, row.order_id)
        if body.outcome is Outcome.PRINTED:
            if payment is None:
                return "printed, but no payment was recorded"
            if body.serials != records.find_serials(tx, row.order_id):
                return "printed with other serials than were issued"
            if body.refunded_yen:
                return "printed, and money was given back"
        elif payment is not None and body.refunded_yen > payment["amount_yen"]:
            return "more money was given back than was taken"
        return None

    def _return_money(self, tx: Transaction, row: OrderRow, refunded_yen: int) -> None:
        payment = ledger.find_payment(tx, row.order_id)
        if payment is None:
            return  # taken and returned before the centre heard of it: nothing is open
        now = self.clock.now()
        if refunded_yen:
            ledger.enter(tx, row.order_id, "refunded", refunded_yen, now)
        owed = payment["amount_yen"] - refunded_yen
        if owed:
            ledger.enter(tx, row.order_id, "owed", owed, now)

    def _report(self, tx: Transaction, row: OrderRow, detail: str) -> None:
        incident = IncidentRow(
            incident=f"centre-{secrets.token_hex(16)}",
            terminal=row.terminal,
            body_digest=b"",
            kind="result.contradicts",
            happened=self.clock.now(),
            order_id=row.order_id,
            detail=detail,
        )
        ledger.insert_incident(tx, incident, self.clock.now())
        logger.error("order %s is suspect: %s", row.order_id, detail)

    def _own(self, tx: Transaction, terminal: str, order_id: str) -> OrderRow:
        """The order as it is in this transaction, what has timed out having ended."""
        records.expire(tx, self.clock.now())
        row = records.find_order(tx, order_id)
        if row is None or row.terminal != terminal:
            raise ProblemError(Code.ORDER_UNKNOWN, "this terminal has no such order")
        return row
