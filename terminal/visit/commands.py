"""What the visit asks the conductor to do. Each ends in events, or is dropped with its visit."""

from __future__ import annotations

from dataclasses import dataclass, field

from terminal.link.wire import SignedIn
from terminal.visit.known import CheckedDocument, Ending, Payment, Visit, Wish


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """Ask the printer, start the worker, open the visit at the centre → VisitReady."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class ReadCard:
    """Identify the card and read its tries left → CardRead."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class ClearPin:
    """Forget the typed digits."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One VERIFY with the typed digits, sign the nonce, sign in → PersonSignedIn."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class SignInAtReader:
    """The same with a PIN typed on the reader's own keys → PinTypedAtReader, PersonSignedIn."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Sign the order's digest with the card, place it → OrderTaken."""

    visit: Visit
    person: SignedIn = field(repr=False)
    wish: Wish = field(repr=False)


@dataclass(frozen=True, slots=True)
class PrepareDocument:
    """Fetch, open, check, rasterise → DocumentReady."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """Power the card off and let go of it."""


@dataclass(frozen=True, slots=True)
class TakeMoney:
    """Ask the printer once more, then open the slot → MoneyHeld…, Paid."""

    visit: Visit
    document: CheckedDocument


@dataclass(frozen=True, slots=True)
class PauseMoney:
    """Close the slot; what is held stays held."""


@dataclass(frozen=True, slots=True)
class ReturnMoney:
    """Give back all that is held → MoneyReturned or MoneyStuck."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class Print:
    """→ SheetOut…, Printed or PrintFailed."""

    visit: Visit
    document: CheckedDocument
    payment: Payment


@dataclass(frozen=True, slots=True)
class KeepMoney:
    """Keep the amount, give change, print the receipt → MoneyKept."""

    visit: Visit
    document: CheckedDocument
    payment: Payment


@dataclass(frozen=True, slots=True)
class RaiseIncident:
    """Something a person must look at; blocks the next visit until cleared (decision i)."""

    visit: Visit
    kind: str


@dataclass(frozen=True, slots=True)
class EndVisit:
    """Void what is not finished, tell the centre, wipe the worker, drop late answers (I-7, I-16)."""

    visit: Visit
    ending: Ending


@dataclass(frozen=True, slots=True)
class ClearTroubles:
    """A supervisor has looked and says it is in order. ``distrust``: sensors that still see something
    are wrong, and are not relied on from now on."""

    distrust: bool = False


Command = (
    OpenVisit
    | ReadCard
    | ClearPin
    | SignIn
    | SignInAtReader
    | PlaceOrder
    | PrepareDocument
    | ReleaseCard
    | TakeMoney
    | PauseMoney
    | ReturnMoney
    | Print
    | KeepMoney
    | RaiseIncident
    | EndVisit
    | ClearTroubles
)
