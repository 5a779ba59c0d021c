"""The other side of the seam: a card that signs, and the calls a centre makes."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from backend.city.city import CardHolder, City, SignedOrder
from backend.city.signing import SUITE
from backend.clock import JST
from terminal.link import binding, wire

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=JST)
VISIT = "01890000-0000-7000-8000-000000000001"
ORDER = "01890000-0000-7000-8000-000000000002"
OTHER_ID = "01890000-0000-7000-8000-000000000003"
SERIAL = "7Q2M94XK-0R5THD3C"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Card:
    key: Key
    certificate: bytes

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA384()))


def make_card(key: Key | None = None) -> Card:
    key = key or rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "00000000TEST")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - timedelta(days=400))
        .not_valid_after(NOON + timedelta(days=400))
        .sign(key, hashes.SHA256())
    )
    return Card(key, certificate.public_bytes(Encoding.DER))


@dataclass(frozen=True)
class Counter:
    """Signs in, orders and fetches for any resident, as the centre would."""

    cities: dict[str, City]
    card: Card
    envelope_key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    def holder(self, resident: str, city: str = "wakabano") -> CardHolder:
        return CardHolder(city, resident, date(2025, 6, 2))

    def sign_in(
        self, resident: str, city: str = "wakabano", now: datetime = NOON, visit: str = VISIT
    ) -> wire.SignedIn:
        holder = self.holder(resident, city)
        return self.cities[city].sign_in(holder, visit, now, began=now, certificate_good_as_of=now)

    def offer(
        self, resident: str, city: str = "wakabano", product: wire.Product = wire.Product.RESIDENCE
    ) -> wire.Offer:
        offers = self.sign_in(resident, city).offers
        return next(offer for offer in offers if offer.product is product)

    def order(
        self,
        resident: str,
        city: str = "wakabano",
        *,
        product: wire.Product = wire.Product.RESIDENCE,
        people: tuple[str, ...] | None = None,
        items: tuple[str, ...] = (),
        **changes: Any,
    ) -> wire.Order:
        """An order as the terminal would build it from the offer; everybody by default."""
        offer = self.offer(resident, city, product)
        year = None
        if offer.years:
            year = next((one.year for one in offer.years if one.refusal is None), None)
        notices = {item.notice for item in offer.items if item.item in items} - {None}
        order = wire.Order(
            order=ORDER,
            visit=VISIT,
            terminal="dev-1",
            city=city,
            product=offer.product,
            year=year,
            people=tuple(person.ref for person in offer.people) if people is None else people,
            items=items,
            acknowledged=tuple(sorted({*offer.notices, *filter(None, notices)})),
            copies=1,
            fee_yen=offer.fee_yen,
            tariff=offer.tariff,
        )
        return msgspec.structs.replace(order, **changes)

    def signed(self, order: wire.Order) -> SignedOrder:
        signature = self.card.sign(binding.order_message(order))
        return SignedOrder(order, wire.Algorithm.RS256, signature, self.card.certificate)

    def check(
        self,
        order: wire.Order,
        resident: str,
        now: datetime = NOON,
        *,
        began: datetime | None = None,
    ) -> int:
        city = self.cities[order.city]
        holder = self.holder(resident, order.city)
        return city.check_order(self.signed(order), holder, now, began=began or now)

    def issue(
        self,
        order: wire.Order,
        resident: str,
        *,
        copy: int = 1,
        now: datetime = NOON,
        began: datetime | None = None,
    ) -> bytes:
        return self.cities[order.city].issue(
            self.signed(order),
            self.holder(resident, order.city),
            copy,
            self.envelope_key.public_key().public_bytes_raw(),
            SERIAL,
            now,
            began=began or now,
        )

    def open(self, sealed: bytes, order: wire.Order, copy: int = 1) -> wire.Bundle:
        info = binding.envelope_info(order.visit, order.order, copy)
        return wire.decode(SUITE.decrypt(sealed, self.envelope_key, info=info), wire.Bundle)

    def pages(self, resident: str, city: str = "wakabano", **wishes: Any) -> list[str]:
        """The text of every page, as poppler reads it."""
        order = self.order(resident, city, **wishes)
        self.check(order, resident)
        return self.texts(order, resident)

    def texts(self, order: wire.Order, resident: str) -> list[str]:
        return [text_of(page) for page in self.open(self.issue(order, resident), order).pages]


def text_of(pdf: bytes) -> str:
    """A page's text in the order of its making, so that 見本 lies in no line; without white space."""
    words = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True, timeout=20
    )
    return re.sub(r"\s", "", words.stdout.decode())
