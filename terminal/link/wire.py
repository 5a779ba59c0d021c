"""The messages between terminal, centre and city: closed structs, JSON on the wire (design.md §4).

This and ``binding`` are the only modules of ``terminal`` that the backend imports. Unknown fields are
refused on both sides. Times are aware (Asia/Tokyo), money is whole yen, ids are UUIDv7 strings made by the
terminal. Who is speaking is the peer's TLS certificate, never a field.

    PUT  /v1/visits/{visit}                       OpenVisit     → VisitOpened
    PUT  /v1/visits/{visit}/sign-in               SignIn        → SignedIn
    PUT  /v1/orders/{order}                       PlaceOrder    → OrderAccepted
    GET  /v1/orders/{order}/documents/{copy}      –             → SealedDocument
    PUT  /v1/orders/{order}/payment               PaymentTaken  → Acknowledged
    PUT  /v1/orders/{order}/result                OrderResult   → ResultReceipt
    PUT  /v1/incidents/{incident}                 Incident      → Acknowledged
    GET  /v1/service                              –             → Service

PUT is idempotent: the same id with the same body answers the same; with another body 422.
A refusal of a person's wish is 403 with a ``Refusal``; anything else that fails is a ``Problem``.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import Enum
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

Id = Annotated[
    str,
    Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
]
Yen = Annotated[int, Meta(gt=0, le=100_000)]
# 年度 are shown and said by the era, from 令和3 on: what was earned in 令和2 is the first that has a plain
# number. Nobody issues older ones at a terminal any more.
Year = Annotated[int, Meta(ge=2021, le=2048)]
Copies = Annotated[int, Meta(ge=1, le=9)]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
SealDigest = Annotated[bytes, Meta(min_length=16, max_length=16)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(max_length=400)]
Moment = Annotated[datetime, Meta(tz=True)]  # aware: one without an offset is refused


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A closed message. Its repr shows no values: they may be names or signatures."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Product(Enum):
    """What can be issued (R16–R21)."""

    RESIDENCE = "residence"
    SEAL_REGISTRATION = "seal_registration"
    TAXATION = "taxation"
    INCOME = "income"
    FAMILY_REGISTER = "family_register"
    FAMILY_REGISTER_EXTRACT = "family_register_extract"
    FAMILY_REGISTER_ADDRESSES = "family_register_addresses"


class Algorithm(Enum):
    """Card signature algorithms; which one is decided by the certificate's key."""

    RS256 = "RS256"
    ES384 = "ES384"


class RefusalClass(Enum):
    """requirements.md, refusal classes. P4 never says why and always looks the same (I-17)."""

    CARD = "P1"
    WHEN = "P2"
    PRODUCT = "P3"
    PERSON = "P4"
    OURS = "P5"


class Contact(Message, frozen=True, kw_only=True):
    """Whom to ask (R55, R70); ``reading`` is the office's name in kana, for those who hear it."""

    office: Text
    telephone: Text
    reading: Text = ""


class Refusal(Message, frozen=True, kw_only=True):
    """Why not, as far as the person may be told. ``reason`` is a text id of the catalogue.

    ``available_from`` is set where waiting helps; ``reference`` lets staff find the audit line.
    """

    kind: RefusalClass
    reason: Short
    available_from: datetime | None = None
    contact: Contact | None = None
    reference: Text = ""


class Problem(Message, frozen=True, kw_only=True):
    """A failure that is not a person's business: ``code`` is stable, ``detail`` is for operators."""

    code: Short
    detail: Text


class Acknowledged(Message, frozen=True, kw_only=True):
    """Stored."""


# --- service ---------------------------------------------------------------------------------


class Closure(Message, frozen=True, kw_only=True):
    """A maintenance window (R9); ``product`` None closes everything."""

    starts: datetime
    ends: datetime
    product: Product | None = None


class DailyHours(Message, frozen=True, kw_only=True):
    """R7 and decision b: no new visit from ``last_start`` on, no issue from ``closes`` on."""

    opens: time
    last_start: time
    closes: time


class DayOfYear(Message, frozen=True, kw_only=True):
    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]


class YearEnd(Message, frozen=True, kw_only=True):
    """Closed from ``first`` to ``last`` inclusive, across the new year (R8)."""

    first: DayOfYear
    last: DayOfYear


class Service(Message, frozen=True, kw_only=True):
    """The calendar a terminal goes by, and the centre's clock to compare its own with."""

    now: datetime
    hours: DailyHours
    year_end: YearEnd
    closures: tuple[Closure, ...]
    hotline: Text
    build_allowed: bool


# --- visit -----------------------------------------------------------------------------------


class OpenVisit(Message, frozen=True, kw_only=True):
    """``public_key`` is the worker's X25519 key: documents of this visit open nowhere else (I-1)."""

    public_key: Digest
    build: Short


class VisitOpened(Message, frozen=True, kw_only=True):
    """``terminal`` is how the centre names this terminal (from its certificate)."""

    terminal: Short
    nonce: Digest
    expires_at: datetime


class SignIn(Message, frozen=True, kw_only=True):
    """The card's signature over ``sign_in_message``."""

    certificate: Annotated[bytes, Meta(min_length=64, max_length=8192)]
    algorithm: Algorithm
    signature: Annotated[bytes, Meta(min_length=64, max_length=1024)]


class Person(Message, frozen=True, kw_only=True):
    """Somebody an offer may cover, known in this visit as ``ref`` only; ``name`` is for choosing.

    ``reading`` is the name in kana, for those who hear it ("" where the register has none).
    """

    ref: Short
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    holder: bool
    reading: Text = ""


class Item(Message, frozen=True, kw_only=True):
    """Something that may be printed if chosen; off until chosen. ``item`` is a text id.

    ``notice`` names a notice that must be acknowledged when the item is chosen (R24).
    """

    item: Short
    notice: str | None = None


class FiscalYear(Message, frozen=True, kw_only=True):
    """A 年度 of which a tax certificate is issued today (R36), or with ``refusal`` is not."""

    year: Year
    refusal: Refusal | None = None


class PeopleChoice(Enum):
    """ANY: whom of the people is chosen. ALL: the certificate is about all of them."""

    ANY = "any"
    ALL = "all"


class Offer(Message, frozen=True, kw_only=True):
    """One certificate this person may, or (with ``refusal``) may not, have today.

    ``years`` is empty unless one must be chosen. ``notices`` must be acknowledged before the order
    whatever is chosen (R33). ``complete``: all of the people make the whole household or register;
    otherwise the sheet says that it is a part.
    """

    product: Product
    fee_yen: Yen
    tariff: Short
    years: Annotated[tuple[FiscalYear, ...], Meta(max_length=9)] = ()
    people: tuple[Person, ...] = ()
    choice: PeopleChoice = PeopleChoice.ANY
    complete: bool = True
    items: tuple[Item, ...] = ()
    notices: tuple[Short, ...] = ()
    max_copies: Copies = 1
    refusal: Refusal | None = None


class SignedIn(Message, frozen=True, kw_only=True):
    """What the signed-in person may have. ``city`` is shown on every later screen.

    ``certificate_good_as_of`` is the moment as of which the authority is known to have called the
    card's certificate good: thisUpdate of the revocation list or OCSP answer that decided (I-9). It
    is never later than the sign-in, and the same however often this is asked; the centre refuses
    where it would be older than its bound.
    """

    certificate_good_as_of: Moment
    city: Short
    city_name: Text
    city_reading: Text = ""
    subject_tag: Digest
    offers: tuple[Offer, ...]
    contact: Contact


# --- order -----------------------------------------------------------------------------------


class Order(Message, frozen=True, kw_only=True):
    """Exactly what is asked for: the card signs its digest (I-2), the manifest repeats it (I-3)."""

    order: Id
    visit: Id
    terminal: Short
    city: Short
    product: Product
    year: Year | None = None
    people: tuple[Short, ...]
    items: tuple[Short, ...]
    acknowledged: tuple[Short, ...]
    copies: Copies
    fee_yen: Yen
    tariff: Short


class PlaceOrder(Message, frozen=True, kw_only=True):
    order: Order
    algorithm: Algorithm
    signature: Annotated[bytes, Meta(min_length=64, max_length=1024)]


class OrderAccepted(Message, frozen=True, kw_only=True):
    """``total_yen`` = fee x copies, frozen now (R22)."""

    digest: Digest
    total_yen: Yen


class SealedDocument(Message, frozen=True, kw_only=True):
    """HPKE (RFC 9180, base mode) of an encoded ``Bundle`` to the visit's public key."""

    order: Id
    copy: Copies
    sealed: bytes


class Manifest(Message, frozen=True, kw_only=True):
    """The city's word on one copy: which order, which pages, which serial (I-3).

    ``contents`` are the digests that the pages' seals name (docs/seal.md).
    """

    order_digest: Digest
    subject_tag: Digest
    city: Short
    product: Product
    copy: Copies
    serial: Short
    issued_at: datetime
    issue_date: date
    pages: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=40)]
    contents: Annotated[tuple[SealDigest, ...], Meta(min_length=1, max_length=40)]
    key_id: Short


class Bundle(Message, frozen=True, kw_only=True):
    """What is sealed: the encoded manifest, the city's Ed25519 signature over
    ``manifest_message``, and every page as a one-page PDF."""

    manifest: bytes
    signature: bytes
    pages: tuple[bytes, ...]


class PaymentTaken(Message, frozen=True, kw_only=True):
    amount_yen: Yen
    reference: Short


class Outcome(Enum):
    PRINTED = "printed"
    VOID = "void"
    SUSPECT = "suspect"


class OrderResult(Message, frozen=True, kw_only=True):
    """How the order ended; counters are the printer's own page counter, when it has one."""

    outcome: Outcome
    reason: Text
    serials: tuple[Short, ...] = ()
    sheets_out: int | None = None
    impressions_before: int | None = None
    impressions_after: int | None = None
    refunded_yen: Annotated[int, Meta(ge=0)] = 0


class ResultReceipt(Message, frozen=True, kw_only=True):
    order: Id
    outcome: Outcome
    recorded_at: datetime


class Incident(Message, frozen=True, kw_only=True):
    """Something a person must look at. Carries no personal data."""

    kind: Short
    at: datetime
    order: Id | None = None
    detail: Text = ""


# --- on the wire -----------------------------------------------------------------------------

_ENCODER = msgspec.json.Encoder(order="deterministic")
_T = TypeVar("_T")


def encode(message: Message) -> bytes:
    """Canonical JSON: the same message is always the same bytes, so its digest can be signed."""
    return _ENCODER.encode(message)


def decode(data: bytes, kind: type[_T]) -> _T:
    """Strict decoding; raises msgspec.ValidationError or msgspec.DecodeError."""
    return msgspec.json.decode(data, type=kind)
