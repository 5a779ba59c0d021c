"""The seal on every page (R60): a signed code that says what the sheet is, for anybody to check offline.

COSE_Sign1 (RFC 9052) over CBOR, signed by the city (EdDSA), in base45 (RFC 9285), in a QR code. What stands
in it, and how it is checked, is docs/seal.md. Each page names the digest of its own content and of the page
before it, so that a sheet of another set, or one that was left out, shows.

A code proves what the city said, not that this paper is the one it said it on: a copied code still verifies.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import base45
import cbor2
import msgspec
import segno
from msgspec import structs
from PIL import Image

from backend.city.signing import CityKey
from backend.city.typesetting import Frame, SealPicture
from terminal.link.wire import Product

PREFIX = "MG1:"
DIGEST_BYTES = 16
LARGEST_VERSION = 17  # the largest QR code for which the forms keep room, its margin included
_EPOCH = date(1970, 1, 1)
_CONTENT = b"madoguchi/page-content/v1\0"
_CONTEXT = b"madoguchi/seal/v1"
# Any of the eight is read as well as any other (ISO/IEC 18004, 7.8): the encoder's own choice among them
# takes five times as long as all the rest, and the terminal reads every code back before it prints.
_MASK = 3
_BLACK_AND_WHITE = bytes([255, 0, *range(2, 256)])  # of the matrix' 0 and 1

# The payload's keys and the kinds' numbers: never reused for anything else.
CITY, KIND, SERIAL, PAGE, PAGES, ISSUED, CONTENT, BEFORE, YEAR, FACTS = range(1, 11)
KINDS = {
    Product.RESIDENCE: 1,
    Product.SEAL_REGISTRATION: 2,
    Product.TAXATION: 3,
    Product.INCOME: 4,
    Product.FAMILY_REGISTER: 5,
    Product.FAMILY_REGISTER_EXTRACT: 6,
    Product.FAMILY_REGISTER_ADDRESSES: 7,
}

Fact = tuple[str, date]
"""Of somebody on the page, where a city wants it: the name and the birth date, and nothing else."""


class SealTooLarge(Exception):
    """More would stand in the code than the form has room for."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What all seals of one set say."""

    key: CityKey
    city: str
    product: Product
    year: int | None
    issued: date

    def sealed(
        self, sheets: tuple[tuple[str, Frame], ...], facts: tuple[tuple[Fact, ...], ...]
    ) -> Iterator[tuple[str, Frame, bytes]]:
        """Each sheet with its code drawn in, and the digest of its content. Raises SealTooLarge.

        ``facts``: page by page whom it is about, all empty for seals of digests alone.
        """
        before: bytes | None = None
        for (form, sheet), said in zip(sheets, facts, strict=True):
            content = content_digest(sheet)
            yield (
                form,
                structs.replace(sheet, seal=self._drawn(sheet, content, before, said)),
                content,
            )
            before = content

    def _drawn(
        self, sheet: Frame, content: bytes, before: bytes | None, facts: tuple[Fact, ...]
    ) -> SealPicture:
        """With the facts where there is room for them."""
        try:
            return drawn(self._code(sheet, content, before, facts))
        except SealTooLarge:
            return drawn(self._code(sheet, content, before, ()))

    def _code(
        self, sheet: Frame, content: bytes, before: bytes | None, facts: tuple[Fact, ...]
    ) -> str:
        said: dict[int, object] = {
            CITY: self.city,
            KIND: KINDS[self.product],
            SERIAL: sheet.serial,
            PAGE: sheet.page,
            PAGES: sheet.pages,
            ISSUED: (self.issued - _EPOCH).days,
            CONTENT: content,
        }
        if before is not None:
            said[BEFORE] = before
        if self.year is not None:
            said[YEAR] = self.year
        if facts:
            said[FACTS] = [[name, (birth - _EPOCH).days] for name, birth in facts]
        payload = cbor2.dumps(said, canonical=True)
        encoded: bytes = base45.b45encode(self.key.sign_cose(payload, _CONTEXT))
        return PREFIX + encoded.decode()


def content_digest(sheet: Frame) -> bytes:
    """What is certified on a page, in 16 bytes: everything in the sheet but the code itself."""
    plain = structs.replace(sheet, seal=None)
    return sha256(_CONTENT + msgspec.json.encode(plain)).digest()[:DIGEST_BYTES]


def drawn(code: str) -> SealPicture:
    """The code as a picture, without a margin. Raises SealTooLarge."""
    try:
        qr = segno.make(
            code, error="m", mode="alphanumeric", boost_error=False, micro=False, mask=_MASK
        )
    except segno.DataOverflowError as error:
        raise SealTooLarge(
            f"no code has room for it; on the page, {LARGEST_VERSION} has"
        ) from error
    if int(qr.version) > LARGEST_VERSION:
        raise SealTooLarge(f"a code of version {qr.version}; there is room for {LARGEST_VERSION}")
    modules = len(qr.matrix)
    # Its own writer would take as long again as the code itself.
    dots = b"".join(qr.matrix).translate(_BLACK_AND_WHITE)
    file = io.BytesIO()
    Image.frombytes("L", (modules, modules), dots).convert("1").save(file, "PNG", compress_level=1)
    return SealPicture(modules, list(file.getvalue()))
