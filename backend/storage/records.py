"""Visits, orders and documents. Guards are in the SQL; the caller reads the row count.

All functions take an open transaction. Returned rows are values: nothing here is live.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.clock import from_ms, to_ms
from backend.storage.database import Transaction

# --- visits ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VisitRow:
    visit: str
    terminal: str
    state: str
    body_digest: bytes
    public_key: bytes
    nonce: bytes
    opened: datetime
    expires: datetime
    sign_in_digest: bytes | None
    city: str | None
    certificate: bytes | None
    certificate_good_as_of: datetime | None = None

    def __repr__(self) -> str:
        return f"VisitRow({self.visit}, {self.state})"


def insert_visit(tx: Transaction, row: VisitRow, build: str) -> bool:
    """False if the id, the key or the nonce was ever used before."""
    return bool(
        tx.run(
            "INSERT INTO visits (visit, terminal, state, body_digest, public_key, build, nonce,"
            " opened_ms, expires_ms) VALUES (:visit, :terminal, :state, :body_digest, :public_key,"
            " :build, :nonce, :opened, :expires) ON CONFLICT DO NOTHING",
            visit=row.visit,
            terminal=row.terminal,
            state=row.state,
            body_digest=row.body_digest,
            public_key=row.public_key,
            build=build,
            nonce=row.nonce,
            opened=to_ms(row.opened),
            expires=to_ms(row.expires),
        )
    )


def find_visit(tx: Transaction, visit: str, terminal: str) -> VisitRow | None:
    """Only the terminal that opened a visit can find it."""
    row = tx.one(
        "SELECT visit, terminal, state, body_digest, public_key, nonce, opened_ms,"
        " expires_ms, sign_in_digest, city, certificate, certificate_good_as_of_ms FROM visits"
        " WHERE visit = :visit AND terminal = :terminal",
        visit=visit,
        terminal=terminal,
    )
    if row is None:
        return None
    values = dict(row)
    opened, expires = from_ms(values.pop("opened_ms")), from_ms(values.pop("expires_ms"))
    good = values.pop("certificate_good_as_of_ms")
    as_of = None if good is None else from_ms(good)
    return VisitRow(opened=opened, expires=expires, certificate_good_as_of=as_of, **values)


def spend_nonce(tx: Transaction, visit: str, terminal: str, digest: bytes, now: datetime) -> bool:
    """Claim the visit's one sign-in for this body; False if spent, ended or too late."""
    return bool(
        tx.run(
            "UPDATE visits SET sign_in_digest = :digest WHERE visit = :visit"
            " AND terminal = :terminal AND state = 'open' AND sign_in_digest IS NULL"
            " AND expires_ms > :now",
            visit=visit,
            terminal=terminal,
            digest=digest,
            now=to_ms(now),
        )
    )


def mark_signed_in(
    tx: Transaction,
    visit: str,
    digest: bytes,
    city: str,
    certificate: bytes,
    good_as_of: datetime,
    expires: datetime,
) -> bool:
    return bool(
        tx.run(
            "UPDATE visits SET state = 'signed_in', city = :city, certificate = :certificate,"
            " certificate_good_as_of_ms = :good_as_of, expires_ms = :expires"
            " WHERE visit = :visit AND sign_in_digest = :digest AND state = 'open'",
            visit=visit,
            digest=digest,
            city=city,
            certificate=certificate,
            good_as_of=to_ms(good_as_of),
            expires=to_ms(expires),
        )
    )


def end_visit_without_orders(tx: Transaction, visit: str) -> None:
    """End the visit, and forget its certificate, once none of its orders is under way."""
    tx.run(
        "UPDATE visits SET state = 'ended', certificate = NULL WHERE visit = :visit"
        " AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.visit = :visit"
        " AND orders.state IN ('ordered', 'issued', 'paid'))",
        visit=visit,
    )


def expire(tx: Transaction, now: datetime) -> None:
    """End what has timed out (I-7): orders not completely issued, and visits.

    An issued order does not expire here: its document is at the terminal, which alone knows the end.
    """
    moment = to_ms(now)
    tx.run(
        "DELETE FROM sealed_documents WHERE order_id IN"
        " (SELECT order_id FROM orders WHERE state = 'ordered' AND expires_ms <= :now)",
        now=moment,
    )
    tx.run(
        "UPDATE orders SET state = 'void', body = NULL"
        " WHERE state = 'ordered' AND expires_ms <= :now",
        now=moment,
    )
    tx.run(
        "UPDATE visits SET state = 'ended', certificate = NULL"
        " WHERE state <> 'ended' AND expires_ms <= :now",
        now=moment,
    )


# --- orders ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrderRow:
    order_id: str
    terminal: str
    state: str
    visit: str | None
    city: str | None
    product: str | None
    body_digest: bytes | None
    body: bytes | None
    digest: bytes | None
    copies: int
    total_yen: int
    expires: datetime

    def __repr__(self) -> str:
        return f"OrderRow({self.order_id}, {self.state})"


def find_order(tx: Transaction, order_id: str) -> OrderRow | None:
    row = tx.one(
        "SELECT order_id, terminal, state, visit, city, product, body_digest, body, digest, copies,"
        " total_yen, expires_ms FROM orders WHERE order_id = :order_id",
        order_id=order_id,
    )
    if row is None:
        return None
    values = dict(row)
    return OrderRow(expires=from_ms(values.pop("expires_ms")), **values)


def insert_order(tx: Transaction, row: OrderRow, now: datetime) -> bool:
    """False if the id was ever used, or the visit is no longer signed in at this terminal."""
    return bool(
        tx.run(
            "INSERT INTO orders (order_id, terminal, state, visit, city, product, body_digest,"
            " body, digest, copies, total_yen, placed_ms, expires_ms)"
            " SELECT :order_id, :terminal, 'ordered', :visit, :city, :product, :body_digest,"
            " :body, :digest, :copies, :total_yen, :now, expires_ms FROM visits"
            " WHERE visit = :visit AND terminal = :terminal AND city = :city"
            " AND state = 'signed_in' AND expires_ms > :now ON CONFLICT DO NOTHING",
            order_id=row.order_id,
            terminal=row.terminal,
            visit=row.visit,
            city=row.city,
            product=row.product,
            body_digest=row.body_digest,
            body=row.body,
            digest=row.digest,
            copies=row.copies,
            total_yen=row.total_yen,
            now=to_ms(now),
        )
    )


def insert_tombstone(tx: Transaction, order_id: str, terminal: str, now: datetime) -> bool:
    """End an order that never arrived, so that it cannot arrive later."""
    return bool(
        tx.run(
            "INSERT INTO orders (order_id, terminal, state, placed_ms, expires_ms)"
            " VALUES (:order_id, :terminal, 'void', :now, :now) ON CONFLICT DO NOTHING",
            order_id=order_id,
            terminal=terminal,
            now=to_ms(now),
        )
    )


def move_order(tx: Transaction, order_id: str, before: str, after: str) -> bool:
    """The guarded step: true for exactly one caller."""
    return bool(
        tx.run(
            "UPDATE orders SET state = :after WHERE order_id = :order_id AND state = :before",
            order_id=order_id,
            before=before,
            after=after,
        )
    )


def mark_issued(tx: Transaction, order_id: str) -> bool:
    """True once every copy of an ordered order is sealed; afterwards False."""
    return bool(
        tx.run(
            "UPDATE orders SET state = 'issued' WHERE order_id = :order_id AND state = 'ordered'"
            " AND copies = (SELECT COUNT(*) FROM sealed_documents WHERE order_id = :order_id)",
            order_id=order_id,
        )
    )


def forget_content(tx: Transaction, order_id: str) -> None:
    """An ended order keeps no document and no signed request."""
    tx.run("DELETE FROM sealed_documents WHERE order_id = :order_id", order_id=order_id)
    tx.run("UPDATE orders SET body = NULL WHERE order_id = :order_id", order_id=order_id)


# --- documents ---------------------------------------------------------------------------------


def reserve_serial(tx: Transaction, order_id: str, copy: int, serial: str) -> str:
    """The serial of this copy: ``serial`` if it has none yet, and for ever the same.

    Raises LookupError if ``serial`` belongs to another copy: draw again (I-6).
    """
    tx.run(
        "INSERT INTO serials (serial, order_id, copy) VALUES (:serial, :order_id, :copy)"
        " ON CONFLICT DO NOTHING",
        serial=serial,
        order_id=order_id,
        copy=copy,
    )
    row = tx.one(
        "SELECT serial FROM serials WHERE order_id = :order_id AND copy = :copy",
        order_id=order_id,
        copy=copy,
    )
    if row is None:
        raise LookupError("this serial belongs to another copy")
    return str(row["serial"])


def find_serials(tx: Transaction, order_id: str) -> tuple[str, ...]:
    rows = tx.rows(
        "SELECT serial FROM serials WHERE order_id = :order_id ORDER BY copy", order_id=order_id
    )
    return tuple(row["serial"] for row in rows)


def keep_document(tx: Transaction, order_id: str, copy: int, sealed: bytes) -> None:
    """Keep the first sealed document of a copy, and only while the order is open for it."""
    tx.run(
        "INSERT INTO sealed_documents (order_id, copy, sealed)"
        " SELECT order_id, :copy, :sealed FROM orders"
        " WHERE order_id = :order_id AND state = 'ordered' ON CONFLICT DO NOTHING",
        order_id=order_id,
        copy=copy,
        sealed=sealed,
    )


def find_document(tx: Transaction, order_id: str, copy: int) -> bytes | None:
    row = tx.one(
        "SELECT sealed FROM sealed_documents WHERE order_id = :order_id AND copy = :copy",
        order_id=order_id,
        copy=copy,
    )
    return None if row is None else row["sealed"]
