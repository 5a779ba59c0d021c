"""The seal on every page, read from the rendered page by another reader, and verified by another library."""

from __future__ import annotations

import io
import json
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import structs
from PIL import Image

from backend.city import page_seal
from backend.city.city import City
from backend.city.page_seal import LARGEST_VERSION, Sealing, SealTooLarge, content_digest, drawn
from terminal.link import wire
from terminal.link.wire import Product
from terminal.seal.code import Fact, Seal, opened
from terminal.seal.scan import codes
from tests.backend.city.counter import NOON, SERIAL, Counter
from tests.backend.city.test_forms import lines, sheet

OTHER_LIBRARY = Path(".venv/interop/bin/python")
CASES = [
    (Product.RESIDENCE, "w-0201", "wakabano", 1),
    (Product.RESIDENCE, "s-0302", "shiomi", 2),
    (Product.SEAL_REGISTRATION, "w-0501", "wakabano", 1),
    (Product.TAXATION, "w-0201", "wakabano", 1),
    (Product.INCOME, "w-0202", "wakabano", 1),
    (Product.FAMILY_REGISTER, "w-0201", "wakabano", 2),
    (Product.FAMILY_REGISTER_EXTRACT, "w-0201", "wakabano", 2),
    (Product.FAMILY_REGISTER_ADDRESSES, "w-0201", "wakabano", 1),
]


def rendered(pdf: bytes, dpi: int = 300) -> Image.Image:
    page = pypdfium2.PdfDocument(pdf)[0]
    image: Image.Image = page.render(scale=dpi / 72, grayscale=True).to_pil()  # pyright: ignore[reportArgumentType]
    return image.convert("L")


def code_on(pdf: bytes, dpi: int = 300) -> str:
    (code,) = codes(np.asarray(rendered(pdf, dpi)))
    return code


def keys(city: City) -> dict[str, Ed25519PublicKey]:
    return {city.key.id: Ed25519PublicKey.from_public_bytes(city.key.public_bytes)}


def issued(
    counter: Counter, resident: str, city: str, product: Product
) -> tuple[wire.Order, wire.Manifest, tuple[bytes, ...]]:
    order = counter.order(resident, city, product=product)
    bundle = counter.open(counter.issue(order, resident), order)
    return order, wire.decode(bundle.manifest, wire.Manifest), bundle.pages


@pytest.mark.parametrize(("product", "resident", "city", "pages"), CASES, ids=str)
def test_R60_every_page_says_what_it_is_and_which_came_before(
    counter: Counter, product: Product, resident: str, city: str, pages: int
) -> None:
    order, manifest, pdfs = issued(counter, resident, city, product)
    assert len(pdfs) == len(manifest.contents) == pages
    for number, pdf in enumerate(pdfs, 1):
        assert opened(code_on(pdf), keys(counter.cities[city])) == Seal(
            key_id=manifest.key_id,
            city=city,
            kind=product,
            serial=SERIAL,
            page=number,
            pages=pages,
            issued=NOON.date(),
            content=manifest.contents[number - 1],
            before=manifest.contents[number - 2] if number > 1 else None,
            year=order.year,
            facts=(),
        )
    assert len(set(manifest.contents)) == pages


@pytest.mark.parametrize("dpi", [200, 300, 600])
def test_R60_the_code_can_be_read_from_a_scan(counter: Counter, dpi: int) -> None:
    _, _, (pdf,) = issued(counter, "w-0501", "wakabano", Product.SEAL_REGISTRATION)
    assert code_on(pdf, dpi).startswith("MG1:")
    askew = rendered(pdf, dpi).rotate(3, fillcolor=255, resample=Image.Resampling.BICUBIC)
    assert codes(np.asarray(askew)) == (code_on(pdf),)


def with_facts(counter: Counter, city: str) -> Counter:
    office = counter.cities[city]
    changed = City(
        structs.replace(
            office.configuration, seal=structs.replace(office.configuration.seal, facts=True)
        ),
        office._registry,
        office.key,
        office._typesetter,
        office._fonts,
    )
    return replace(counter, cities={**counter.cities, city: changed})


def test_R60_a_city_may_say_whom_a_page_is_about_and_never_a_number(counter: Counter) -> None:
    office = with_facts(counter, "shiomi")
    items = ("my_number", "registered_domicile", "head_and_relationship")
    order = office.order("s-0302", "shiomi", items=items)
    bundle = office.open(office.issue(order, "s-0302"), order)
    found = [opened(code_on(pdf), keys(office.cities["shiomi"])).facts for pdf in bundle.pages]
    names = [person.name for person in office.sign_in("s-0302", "shiomi").offers[0].people]
    assert [fact.name for page in found for fact in page] == names
    assert found[0][0].birth == date(1949, 11, 23)
    assert [len(page) for page in found] == [4, 2]
    for pdf in bundle.pages:
        assert not any(len(part) >= 12 and part.isdigit() for part in code_on(pdf).split())


def test_R60_facts_that_have_no_room_are_left_out_and_the_seal_stays(counter: Counter) -> None:
    sealing = Sealing(
        counter.cities["wakabano"].key, "wakabano", Product.RESIDENCE, None, NOON.date()
    )
    one = (("residence_person", sheet(lines())),)
    few = (("渡邊　蓮", date(1988, 12, 31)),)
    many = tuple((f"長い名前の人{number}" * 3, date(1988, 12, 31)) for number in range(40))
    says = []
    for facts in (few, many):
        ((_, sealed, _),) = sealing.sealed(one, (facts,))
        assert sealed.seal is not None
        picture = Image.open(io.BytesIO(bytes(sealed.seal.picture))).convert("L")
        side = sealed.seal.modules * 8
        dots = np.pad(np.asarray(picture.resize((side, side), 0)), 40, constant_values=255)
        says.append(opened(codes(dots)[0], keys(counter.cities["wakabano"])).facts)
    assert says == [(Fact("渡邊　蓮", date(1988, 12, 31)),), ()]
    with pytest.raises(SealTooLarge, match=f" {LARGEST_VERSION}"):
        drawn(page_seal.PREFIX + "A" * 1500)


def test_I3_the_digest_is_of_all_that_a_page_says() -> None:
    plain = content_digest(sheet(lines()))
    assert plain == content_digest(structs.replace(sheet(lines()), seal=drawn("MG1:A")))
    others = [
        content_digest(sheet(lines(name="渡邉　蓮"))),
        content_digest(sheet(lines(), serial="S-2")),
        content_digest(sheet(lines(), mayor="若葉野市長　別人")),
        content_digest(structs.replace(sheet(lines()), pages=2)),
    ]
    assert len({plain, *others}) == 5


def test_R60_another_library_verifies_it_too(counter: Counter) -> None:
    """pycose, which nobody here wrote, in an environment of its own."""
    _, manifest, pdfs = issued(counter, "w-0201", "wakabano", Product.FAMILY_REGISTER)
    key = counter.cities["wakabano"].key
    given = {"key": key.public_bytes.hex(), "codes": [code_on(pdf) for pdf in pdfs]}
    ran = subprocess.run(
        [str(OTHER_LIBRARY), "tests/interop/cose.py"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert [one["verified"] for one in said] == [True, True]
    assert [one["tampered"] for one in said] == [False, False]
    assert [one["kid"] for one in said] == [manifest.key_id] * 2
    assert [bytes.fromhex(one["payload"]["7"]) for one in said] == list(manifest.contents)
