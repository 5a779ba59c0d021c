"""A city as the centre sees it: who may have what, whether an order stands, and the sealed document.

Nothing is remembered between the calls. Each derives everything again, from the registry as it is
then and from the order that the card signed: whatever was said at sign-in, an issue stands on its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from cryptography import x509

from backend.card_signature import is_signed_by
from backend.city import certificates, orders, signing
from backend.city.casework import case_of
from backend.city.certificates import Content, Selection
from backend.city.certificates.content import Edition
from backend.city.configuration import Configuration
from backend.city.glyphs import Fonts
from backend.city.orders import OrderMismatch
from backend.city.page_seal import Sealing
from backend.city.registry import openings
from backend.city.registry.snapshot import (
    Registry,
    RegistryIncomplete,
    RegistryUnreadable,
    Snapshot,
)
from backend.city.rules.case import CardHolder, Case, Finding
from backend.city.rules.judge import judge, judge_visit
from backend.city.typesetting import FormBroken, FormOverflow, NotDrawn, Typesetter
from backend.clock import JST
from terminal.link import binding, wire
from terminal.link.wire import Product

__all__ = [
    "CardHolder",
    "City",
    "FormBroken",
    "OrderMismatch",
    "RegistryIncomplete",
    "RegistryUnreadable",
    "SignedOrder",
]

logger = logging.getLogger(__name__)

# As long as any serial can be: a set that fits with it fits with the real one.
_LONGEST_SERIAL = "X" * 64


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """All that the city needs to check an order by itself (I-2)."""

    order: wire.Order
    algorithm: wire.Algorithm
    signature: bytes = field(repr=False)
    certificate: bytes = field(repr=False)


class City:
    """One city: its configuration, its view of the registry, its key, its forms and fonts."""

    def __init__(
        self,
        city: Configuration,
        registry: Registry,
        key: signing.CityKey,
        typesetter: Typesetter,
        fonts: Fonts,
    ) -> None:
        self.configuration = city
        self.key = key
        self._registry = registry
        self._typesetter = typesetter
        self._fonts = fonts

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

    def case(
        self,
        holder: CardHolder,
        now: datetime,
        *,
        began: datetime,
        site: str | None = None,
    ) -> Case:
        """All that decides about everything the city offers, read in one snapshot (I-9).

        Raises OrderMismatch, RegistryUnreadable.
        """
        products = self.configuration.products.keys()
        with self._registry.snapshot(openings.to_judge(products)) as snapshot:
            return self._case(snapshot, holder, products, now, began=began, site=site)

    def sign_in(
        self,
        holder: CardHolder,
        visit: wire.Id,
        now: datetime,
        *,
        began: datetime,
        certificate_good_as_of: datetime,
        site: str | None = None,
    ) -> wire.SignedIn:
        """What the card's holder may have in a visit that began then, at that site.

        ``certificate_good_as_of`` is the centre's to know, and is passed on (I-9).

        Raises Refused, RegistryUnreadable.
        """
        case = self.case(holder, now, began=began, site=site)
        self._refuse_on(judge_visit(case))
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

    def check_order(
        self,
        signed: SignedOrder,
        holder: CardHolder,
        now: datetime,
        *,
        began: datetime,
        site: str | None = None,
    ) -> int:
        """The total in yen of an order that can be issued as it stands, form and all.

        Raises Refused, OrderMismatch, RegistryUnreadable, FormBroken.
        """
        content = self._read(signed, holder, now, accepted=False, began=began, site=site)
        self._set(signed.order, content, self._edition(content, _LONGEST_SERIAL, now))
        return signed.order.fee_yen * signed.order.copies

    def issue(
        self,
        signed: SignedOrder,
        holder: CardHolder,
        copy: int,
        public_key: bytes,
        serial: str,
        now: datetime,
        *,
        began: datetime,
        site: str | None = None,
    ) -> bytes:
        """One copy, signed page by page (I-3) and sealed to the visit's key (I-1).

        Raises Refused, OrderMismatch, RegistryUnreadable, FormBroken.
        """
        order = signed.order
        if not 1 <= copy <= order.copies:
            raise OrderMismatch("copies", f"copy {copy} of {order.copies}")
        content = self._read(signed, holder, now, accepted=True, began=began, site=site)
        edition = self._edition(content, serial, now)
        contents, pages = self._set(order, content, edition)
        manifest = wire.Manifest(
            order_digest=binding.order_digest(order),
            subject_tag=self.key.subject_tag(order.visit, holder.resident),
            city=self.code,
            product=order.product,
            copy=copy,
            serial=serial,
            issued_at=now.astimezone(JST),
            issue_date=edition.issued,
            pages=tuple(sha256(page).digest() for page in pages),
            contents=contents,
            key_id=self.key.id,
        )
        logger.info("order %s copy %d: %d sheets made", order.order, copy, len(pages))
        return signing.seal(
            self.key.sign_bundle(manifest, pages),
            public_key,
            binding.envelope_info(order.visit, order.order, copy),
        )

    def _read(
        self,
        signed: SignedOrder,
        holder: CardHolder,
        now: datetime,
        *,
        accepted: bool,
        began: datetime,
        site: str | None,
    ) -> Content:
        """Judge the order and read what it asks for, from one snapshot (I-9)."""
        order = signed.order
        self._check_addressed(signed)
        request = orders.request_of(order)
        with self._registry.snapshot(openings.to_issue(order.product, order.items)) as snapshot:
            case = self._case(snapshot, holder, [order.product], now, began=began, site=site)
            permit = judge(case, request)
            if isinstance(permit, Finding):
                raise permit.refused(self.configuration)
            selection: Selection = orders.select(permit, order, self.key)
            self._refuse_on(orders.check_fee(case, order, accepted=accepted))
            return certificates.read(snapshot, selection)

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
        products: Iterable[Product],
        now: datetime,
        *,
        began: datetime,
        site: str | None = None,
    ) -> Case:
        if holder.city != self.code:
            raise OrderMismatch("city", f"not a card linked to {self.code}")
        return case_of(snapshot, self.configuration, holder, products, now, began=began, site=site)

    def _edition(self, content: Content, serial: str, now: datetime) -> Edition:
        second = self._fonts.second_for(content.names())
        issued = now.astimezone(JST).date()
        return Edition(self.configuration, serial, issued, self._typesetter.measure, second)

    def _set(
        self, order: wire.Order, content: Content, edition: Edition
    ) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """The set's pages: what each says as a digest, and each as its own PDF.

        Raises Refused if something does not fit its field, or cannot be drawn as it is written.
        """
        sealing = Sealing(self.key, self.code, order.product, order.year, edition.issued)
        try:
            sheets = content.sheets(edition)
            nobody = ((),) * len(sheets)
            facts = content.facts(len(sheets)) if self.configuration.seal.facts else nobody
            sealed = list(sealing.sealed(sheets, facts))
            pages = tuple(self._typesetter.set(form, sheet) for form, sheet, _ in sealed)
            return tuple(digest for _, _, digest in sealed), pages
        except FormOverflow as error:
            finding = Finding("refused.too_long", "too long")
            raise finding.refused(self.configuration) from error
        except NotDrawn as error:
            finding = Finding("refused.characters", "characters")
            raise finding.refused(self.configuration) from error

    def _refuse_on(self, finding: Finding | None) -> None:
        if finding is not None:
            raise finding.refused(self.configuration)
