"""Every certificate as a picture: the pages in ``pages/`` were looked at, and what is made today looks the same.

``MADOGUCHI_WRITE=1`` makes them anew, to be looked at again before they are committed.
"""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from terminal.link.wire import Product
from tests.backend.city.counter import Counter

PAGES = Path(__file__).with_name("pages")
WRITE = bool(os.environ.get("MADOGUCHI_WRITE"))
DPI = 80
# A renderer of another version smooths edges otherwise; a word that moved is far more.
OTHERWISE = 0.004

CASES = {
    "residence-household": (Product.RESIDENCE, "w-0201", "wakabano", "all", ""),
    "residence-household-all-items": (Product.RESIDENCE, "w-0201", "wakabano", "all", "every"),
    "residence-six-people": (Product.RESIDENCE, "s-0302", "shiomi", "all", "every"),
    "residence-person": (Product.RESIDENCE, "w-0501", "wakabano", "me", ""),
    "residence-person-all-items": (Product.RESIDENCE, "w-0501", "wakabano", "me", "every"),
    "residence-foreign": (Product.RESIDENCE, "s-0401", "shiomi", "all", ""),
    "residence-foreign-all-items": (Product.RESIDENCE, "s-0401", "shiomi", "all", "every"),
    "residence-second-font": (Product.RESIDENCE, "p-nguyen-diacritics-1", "wakabano", "all", ""),
    "residence-long-name": (Product.RESIDENCE, "p-long-name-1", "wakabano", "all", "every"),
    "seal-registration": (Product.SEAL_REGISTRATION, "w-0201", "wakabano", "all", ""),
    "seal-registration-foreign": (Product.SEAL_REGISTRATION, "p-kim-hangul-1", "shiomi", "all", ""),
    "taxation": (Product.TAXATION, "w-0201", "wakabano", "all", ""),
    "taxation-nothing-earned": (Product.TAXATION, "w-0202", "wakabano", "all", ""),
    "income": (Product.INCOME, "w-0202", "wakabano", "all", ""),
    "family-register": (Product.FAMILY_REGISTER, "w-0201", "wakabano", "all", ""),
    "family-register-extract": (Product.FAMILY_REGISTER_EXTRACT, "w-0201", "wakabano", "me", ""),
    "addresses": (Product.FAMILY_REGISTER_ADDRESSES, "w-0201", "wakabano", "all", ""),
    "addresses-domicile": (Product.FAMILY_REGISTER_ADDRESSES, "s-0302", "shiomi", "me", "every"),
}


def drawn(pdf: bytes) -> Image.Image:
    command = ["pdftoppm", "-r", str(DPI), "-gray", "-"]
    made = subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=60)
    page = Image.open(io.BytesIO(made.stdout)).convert("L")
    # The seal is another at each issue; what it says is read elsewhere.
    side = round(42 * DPI / 25.4)
    margins = (round(15 * DPI / 25.4), round(10 * DPI / 25.4))
    right, bottom = page.width - margins[0], page.height - margins[1]
    page.paste(255, (right - side, bottom - side, right, bottom))
    return page


@pytest.mark.parametrize("name", CASES)
def test_R16_to_R21_a_page_looks_as_it_was_judged(counter: Counter, name: str) -> None:
    product, resident, city, who, what = CASES[name]
    offer = counter.offer(resident, city, product)
    me = tuple(person.ref for person in offer.people if person.holder)
    order = counter.order(
        resident,
        city,
        product=product,
        people=me if who == "me" else None,
        items=tuple(item.item for item in offer.items) if what else (),
    )
    pages = counter.open(counter.issue(order, resident), order).pages
    for number, pdf in enumerate(pages, 1):
        path = PAGES / f"{name}-{number}.png"
        page = drawn(pdf)
        if WRITE:
            page.quantize(8).save(path, optimize=True)
            continue
        judged = Image.open(path).convert("L")
        difference = ImageChops.difference(page, judged).point([0] * 96 + [255] * 160)
        share = sum(map(bool, difference.tobytes())) / (page.width * page.height)
        assert share < OTHERWISE, f"{path.name}: {share:.3%} of it looks otherwise"
    assert WRITE or not (PAGES / f"{name}-{len(pages) + 1}.png").exists()
