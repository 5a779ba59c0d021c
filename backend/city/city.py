"""A city as the centre sees it: who may have what, whether an order stands, and the sealed document.

Nothing is remembered between the calls. Each derives everything again, from the registry as it is
then and from the order that the card signed: whatever was said at sign-in, an issue stands on its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509

from backend.card_signature import is_signed_by
from backend.city import configuration, orders, residence, rules, signing
from backend.city.configuration import Configuration, ConfigurationError
from backend.city.glyphs import Coverage, find_font, read_coverage
from backend.city.orders import OrderMismatch, Selection
from backend.city.residents import Entry, Registry, RegistryUnreadable, Snapshot
from backend.city.rules import Case, Finding
from backend.city.typesetting import FormBroken, FormOverflow, Typesetter
from backend.clock import JST
from backend.refusals import Refused
from terminal.link import binding, wire

__all__ = [
    "CardHolder",
    "City",
    "ConfigurationError",
    "FormBroken",
    "OrderMismatch",
    "Refused",
    "RegistryUnreadable",
    "ResidentId",
    "SignedOrder",
    "load_cities",
]

logger = logging.getLogger(__name__)

ResidentId = str
# As long as any serial can be: a set that fits with it fits with the real one.
_LONGEST_SERIAL = "X" * 64


@dataclass(frozen=True, slots=True)
class CardHolder:
    """The link of the card that signed in: which resident of which city, and since when (R40)."""

    city: str
    resident: ResidentId = field(repr=False)
    card_issued: date = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """All that the city needs to check an order by itself (I-2)."""

    order: wire.Order
    algorithm: wire.Algorithm
    signature: bytes = field(repr=False)
    certificate: bytes = field(repr=False)


class City:
    """One city: its configuration, its view of the registry, its key and its forms."""

    def __init__(
        self,
        city: Configuration,
        registry: Registry,
        key: signing.CityKey,
        typesetter: Typesetter,
        coverage: Coverage,
    ) -> None:
        self.configuration = city
        self.key = key
        self._registry = registry
        self._typesetter = typesetter
        self._coverage = coverage

    @property
    def code(self) -> str:
        return self.configuration.code

    @property
    def name(self) -> str:
        return self.configuration.name

    @property
    def contact(self) -> wire.Contact:
        """Whom a resident may ask (R70)."""
        return self.configuration.contact

    def sign_in(
        self,
        holder: CardHolder,
        visit: wire.Id,
        now: datetime,
        *,
        began: datetime,
        certificate_good_as_of: datetime,
    ) -> wire.SignedIn:
        """What the card's holder may have in a visit that began then.

        ``certificate_good_as_of`` is the centre's to know, and is passed on (I-9).

        Raises Refused, RegistryUnreadable.
        """
        with self._registry.snapshot() as snapshot:
            case = self._case(snapshot, holder, now, began)
        self._refuse_on(rules.judge_visit(case))
        return wire.SignedIn(
            certificate_good_as_of=certificate_good_as_of.astimezone(JST),
            city=self.code,
            city_name=self.name,
            city_reading=self.configuration.reading,
            subject_tag=self.key.subject_tag(visit, holder.resident),
            offers=tuple(
                orders.offer(case, product, self.key, visit)
                for product in self.configuration.products
            ),
            contact=self.contact,
        )

    def check_order(self, signed: SignedOrder, holder: CardHolder, now: datetime) -> int:
        """The total in yen of an order that can be issued as it stands, form and all.

        Raises Refused, OrderMismatch, RegistryUnreadable, FormBroken.
        """
        selection, entries = self._read(signed, holder, now, accepted=False)
        self._set(selection, entries, serial=_LONGEST_SERIAL, issued=now.astimezone(JST).date())
        return signed.order.fee_yen * signed.order.copies

    def issue(
        self,
        signed: SignedOrder,
        holder: CardHolder,
        copy: int,
        public_key: bytes,
        serial: str,
        now: datetime,
    ) -> bytes:
        """One copy, signed page by page (I-3) and sealed to the visit's key (I-1).

        Raises Refused, OrderMismatch, RegistryUnreadable, FormBroken.
        """
        order = signed.order
        if not 1 <= copy <= order.copies:
            raise OrderMismatch("copies", f"copy {copy} of {order.copies}")
        issued = now.astimezone(JST)
        selection, entries = self._read(signed, holder, now, accepted=True)
        pages = self._set(selection, entries, serial=serial, issued=issued.date())
        manifest = wire.Manifest(
            order_digest=binding.order_digest(order),
            subject_tag=self.key.subject_tag(order.visit, holder.resident),
            city=self.code,
            product=order.product,
            copy=copy,
            serial=serial,
            issued_at=issued,
            issue_date=issued.date(),
            pages=tuple(sha256(page).digest() for page in pages),
            key_id=self.key.id,
        )
        logger.info("order %s copy %d: %d sheets made", order.order, copy, len(pages))
        return signing.seal(
            self.key.sign_bundle(manifest, pages),
            public_key,
            binding.envelope_info(order.visit, order.order, copy),
        )

    def _read(
        self, signed: SignedOrder, holder: CardHolder, now: datetime, *, accepted: bool
    ) -> tuple[Selection, tuple[Entry, ...]]:
        """Judge the order and read what it asks for, from one snapshot (I-9)."""
        order = signed.order
        self._check_addressed(signed)
        with self._registry.snapshot(order.items) as snapshot:
            case = self._case(snapshot, holder, now)
            self._refuse_on(rules.judge_visit(case))
            self._refuse_on(rules.judge_product(case, order.product))
            offered = orders.offer(case, order.product, self.key, order.visit)
            selection = orders.select(case, offered, order, self.key)
            self._refuse_on(orders.check_fee(case, order, accepted=accepted))
            entries = tuple(snapshot.entry(person.id) for person in selection.people)
        if not all(map(self._coverage.draws, _texts(entries))):
            self._refuse_on(Finding("refused.characters", "characters"))
        return selection, entries

    def _check_addressed(self, signed: SignedOrder) -> None:
        """The order is for this city and something it offers, and the card signed just that."""
        order = signed.order
        if order.city != self.code:
            raise OrderMismatch("city", f"not an order for {self.code}")
        if order.product not in self.configuration.products:
            raise OrderMismatch("product", f"{order.product.value} is not offered")
        try:
            card = x509.load_der_x509_certificate(signed.certificate)
        except ValueError as error:
            raise OrderMismatch("signature", "not a card's certificate") from error
        message = binding.order_message(order)
        if not is_signed_by(card, signed.algorithm, signed.signature, message):
            raise OrderMismatch("signature", "the card did not sign this order")

    def _case(
        self,
        snapshot: Snapshot,
        holder: CardHolder,
        now: datetime,
        began: datetime | None = None,
    ) -> Case:
        """Everything the rules may look at. A holder the registry does not know gets nothing."""
        if holder.city != self.code:
            raise OrderMismatch("city", f"not a card linked to {self.code}")
        household = snapshot.household_of(holder.resident, self.code)
        resident = next((one for one in household if one.id == holder.resident), None)
        if resident is None:
            raise Finding("refused.person", "R31").refused(self.configuration)
        return Case(self.configuration, resident, household, holder.card_issued, now, began)

    def _set(
        self, selection: Selection, entries: tuple[Entry, ...], *, serial: str, issued: date
    ) -> tuple[bytes, ...]:
        """The set's pages, each its own PDF; refused if something does not fit its field."""
        form = residence.form_of(
            whole_household=selection.whole_household, people=len(selection.people)
        )
        sheets = residence.sheets(
            self.configuration,
            entries,
            whole_household=selection.whole_household,
            serial=serial,
            issued=issued,
        )
        try:
            return tuple(self._typesetter.set(form, sheet) for sheet in sheets)
        except FormOverflow as error:
            finding = Finding("refused.too_long", "too long")
            raise finding.refused(self.configuration) from error

    def _refuse_on(self, finding: Finding | None) -> None:
        if finding is not None:
            raise finding.refused(self.configuration)


def load_cities(
    directory: Path,
    *,
    registry: Path,
    keys: Path,
    find_font: Callable[[], Path] = find_font,
) -> dict[str, City]:
    """Every city of a directory (DIR/<code>/city.toml), with its key in KEYS/<code>.pem.

    Raises ConfigurationError, or FontMissing when the forms cannot be set on this machine.
    """
    font = find_font()
    coverage, typesetter = read_coverage(font), Typesetter(font)
    cities: dict[str, City] = {}
    for path in sorted(directory.glob("*/city.toml")):
        city = configuration.load(path)
        if city.code != path.parent.name:
            raise ConfigurationError(f"{path}: code {city.code!r} is not its folder's name")
        key = signing.CityKey.load(keys / f"{city.code}.pem")
        cities[city.code] = City(city, Registry(registry), key, typesetter, coverage)
    if not cities:
        raise ConfigurationError(f"{directory}: no folder with a city.toml in it")
    return cities


def _texts(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    return tuple(text for entry in entries for text in residence.printed_texts(entry))
