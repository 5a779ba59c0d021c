"""A small city of the tests: it lays out certificates by typst, signs them and seals them.

It shares nothing with the backend's city, so that the two cannot agree on the same mistake.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import base45
import cbor2
import segno
import typst
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.printer import PageFormat
from terminal.document.messages import Expected
from terminal.link import binding, wire

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

VISIT = "0199aaaa-0000-7000-8000-000000000001"
ORDER = "0199aaaa-0000-7000-8000-000000000002"
OTHER = "0199bbbb-0000-7000-8000-000000000003"
SUBJECT = b"s" * 32
NAMES = ("若葉　太郎", "邊\U000e0106見　𠮷子")  # as an offer writes them, selectors and all

ISSUED = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
LOW = PageFormat(dpi=150, width_px=1240, height_px=1754)
NATIVE = PageFormat(dpi=600, width_px=4960, height_px=7016)

_FORM = """
#let d = json(bytes(sys.inputs.form))
#set page(width: d.width * 1pt, height: d.height * 1pt, margin: (x: 18mm, top: 10mm, bottom: 18mm))
#set text(font: "IPAmjMincho", size: 10.5pt, lang: "ja")
#if d.black { place(rect(width: 100%, height: 100%, fill: black)) }
#if d.specimen != "" {
  place(center + horizon, rotate(-45deg, text(size: 90pt, fill: luma(85%), d.specimen)))
}
#grid(columns: (1fr, 24mm), align(center, text(size: 18pt, d.title)), d.page_number)
#v(8mm)
#for name in d.names [氏　名　#name #linebreak()]
#for row in d.rows [#row #linebreak()]
#v(1fr)
#d.certification #linebreak()
#d.issue_date #linebreak()
#d.mayor #linebreak()
#d.serial
#if d.seal.len() > 0 {
  place(bottom + right, dx: 6mm, dy: 8mm, image(bytes(d.seal), format: "png", width: d.modules * 0.8mm, scaling: "pixelated"))
}
"""


@dataclass(frozen=True)
class Sheet:
    """What is printed on one page; anything can be made wrong."""

    number: int = 1
    total: int = 1
    serial_number: str = "SN-0001"
    title: str = "住　民　票　の　写　し"
    names: tuple[str, ...] = NAMES
    rows: tuple[str, ...] = ("生年月日　平成2年3月4日　住所　若葉野市中央一丁目2番3号",) * 24
    certification: str = "この写しは、住民票の原本と相違ないことを証明する。"
    issue_date: str = "発行日　令和8年11月24日"
    mayor: str = "若葉野市長　緑川　一"
    specimen: str = "見本"
    width: float = 595.28
    height: float = 841.89
    black: bool = False
    page_number: str | None = None
    serial: str | None = None
    seal: str = ""

    def pdf(self) -> bytes:
        return _compiled(self)


@functools.cache
def _fonts() -> typst.Fonts:
    """Debian's fonts-ipamj-mincho."""
    return typst.Fonts(include_system_fonts=False, font_paths=["/usr/share/fonts/truetype/ipamj"])


@functools.cache
def _compiled(sheet: Sheet) -> bytes:
    form = {
        **sheet.__dict__,
        "page_number": sheet.page_number
        if sheet.page_number is not None
        else f"{sheet.number}/{sheet.total}",
        "serial": sheet.serial
        if sheet.serial is not None
        else f"証明書固有番号　{sheet.serial_number}",
        **_picture(sheet.seal),
    }
    pdf = typst.compile(
        _FORM.encode(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"form": json.dumps(form)},
    )
    assert isinstance(pdf, bytes)
    return pdf


def _picture(seal: str) -> dict[str, object]:
    """The code as typst takes it: large, so that it can be read at 150 dots an inch, too."""
    if not seal:
        return {"seal": [], "modules": 0}
    qr = segno.make(seal, error="m", boost_error=False, micro=False)
    file = io.BytesIO()
    qr.save(file, kind="png", border=0)
    return {"seal": list(file.getvalue()), "modules": len(qr.matrix)}


def sheets(total: int = 1, serial: str = "SN-0001") -> tuple[Sheet, ...]:
    return tuple(Sheet(number, total, serial) for number in range(1, total + 1))


def order(*, copies: int = 1, order_id: str = ORDER, visit: str = VISIT) -> wire.Order:
    return wire.Order(
        order=order_id,
        visit=visit,
        terminal="dev-1",
        city="wakabano",
        product=wire.Product.RESIDENCE,
        people=("p1", "p2"),
        items=(),
        acknowledged=(),
        copies=copies,
        fee_yen=250,
        tariff="2026",
    )


def expected(wish: wire.Order | None = None) -> Expected:
    return Expected(
        order=wish or order(),
        subject_tag=SUBJECT,
        names=NAMES,
        city_name="若葉野市",
        not_before=ISSUED - timedelta(minutes=10),
        not_after=ISSUED + timedelta(minutes=10),
    )


def content(page: int) -> bytes:
    """What the digest of a page's content is here: any sixteen bytes of its own."""
    return hashlib.sha256(f"content {page}".encode()).digest()[:16]


def seal_says(
    wish: wire.Order, page: int, pages: int, serial: str = "SN-0001", **changes: object
) -> dict[int, object]:
    """docs/seal.md, put together anew; ``changes`` are by the field's number, as ``_3="…"``."""
    said: dict[int, object] = {
        1: wish.city,
        2: 1,
        3: serial,
        4: page,
        5: pages,
        6: (date(2026, 11, 24) - date(1970, 1, 1)).days,
        7: content(page),
    }
    if page > 1:
        said[8] = content(page - 1)
    said |= {int(name[1:]): value for name, value in changes.items()}
    return {key: value for key, value in said.items() if value is not None}


@dataclass(frozen=True)
class City:
    """Signs and seals whatever it is given; ``key`` is its only key."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def key_id(self) -> str:
        return binding.key_id(self.key.public_key().public_bytes_raw())

    @property
    def pems(self) -> dict[str, bytes]:
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return {self.key_id: pem}

    def seal(self, said: dict[int, object]) -> str:
        """COSE_Sign1 by hand (RFC 9052): what a page's code says."""
        kid = bytes.fromhex(self.key_id)
        protected = cbor2.dumps({1: -8, 4: kid}, canonical=True)
        payload = cbor2.dumps(said, canonical=True)
        signed = cbor2.dumps(["Signature1", protected, b"madoguchi/seal/v1", payload])
        message = cbor2.CBORTag(18, [protected, {}, payload, self.key.sign(signed)])
        encoded: bytes = base45.b45encode(cbor2.dumps(message))
        return "MG1:" + encoded.decode()

    def sealed_sheets(
        self, pages: tuple[Sheet, ...], wish: wire.Order, serial: str = "SN-0001"
    ) -> tuple[Sheet, ...]:
        """Each with its right seal."""
        found: list[Sheet] = []
        for number, page in enumerate(pages, 1):
            said = seal_says(wish, number, len(pages), serial)
            found.append(replace(page, seal=self.seal(said)))
        return tuple(found)

    def manifest(self, pages: tuple[bytes, ...], wish: wire.Order, copy: int = 1) -> wire.Manifest:
        return wire.Manifest(
            order_digest=binding.order_digest(wish),
            subject_tag=SUBJECT,
            city=wish.city,
            product=wish.product,
            copy=copy,
            serial=f"SN-000{copy}",
            issued_at=ISSUED,
            issue_date=date(2026, 11, 24),
            pages=tuple(hashlib.sha256(page).digest() for page in pages),
            contents=tuple(content(number) for number in range(1, len(pages) + 1)),
            key_id=self.key_id,
        )

    def bundle(self, manifest: wire.Manifest, pages: tuple[bytes, ...]) -> wire.Bundle:
        encoded = wire.encode(manifest)
        return wire.Bundle(
            manifest=encoded,
            signature=self.key.sign(binding.manifest_message(encoded)),
            pages=pages,
        )

    def document(
        self,
        public_key: bytes,
        wish: wire.Order | None = None,
        copy: int = 1,
        pages: tuple[Sheet, ...] | None = None,
        *,
        seals: bool = True,
    ) -> wire.SealedDocument:
        """One copy as it travels, right in every way unless ``pages`` are not, or have ``seals`` of theirs."""
        wish = wish or order()
        wanted = pages or sheets(1, f"SN-000{copy}")
        wanted = self.sealed_sheets(wanted, wish, f"SN-000{copy}") if seals else wanted
        pdfs = tuple(sheet.pdf() for sheet in wanted)
        return sealed(public_key, self.bundle(self.manifest(pdfs, wish, copy), pdfs), wish, copy)


def sealed(
    public_key: bytes, bundle: wire.Bundle, wish: wire.Order, copy: int = 1
) -> wire.SealedDocument:
    info = binding.envelope_info(wish.visit, wish.order, copy)
    return wire.SealedDocument(
        order=wish.order,
        copy=copy,
        sealed=SUITE.encrypt(
            wire.encode(bundle), X25519PublicKey.from_public_bytes(public_key), info
        ),
    )


def changed(sheet: Sheet, **fields: object) -> Sheet:
    return replace(sheet, **fields)  # type: ignore[arg-type]
