"""The sample city's own forms, through the terminal's envelope, clerk and rasteriser."""

from __future__ import annotations

import io
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from backend.city import personas, records
from backend.city.city import load_cities
from drivers.printer.a4 import a4
from drivers.printer.pwg import read_pages
from terminal.document.envelope import VisitKey
from terminal.document.messages import Expected, Prepare
from terminal.document.worker import Preparation
from terminal.link import binding, wire
from tests.backend.city.counter import NOON, SERIAL, Counter, make_card

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
        records.store(connection, records.load(personas.SAMPLE / "residents.toml"))
    for code, key in keys.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / f"{code}.pem").write_bytes(pem)
    return Counter(load_cities(personas.SAMPLE, registry=registry, keys=directory), make_card())


def pem_of(key: Ed25519PrivateKey) -> dict[str, bytes]:
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {binding.key_id(public.public_bytes_raw()): pem}


@pytest.mark.parametrize("chosen", ["nothing", "every item"])
@pytest.mark.parametrize(
    ("resident", "city", "sheets"),
    [
        ("w-0101", "wakabano", 1),
        ("w-0201", "wakabano", 1),
        ("s-0301", "shiomi", 2),
        ("s-0401", "shiomi", 1),
        ("w-0501", "wakabano", 1),
    ],
    ids=["alone", "household", "two sheets", "foreign", "rare characters"],
)
def test_I4_the_clerk_agrees_with_what_the_city_really_makes(
    counter: Counter,
    keys: dict[str, Ed25519PrivateKey],
    resident: str,
    city: str,
    sheets: int,
    chosen: str,
) -> None:
    signed_in = counter.sign_in(resident, city)
    offer = signed_in.offers[0]
    items = tuple(item.item for item in offer.items) if chosen == "every item" else ()
    order = counter.order(resident, city, items=items)
    sealed = counter.cities[city].issue(
        counter.signed(order), counter.holder(resident, city), 1, KEY.public, SERIAL, NOON
    )
    expected = Expected(
        order=order,
        subject_tag=signed_in.subject_tag,
        names=tuple(person.name for person in offer.people),
        city_name=signed_in.city_name,
        not_before=_near(NOON, -1),
        not_after=_near(NOON, 1),
    )
    preparation = Preparation(
        KEY,
        Prepare(
            expected=expected,
            page_format=FORMAT,
            city_keys=pem_of(keys[city]),
            require_locked=False,
        ),
    )
    ready = preparation.add(wire.SealedDocument(order=order.order, copy=1, sealed=sealed))
    assert (ready.serial, ready.sheets) == (SERIAL, sheets)
    length = preparation.finish().length
    raster = io.BytesIO(os.pread(preparation.vault.fd, length, 0))
    assert len(list(read_pages(raster))) == sheets
    preparation.wipe()


def _near(moment: datetime, minutes: int) -> datetime:
    return moment + timedelta(minutes=minutes)
