"""Every state of the terminal, in the order a person meets them.

Each is frozen and carries exactly what is known by then: a ``Printing`` cannot be built without a
``Payment``, a ``Paying`` not without a ``CheckedDocument`` and a ``CardReturned``. Names of people occur
in offers only; their reprs show nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from terminal.link.wire import Product, Refusal, SignedIn
from terminal.visit.known import (
    Belongings,
    CardFacts,
    CardFault,
    CardReturned,
    CheckedDocument,
    Ending,
    Payment,
    Visit,
    Wish,
)

# --- the visit, in visiting order ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Idle:
    language: str = "ja"


@dataclass(frozen=True, slots=True)
class Guide:
    """Information that needs no card (R3, R6, R43, R46, R70)."""

    language: str


@dataclass(frozen=True, slots=True)
class Consent:
    """``ready``: the centre and the printer are; ``agreed``: so is the person."""

    visit: Visit
    card_present: bool = False
    ready: bool = False
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class AwaitingCard:
    visit: Visit
    fault: CardFault | None = None


@dataclass(frozen=True, slots=True)
class ReadingCard:
    visit: Visit


@dataclass(frozen=True, slots=True)
class EnteringPin:
    """``typed`` counts digits; the digits themselves are never here. ``warned`` at the last try."""

    visit: Visit
    card: CardFacts
    typed: int = 0
    was_wrong: bool = False
    warned: bool = False


@dataclass(frozen=True, slots=True)
class TypingAtReader:
    """The reader asks for the PIN; the terminal only waits (R14).

    Nothing of the terminal's can stop it: only its own keys, its own clock, or the card that is taken. So
    nothing else ends this state, or the reader would go on asking for a PIN beside the next screen.
    """

    visit: Visit
    card: CardFacts
    was_wrong: bool = False
    again: bool = False
    """Turned with each new try, so that its time begins anew."""


@dataclass(frozen=True, slots=True)
class Authenticating:
    visit: Visit
    card: CardFacts


@dataclass(frozen=True, slots=True)
class ChoosingCertificate:
    visit: Visit
    person: SignedIn = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChoosingYear:
    visit: Visit
    person: SignedIn = field(repr=False)
    wish: Wish = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChoosingPeople:
    visit: Visit
    person: SignedIn = field(repr=False)
    wish: Wish = field(repr=False)
    page: int = 0


@dataclass(frozen=True, slots=True)
class ChoosingItems:
    visit: Visit
    person: SignedIn = field(repr=False)
    wish: Wish = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notices:
    """``pending`` is never empty; its first is on the screen (R24, R33)."""

    visit: Visit
    person: SignedIn = field(repr=False)
    wish: Wish = field(repr=False)
    pending: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirming:
    visit: Visit
    person: SignedIn = field(repr=False)
    wish: Wish = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ordering:
    visit: Visit
    person: SignedIn = field(repr=False)
    wish: Wish = field(repr=False)
    returned: CardReturned | None = None


@dataclass(frozen=True, slots=True)
class Preparing:
    """The card has signed: taking it early (``returned``) does no harm from here on."""

    visit: Visit
    product: Product
    returned: CardReturned | None = None


@dataclass(frozen=True, slots=True)
class ReturningCard:
    """Take the card, then pay. ``asked``: the card came back while money was being asked for.

    Then the slot may still be open and more be in than ``held_yen`` says, so no end of the visit passes it by.
    """

    visit: Visit
    document: CheckedDocument
    held_yen: int = 0
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Paying:
    visit: Visit
    document: CheckedDocument
    returned: CardReturned
    held_yen: int = 0


@dataclass(frozen=True, slots=True)
class Printing:
    visit: Visit
    document: CheckedDocument
    payment: Payment
    printed: int = 0


@dataclass(frozen=True, slots=True)
class HandingOver:
    """All sheets are out. ``kept`` once the money is settled; leaves when nothing lies there.

    ``owed`` is the reference of a claim, where change could not be given."""

    visit: Visit
    document: CheckedDocument
    payment: Payment
    belongings: Belongings | None = None
    kept: bool = False
    owed: str | None = None


@dataclass(frozen=True, slots=True)
class Farewell:
    visit: Visit
    ending: Ending


# --- side ways -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """Why it cannot be, and what to do next. ``no_charge`` says 料金はいただいていません (P5)."""

    visit: Visit
    refusal: Refusal
    card_present: bool
    no_charge: bool = False


@dataclass(frozen=True, slots=True)
class TakingCardBack:
    """The visit is over without a purchase; only the card is still to be taken (R66)."""

    visit: Visit
    ending: Ending


@dataclass(frozen=True, slots=True)
class ReturningMoney:
    """Nothing will be printed (any more): what is held goes back whole (decision d)."""

    visit: Visit
    refusal: Refusal
    ending: Ending
    sheets_out: int | None = 0


@dataclass(frozen=True, slots=True)
class Collecting:
    """Money came back: it must be taken before the next person is served.

    ``belongings`` None here and in HandingOver: not told yet."""

    visit: Visit
    refusal: Refusal
    belongings: Belongings | None = None


@dataclass(frozen=True, slots=True)
class Settling:
    """Something only a person can settle; ``reference`` finds it in the journal."""

    visit: Visit
    reason: str
    reference: str


@dataclass(frozen=True, slots=True)
class Closed:
    language: str
    reason: str
    opens: datetime | None


@dataclass(frozen=True, slots=True)
class OutOfService:
    """``troubles`` are text ids of what is wrong, most telling first."""

    language: str
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supervisor:
    """``notes`` are texts of what works on, but needs to be looked at; ``there`` is what sensors see."""

    language: str
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    there: Belongings = Belongings()


State = (
    Idle
    | Guide
    | Consent
    | AwaitingCard
    | ReadingCard
    | EnteringPin
    | TypingAtReader
    | Authenticating
    | ChoosingCertificate
    | ChoosingYear
    | ChoosingPeople
    | ChoosingItems
    | Notices
    | Confirming
    | Ordering
    | Preparing
    | ReturningCard
    | Paying
    | Printing
    | HandingOver
    | Farewell
    | Refused
    | TakingCardBack
    | ReturningMoney
    | Collecting
    | Settling
    | Closed
    | OutOfService
    | Supervisor
)
