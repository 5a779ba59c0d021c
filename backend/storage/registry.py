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
    site: str | None = None


@dataclass(frozen=True)
class OperatorRow:
    """Who puts terminals up, and until when (R10, R12)."""

    operator: str
    valid_from: date
    valid_to: date | None


def find_operator(tx: Transaction, operator: str) -> OperatorRow | None:
    row = tx.one(
        "SELECT operator, valid_from, valid_to FROM operators WHERE operator = :operator",
        operator=operator,
    )
    if row is None:
        return None
    return OperatorRow(
        row["operator"], date.fromisoformat(row["valid_from"]), _optional_date(row["valid_to"])
    )


def put_operator(tx: Transaction, row: OperatorRow) -> None:
    tx.run(
        "INSERT INTO operators (operator, valid_from, valid_to)"
        " VALUES (:operator, :valid_from, :valid_to)"
        " ON CONFLICT (operator) DO UPDATE SET valid_from = excluded.valid_from,"
        " valid_to = excluded.valid_to",
        operator=row.operator,
        valid_from=row.valid_from.isoformat(),
        valid_to=_optional_text(row.valid_to),
    )


def find_terminal(tx: Transaction, terminal: str) -> TerminalRow | None:
    row = tx.one(
        "SELECT terminal, operator, valid_from, valid_to, site FROM terminals"
        " WHERE terminal = :terminal",
        terminal=terminal,
    )
    if row is None:
        return None
    return TerminalRow(
        row["terminal"],
        row["operator"],
        date.fromisoformat(row["valid_from"]),
        _optional_date(row["valid_to"]),
        row["site"],
    )


def sites(tx: Transaction) -> dict[str, str]:
    """Where the terminals stand of which that is known."""
    rows = tx.rows("SELECT terminal, site FROM terminals WHERE site IS NOT NULL")
    return {str(row["terminal"]): str(row["site"]) for row in rows}


def put_terminal(tx: Transaction, row: TerminalRow) -> None:
    tx.run(
        "INSERT INTO terminals (terminal, operator, valid_from, valid_to, site)"
        " VALUES (:terminal, :operator, :valid_from, :valid_to, :site)"
        " ON CONFLICT (terminal) DO UPDATE SET operator = excluded.operator,"
        " valid_from = excluded.valid_from, valid_to = excluded.valid_to, site = excluded.site",
        terminal=row.terminal,
        operator=row.operator,
        valid_from=row.valid_from.isoformat(),
        valid_to=_optional_text(row.valid_to),
        site=row.site,
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
    """Which resident of which city a card belongs to, and what was done with the card when (R40)."""

    city: str
    resident: str
    card_issued: date
    continued_on: date | None = None
    pin_changed_on: date | None = None

    def __repr__(self) -> str:
        return f"LinkRow({self.city}, …)"


def find_link(tx: Transaction, card: bytes) -> LinkRow | None:
    row = tx.one(
        "SELECT city, resident, card_issued, continued_on, pin_changed_on FROM card_links"
        " WHERE card = :card",
        card=card,
    )
    if row is None:
        return None
    return LinkRow(
        row["city"],
        row["resident"],
        date.fromisoformat(row["card_issued"]),
        _optional_date(row["continued_on"]),
        _optional_date(row["pin_changed_on"]),
    )


def put_link(tx: Transaction, card: bytes, link: LinkRow) -> None:
    tx.run(
        "INSERT INTO card_links (card, city, resident, card_issued, continued_on, pin_changed_on)"
        " VALUES (:card, :city, :resident, :card_issued, :continued_on, :pin_changed_on)"
        " ON CONFLICT (card) DO UPDATE SET"
        " city = excluded.city, resident = excluded.resident, card_issued = excluded.card_issued,"
        " continued_on = excluded.continued_on, pin_changed_on = excluded.pin_changed_on",
        card=card,
        city=link.city,
        resident=link.resident,
        card_issued=link.card_issued.isoformat(),
        continued_on=_optional_text(link.continued_on),
        pin_changed_on=_optional_text(link.pin_changed_on),
    )


def _optional_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _optional_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
