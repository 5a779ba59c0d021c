"""What a visit comes to know, and hands on from state to state.

Names of people occur in offers only; their reprs show nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from terminal.link.wire import Offer, Product


class Ending(Enum):
    """How a visit ended, in the journal's words."""

    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    REFUSED = "refused"
    FAILED = "failed"
    VOID = "void, money returned"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's session; ``id`` is random and made once (I-6)."""

    id: str
    language: str = "ja"

    @property
    def reference(self) -> str:
        """What a person can read out, and by which staff find the visit (P5)."""
        return self.id[-12:]


class CardFault(Enum):
    """Why what lies in the reader cannot be read at all."""

    MUTE = "gives no answer"
    SEVERAL = "more than one card"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card says before a PIN is typed; ``tries_left`` 0 is locked (R45).

    ``at_reader``: the PIN is typed on the reader's own keys and never enters the terminal."""

    tries_left: int
    at_reader: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person has put together so far."""

    offer: Offer
    people: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    acknowledged: frozenset[str] = frozenset()
    copies: int = 1
    year: int | None = None

    @property
    def total_yen(self) -> int:
        """Fee times copies (R22)."""
        return self.offer.fee_yen * self.copies


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """Opened, compared with the manifest and read by the clerk: ready to print (I-3, I-4)."""

    order: str
    product: Product
    total_yen: int
    copies: int
    sheets: int
    serials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardReturned:
    """Evidence that the card left the reader: made from a CardRemoved event, nowhere else."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    """The full amount is in escrow."""

    amount_yen: int
    reference: str


@dataclass(frozen=True, slots=True)
class Belongings:
    """What lies at the terminal that belongs to a person (R66–R68). None: no sensor can tell."""

    card: bool = False
    sheets: bool | None = False
    receipt: bool | None = False
    change: bool | None = False

    @property
    def seen(self) -> tuple[str, ...]:
        """The names of what certainly lies there, the most urgent first."""
        lying = {
            "card": self.card,
            "sheets": self.sheets,
            "receipt": self.receipt,
            "change": self.change,
        }
        return tuple(name for name, lies in lying.items() if lies)

    @property
    def any_seen(self) -> bool:
        return bool(self.seen)

    @property
    def any_unknown(self) -> bool:
        """Something may lie there that no sensor can tell of: the person must."""
        return self.sheets is None or self.receipt is None or self.change is None
