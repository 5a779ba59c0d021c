"""The sample city's own forms, through the terminal's envelope, clerk and rasteriser."""

from __future__ import annotations

import io
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from backend.city.opening import SAMPLE, load_cities
from backend.city.signing import seal
from backend.sample_people.personas import seed
from drivers.printer.a4 import a4
from drivers.printer.pwg import read_pages
from terminal.document.envelope import VisitKey
from terminal.document.errors import ClerkDisagreement, Disagreement
from terminal.document.messages import Expected, Prepare
from terminal.document.worker import Preparation
from terminal.link import binding, wire
from tests.backend.city.counter import NOON, SERIAL, Counter, make_card
from tests.backend.city.test_page_seal import with_facts

FORMAT = a4(300)
KEY = VisitKey()


@pytest.fixture(scope="module", name="keys")
def _keys() -> dict[str, Ed25519PrivateKey]:
    return {code: Ed25519PrivateKey.generate() for code in ("wakabano", "shiomi")}


@pytest.fixture(scope="module", name="counter")
def _counter(
    keys: dict[str, Ed25519PrivateKey], tmp_path_factory: pytest.TempPathFactory
) -> Counter:
    directory = tmp_path_factory.mktemp("city")
    registry = directory / "residents.sqlite3"
    with closing(sqlite3.connect(registry)) as connection:
        seed(connection, NOON.date())
    for code, key in keys.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / f"{code}.pem").write_bytes(pem)
    return Counter(load_cities(SAMPLE, registry=registry, keys=directory), make_card())


def pem_of(key: Ed25519PrivateKey) -> dict[str, bytes]:
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {binding.key_id(public.public_bytes_raw()): pem}


RESIDENCE = wire.Product.RESIDENCE
CASES = [
    (RESIDENCE, "w-0101", "wakabano", 1),
    (RESIDENCE, "w-0201", "wakabano", 1),
    (RESIDENCE, "s-0301", "shiomi", 2),
    (RESIDENCE, "s-0401", "shiomi", 1),
    (RESIDENCE, "w-0501", "wakabano", 1),
    (RESIDENCE, "p-nguyen-diacritics-1", "wakabano", 1),
    (wire.Product.SEAL_REGISTRATION, "w-0501", "wakabano", 1),
    (wire.Product.SEAL_REGISTRATION, "p-kim-hangul-1", "shiomi", 1),
    (wire.Product.TAXATION, "w-0201", "wakabano", 1),
    (wire.Product.TAXATION, "s-0401", "shiomi", 1),
    (wire.Product.INCOME, "w-0202", "wakabano", 1),
    (wire.Product.FAMILY_REGISTER, "w-0201", "wakabano", 2),
    (wire.Product.FAMILY_REGISTER, "s-0302", "shiomi", 2),
    (wire.Product.FAMILY_REGISTER_EXTRACT, "w-0201", "wakabano", 2),
    (wire.Product.FAMILY_REGISTER_ADDRESSES, "w-0201", "wakabano", 1),
]


@pytest.mark.parametrize("chosen", ["nothing", "every item", "names in the seal"])
@pytest.mark.parametrize(("product", "resident", "city", "sheets"), CASES, ids=str)
def test_I4_the_clerk_agrees_with_what_the_city_really_makes(
    counter: Counter,
    keys: dict[str, Ed25519PrivateKey],
    product: wire.Product,
    resident: str,
    city: str,
    sheets: int,
    chosen: str,
) -> None:
    if chosen == "names in the seal":
        counter = with_facts(counter, city)
    offer = counter.offer(resident, city, product)
    items = tuple(item.item for item in offer.items) if chosen == "every item" else ()
    order = counter.order(resident, city, product=product, items=items)
    preparation = prepared(counter, keys, order, resident)
    ready = preparation.add(sealed(counter, order, resident))
    assert (ready.serial, ready.sheets) == (SERIAL, sheets)
    length = preparation.finish().length
    raster = io.BytesIO(os.pread(preparation.vault.fd, length, 0))
    assert len(list(read_pages(raster))) == sheets
    preparation.wipe()


def test_R36_I4_another_year_than_was_ordered_is_stopped(
    counter: Counter, keys: dict[str, Ed25519PrivateKey]
) -> None:
    """A city that makes last year's certificate of an order for this year's."""
    order = counter.order("s-0401", "shiomi", product=wire.Product.TAXATION)
    other = msgspec.structs.replace(order, year=2025)
    assert order.year == 2026
    preparation = prepared(counter, keys, other, "s-0401")
    forged = sealed(counter, order, "s-0401", signed_as=other)
    with pytest.raises(ClerkDisagreement) as caught:
        preparation.add(forged)
    assert caught.value.what is Disagreement.YEAR
    preparation.wipe()


def sealed(
    counter: Counter, order: wire.Order, resident: str, *, signed_as: wire.Order | None = None
) -> wire.SealedDocument:
    """What the city makes of an order; ``signed_as``: whose manifest it then says it is."""
    city = counter.cities[order.city]
    holder = counter.holder(resident, order.city)
    document = city.issue(counter.signed(order), holder, 1, KEY.public, SERIAL, NOON, began=NOON)
    if signed_as is not None:
        info = binding.envelope_info(order.visit, order.order, 1)
        bundle = wire.decode(KEY.open(document, info), wire.Bundle)
        manifest = msgspec.structs.replace(
            wire.decode(bundle.manifest, wire.Manifest),
            order_digest=binding.order_digest(signed_as),
        )
        document = seal(city.key.sign_bundle(manifest, bundle.pages), KEY.public, info)
    return wire.SealedDocument(order=order.order, copy=1, sealed=document)


def prepared(
    counter: Counter, keys: dict[str, Ed25519PrivateKey], order: wire.Order, resident: str
) -> Preparation:
    signed_in = counter.sign_in(resident, order.city)
    offer = counter.offer(resident, order.city, order.product)
    expected = Expected(
        order=order,
        subject_tag=signed_in.subject_tag,
        names=tuple(person.name for person in offer.people if person.ref in order.people),
        city_name=signed_in.city_name,
        not_before=_near(NOON, -1),
        not_after=_near(NOON, 1),
    )
    return Preparation(
        KEY,
        Prepare(
            expected=expected,
            page_format=FORMAT,
            city_keys=pem_of(keys[order.city]),
            require_locked=False,
        ),
    )


def _near(moment: datetime, minutes: int) -> datetime:
    return moment + timedelta(minutes=minutes)
