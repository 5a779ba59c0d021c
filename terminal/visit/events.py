"""What can happen to the terminal, seen from the visit. The conductor translates everything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from terminal.link.wire import Refusal, SignedIn
from terminal.visit.known import Belongings, CardFacts, CardFault, CheckedDocument, Payment
from terminal.visit.screen import ScreenKey

# --- the person ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pressed:
    key: ScreenKey


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of the screen's choices, by its value."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """By its code, of those the terminal speaks."""

    language: str


@dataclass(frozen=True, slots=True)
class PinTyped:
    """How many digits are in the buffer now; never which."""

    count: int


# --- the card --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CardInserted:
    fault: CardFault | None = None


@dataclass(frozen=True, slots=True)
class CardRemoved:
    pass


@dataclass(frozen=True, slots=True)
class ReaderLost:
    """The card reader cannot be seen any more: nor whether a card lies in it."""


@dataclass(frozen=True, slots=True)
class CardRead:
    card: CardFacts


@dataclass(frozen=True, slots=True)
class PinTypedAtReader:
    """The reader's own keys have done their part; what the card says to it follows."""


@dataclass(frozen=True, slots=True)
class TypingCancelled:
    """The reader's own cancel key was pressed; the card was asked nothing."""


@dataclass(frozen=True, slots=True)
class TypingTimedOut:
    """The reader has waited long enough for a PIN; the card was asked nothing."""


@dataclass(frozen=True, slots=True)
class PinNotTaken:
    """Something else than four digits was typed on the reader's keys; it cost no try."""


@dataclass(frozen=True, slots=True)
class PinRejected:
    tries_left: int


# --- the link and the document ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VisitReady:
    """Centre, worker and printer are ready for this visit."""


@dataclass(frozen=True, slots=True)
class PersonSignedIn:
    person: SignedIn = field(repr=False)


@dataclass(frozen=True, slots=True)
class OrderTaken:
    """The centre accepted the signed order."""


@dataclass(frozen=True, slots=True)
class DocumentReady:
    document: CheckedDocument


@dataclass(frozen=True, slots=True)
class ActRefused:
    """An act of ours ended in a refusal (by card, centre, city, or a failure of our own: P5)."""

    refusal: Refusal


# --- money and paper -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoneyHeld:
    held_yen: int


@dataclass(frozen=True, slots=True)
class Paid:
    payment: Payment


@dataclass(frozen=True, slots=True)
class MoneyKept:
    pass


@dataclass(frozen=True, slots=True)
class MoneyReturned:
    yen: int


@dataclass(frozen=True, slots=True)
class MoneyStuck:
    """Money is not settled, and only a person can (decision d). ``owed``: some of it is the visitor's."""

    reference: str
    owed: bool = True


@dataclass(frozen=True, slots=True)
class SheetOut:
    sheet: int


@dataclass(frozen=True, slots=True)
class Printed:
    """The last good sheet is out."""


@dataclass(frozen=True, slots=True)
class PrintFailed:
    """``sheets_out`` is None when nobody can tell how many came out."""

    refusal: Refusal
    sheets_out: int | None


@dataclass(frozen=True, slots=True)
class BelongingsChanged:
    belongings: Belongings


# --- the terminal ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The state's time is over."""


@dataclass(frozen=True, slots=True)
class ServiceChanged:
    """Whether a new visit may begin: closed by the calendar, or out of service, or neither.

    ``notes``: what staff should look at although it keeps nobody out.
    """

    closed_reason: str | None = None
    opens: datetime | None = None
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SupervisorSwitched:
    on: bool


Event = (
    Pressed
    | Chosen
    | LanguageChosen
    | PinTyped
    | CardInserted
    | CardRemoved
    | ReaderLost
    | CardRead
    | PinTypedAtReader
    | TypingCancelled
    | TypingTimedOut
    | PinNotTaken
    | PinRejected
    | VisitReady
    | PersonSignedIn
    | OrderTaken
    | DocumentReady
    | ActRefused
    | MoneyHeld
    | Paid
    | MoneyKept
    | MoneyReturned
    | MoneyStuck
    | SheetOut
    | Printed
    | PrintFailed
    | BelongingsChanged
    | TimedOut
    | ServiceChanged
    | SupervisorSwitched
)
