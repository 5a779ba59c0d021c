"""What operators enter: terminals, withdrawn certificates, known builds, and whose card is whose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backend.clock import to_ms
from backend.storage.database import Transaction

# --- terminals ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class TerminalRow:
    terminal: str
    operator: str
    valid_from: date
    valid_to: date | None


def find_terminal(tx: Transaction, terminal: str) -> TerminalRow | None:
    row = tx.one(
        "SELECT terminal, operator, valid_from, valid_to FROM terminals WHERE terminal = :terminal",
        terminal=terminal,
    )
    if row is None:
        return None
    ends = row["valid_to"]
    return TerminalRow(
        row["terminal"],
        row["operator"],
        date.fromisoformat(row["valid_from"]),
        None if ends is None else date.fromisoformat(ends),
    )


def put_terminal(tx: Transaction, row: TerminalRow) -> None:
    tx.run(
        "INSERT INTO terminals (terminal, operator, valid_from, valid_to)"
        " VALUES (:terminal, :operator, :valid_from, :valid_to)"
        " ON CONFLICT (terminal) DO UPDATE SET operator = excluded.operator,"
        " valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        terminal=row.terminal,
        operator=row.operator,
        valid_from=row.valid_from.isoformat(),
        valid_to=None if row.valid_to is None else row.valid_to.isoformat(),
    )


def is_withdrawn(tx: Transaction, fingerprint: bytes) -> bool:
    """Whether this terminal certificate was withdrawn before its end."""
    statement = "SELECT 1 FROM revocations WHERE fingerprint = :fingerprint"
    return tx.one(statement, fingerprint=fingerprint) is not None


def withdraw(tx: Transaction, fingerprint: bytes, reason: str, now: datetime) -> None:
    tx.run(
        "INSERT INTO revocations (fingerprint, revoked_ms, reason)"
        " VALUES (:fingerprint, :now, :reason) ON CONFLICT DO NOTHING",
        fingerprint=fingerprint,
        now=to_ms(now),
        reason=reason,
    )


def is_known_build(tx: Transaction, build: str) -> bool:
    return tx.one("SELECT 1 FROM builds WHERE build = :build", build=build) is not None


def add_build(tx: Transaction, build: str) -> None:
    tx.run("INSERT INTO builds (build) VALUES (:build) ON CONFLICT DO NOTHING", build=build)


# --- card links --------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinkRow:
    """Which resident of which city a card belongs to."""

    city: str
    resident: str
    card_issued: date

    def __repr__(self) -> str:
        return f"LinkRow({self.city}, …)"


def find_link(tx: Transaction, card: bytes) -> LinkRow | None:
    row = tx.one("SELECT city, resident, card_issued FROM card_links WHERE card = :card", card=card)
    if row is None:
        return None
    return LinkRow(row["city"], row["resident"], date.fromisoformat(row["card_issued"]))


def put_link(tx: Transaction, card: bytes, link: LinkRow) -> None:
    tx.run(
        "INSERT INTO card_links (card, city, resident, card_issued)"
        " VALUES (:card, :city, :resident, :card_issued) ON CONFLICT (card) DO UPDATE SET"
        " city = excluded.city, resident = excluded.resident, card_issued = excluded.card_issued",
        card=card,
        city=link.city,
        resident=link.resident,
        card_issued=link.card_issued.isoformat(),
    )
