"""How orders end: money, the terminals' words, incidents, and the audit of refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.clock import from_ms, to_ms
from backend.storage.database import Row, Transaction
from backend.storage.records import OrderRow

# --- money and endings -------------------------------------------------------------------------


def insert_payment(
    tx: Transaction,
    order: OrderRow,
    reference: str,
    body_digest: bytes,
    amount_yen: int,
    now: datetime,
) -> bool:
    """False if the order is paid already, or the reference paid for another order."""
    return bool(
        tx.run(
            "INSERT INTO payments (order_id, terminal, reference, body_digest, amount_yen,"
            " taken_ms) VALUES (:order_id, :terminal, :reference, :body_digest, :amount, :now)"
            " ON CONFLICT DO NOTHING",
            order_id=order.order_id,
            terminal=order.terminal,
            reference=reference,
            body_digest=body_digest,
            amount=amount_yen,
            now=to_ms(now),
        )
    )


def find_payment(tx: Transaction, order_id: str) -> Row | None:
    """The payment's ``body_digest`` and ``amount_yen``."""
    return tx.one(
        "SELECT body_digest, amount_yen FROM payments WHERE order_id = :order_id",
        order_id=order_id,
    )


def enter(tx: Transaction, order_id: str, entry: str, amount_yen: int, now: datetime) -> None:
    """Write one line of the ledger; a line is written once and never changed."""
    tx.run(
        "INSERT INTO ledger (order_id, entry, amount_yen, entered_ms)"
        " VALUES (:order_id, :entry, :amount, :now)",
        order_id=order_id,
        entry=entry,
        amount=amount_yen,
        now=to_ms(now),
    )


@dataclass(frozen=True)
class ResultRow:
    """``said`` is the terminal's word, ``recorded`` what the centre made of it."""

    order_id: str
    body_digest: bytes
    said: str
    recorded: str
    reason: str
    refunded_yen: int
    sheets_out: int | None
    impressions_before: int | None
    impressions_after: int | None
    at: datetime


def insert_result(tx: Transaction, row: ResultRow) -> None:
    tx.run(
        "INSERT INTO results (order_id, body_digest, said, recorded, reason, refunded_yen, sheets_out,"
        " impressions_before, impressions_after, recorded_ms) VALUES (:order_id, :body_digest,"
        " :said, :recorded, :reason, :refunded_yen, :sheets_out, :before, :after, :at)",
        order_id=row.order_id,
        body_digest=row.body_digest,
        said=row.said,
        recorded=row.recorded,
        reason=row.reason,
        refunded_yen=row.refunded_yen,
        sheets_out=row.sheets_out,
        before=row.impressions_before,
        after=row.impressions_after,
        at=to_ms(row.at),
    )


def find_result(tx: Transaction, order_id: str, body_digest: bytes) -> ResultRow | None:
    """What was recorded for exactly this word."""
    row = tx.one(
        "SELECT order_id, body_digest, said, recorded, reason, refunded_yen, sheets_out,"
        " impressions_before, impressions_after, recorded_ms FROM results"
        " WHERE order_id = :order_id AND body_digest = :body_digest",
        order_id=order_id,
        body_digest=body_digest,
    )
    if row is None:
        return None
    values = dict(row)
    return ResultRow(at=from_ms(values.pop("recorded_ms")), **values)


def has_result(tx: Transaction, order_id: str) -> bool:
    return bool(
        tx.rows("SELECT 1 FROM results WHERE order_id = :order_id LIMIT 1", order_id=order_id)
    )


# --- incidents and audit -----------------------------------------------------------------------


@dataclass(frozen=True)
class IncidentRow:
    incident: str
    terminal: str
    body_digest: bytes
    kind: str
    happened: datetime
    order_id: str | None
    detail: str


def insert_incident(tx: Transaction, row: IncidentRow, now: datetime) -> bool:
    return bool(
        tx.run(
            "INSERT INTO incidents (incident, terminal, body_digest, kind, happened_ms, order_id,"
            " detail, recorded_ms) VALUES (:incident, :terminal, :body_digest, :kind, :happened,"
            " :order_id, :detail, :now) ON CONFLICT DO NOTHING",
            incident=row.incident,
            terminal=row.terminal,
            body_digest=row.body_digest,
            kind=row.kind,
            happened=to_ms(row.happened),
            order_id=row.order_id,
            detail=row.detail,
            now=to_ms(now),
        )
    )


def incident_digest(tx: Transaction, incident: str, terminal: str) -> bytes | None:
    row = tx.one(
        "SELECT body_digest FROM incidents WHERE incident = :incident AND terminal = :terminal",
        incident=incident,
        terminal=terminal,
    )
    return None if row is None else row["body_digest"]


def insert_audit(
    tx: Transaction, reference: str, terminal: str, kind: str, requirement: str, now: datetime
) -> None:
    tx.run(
        "INSERT INTO audit (reference, at_ms, terminal, kind, requirement)"
        " VALUES (:reference, :now, :terminal, :kind, :requirement)",
        reference=reference,
        now=to_ms(now),
        terminal=terminal,
        kind=kind,
        requirement=requirement,
    )


def count_late_call(tx: Transaction, order_id: str, call: str) -> None:
    tx.run(
        "INSERT INTO late_calls (order_id, call, calls) VALUES (:order_id, :call, 1)"
        " ON CONFLICT (order_id, call) DO UPDATE SET calls = late_calls.calls + 1",
        order_id=order_id,
        call=call,
    )
