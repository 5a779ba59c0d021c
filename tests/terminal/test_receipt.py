from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFont

from terminal import receipt as module
from terminal.link.wire import Contact, Product
from terminal.receipt import FontMissing, Receipt, ReceiptKind, ReceiptLine, find_font, render
from terminal.visit.screen import Text

JST = timezone(timedelta(hours=9))
JA = {
    "receipt.title": "領収書",
    "receipt.void": "取消票",
    "receipt.claim": "返金引換票",
    "receipt.at": "{year}年{month}月{day}日 {time}",
    "receipt.copies": "{copies}部 × {fee}",
    "receipt.total": "合計",
    "receipt.paid": "お預り",
    "receipt.change": "お釣り",
    "receipt.returned": "お返し",
    "receipt.owed": "未返金額",
    "receipt.void.explained": "証明書を印刷できなかったため、お取り扱いを取り消し、お預りした金額をお返ししました。途中まで印刷された証明書は無効です。",
    "receipt.claim.explained": "お返しできなかった金額があります。この票を下記の窓口にお持ちいただくか、お電話で引換番号をお知らせください。",
    "receipt.claim.code": "引換番号",
    "receipt.serials": "証明書固有番号",
    "receipt.order": "お取扱番号",
    "receipt.registration_number": "登録番号",
    "receipt.contact": "お問い合わせ",
    "product.residence": "住民票の写し",
    "product.family_register_addresses": "戸籍の附票の写し",
}
EN = {
    "receipt.title": "Receipt",
    "receipt.void": "Void slip",
    "receipt.claim": "Refund claim slip",
    "receipt.at": "{year}-{month}-{day} {time}",
    "receipt.copies": "{copies} × {fee}",
    "receipt.total": "Total",
    "receipt.paid": "Paid",
    "receipt.change": "Change",
    "receipt.returned": "Returned",
    "receipt.owed": "Still owed to you",
    "receipt.void.explained": "The certificate could not be printed. The order is void and your money was returned. Sheets that did come out are not valid.",
    "receipt.claim.explained": "Some of your money could not be returned. Bring this slip to the office below, or telephone and give the claim code.",
    "receipt.claim.code": "Claim code",
    "receipt.serials": "Certificate numbers",
    "receipt.order": "Reference",
    "receipt.registration_number": "Registration no.",
    "receipt.contact": "Contact",
    "product.residence": "Copy of residence record",
    "product.family_register_addresses": "Copy of address history of family register",
}

PRINTED = Receipt(
    kind=ReceiptKind.PRINTED,
    lines=(ReceiptLine(Product.RESIDENCE, 2, 250),),
    paid_yen=1000,
    change_yen=500,
    serials=("7Q2M94XK-0R5THD3C", "8K1P55ZN-4W7JQB2E"),
    at=datetime(2026, 11, 24, 9, 5, tzinfo=JST),
    terminal="dev-1",
    order="0199aaaa-0000-7000-8000-000000000002",
    city_name="若葉野市",
    contact=Contact(office="若葉野市役所　市民課　証明係", telephone="000-555-0101"),
)
VOID = replace(PRINTED, kind=ReceiptKind.VOID, change_yen=1000, serials=())
CLAIM = replace(PRINTED, kind=ReceiptKind.CLAIM, change_yen=200, serials=(), claim_code="4F7K-22QD")


class Lookup:
    """A catalogue that remembers which texts were asked for, with what."""

    def __init__(self, words: dict[str, str]) -> None:
        self._words = words
        self.asked: list[Text] = []

    def __call__(self, text: Text) -> str:
        self.asked.append(text)
        return self._words[text.id].format(**text.args)


def drawn(receipt: Receipt, words: dict[str, str] = JA, width: int = 576) -> Image.Image:
    return render(receipt, Lookup(words), width, find_font())


def ink(image: Image.Image) -> Any:
    return ~np.asarray(image, dtype=bool)


def differs(one: Image.Image, other: Image.Image) -> bool:
    return (
        one.size != other.size
        or ImageChops.difference(one.convert("L"), other.convert("L")).getbbox() is not None
    )


@pytest.mark.parametrize("receipt", [PRINTED, VOID, CLAIM], ids=lambda r: r.kind.value)
@pytest.mark.parametrize("words", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize("width", [576, 384, 640])
def test_every_kind_fits_every_width(receipt: Receipt, words: dict[str, str], width: int) -> None:
    image = drawn(receipt, words, width)
    assert (image.mode, image.width) == ("1", width)
    assert width // 2 < image.height < 3 * width
    pixels = ink(image)
    assert 0.02 < pixels.mean() < 0.3
    margin = width // 64
    assert not pixels[:, :margin].any(), "nothing runs off the left"
    assert not pixels[:, -margin:].any(), "nothing runs off the right"
    assert not pixels[-margin:].any(), "there is paper left to cut"


@pytest.mark.parametrize(
    "change",
    [
        {"lines": (ReceiptLine(Product.RESIDENCE, 3, 250),)},
        {"lines": (ReceiptLine(Product.RESIDENCE, 2, 300),)},
        {"lines": (ReceiptLine(Product.FAMILY_REGISTER_ADDRESSES, 2, 250),)},
        {"paid_yen": 5000},
        {"change_yen": 4500},
        {"serials": ("7Q2M94XK-0R5THD3C",)},
        {"serials": ("7Q2M94XK-0R5THD3D", "8K1P55ZN-4W7JQB2E")},
        {"at": PRINTED.at + timedelta(minutes=1)},
        {"at": PRINTED.at + timedelta(days=366)},
        {"terminal": "dev-2"},
        {"order": "0199aaaa-0000-7000-8000-000000000003"},
        {"city_name": "汐見市"},
        {"contact": Contact(office="汐見市役所", telephone="000-555-0101")},
        {"contact": Contact(office=PRINTED.contact.office, telephone="000-555-0102")},
        {"registration_number": "T0000000000000"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_fact_is_on_the_paper(change: dict[str, Any]) -> None:
    assert differs(drawn(PRINTED), drawn(replace(PRINTED, **change)))


def test_a_claim_says_its_code_and_what_is_owed() -> None:
    assert CLAIM.owed_yen == 800
    assert differs(drawn(CLAIM), drawn(replace(CLAIM, claim_code="4F7K-22QE")))
    lookup = Lookup(JA)
    render(CLAIM, lookup, 576, find_font())
    asked = {text.id for text in lookup.asked}
    assert {"receipt.claim", "receipt.owed", "receipt.claim.code", "receipt.contact"} <= asked
    assert "receipt.change" not in asked


def test_R22_the_total_is_fee_times_copies() -> None:
    lines = (ReceiptLine(Product.RESIDENCE, 2, 250), ReceiptLine(Product.RESIDENCE, 1, 450))
    assert replace(PRINTED, lines=lines).total_yen == 950


def test_R61_a_receipt_has_no_field_for_a_person() -> None:
    assert set(Receipt.__dataclass_fields__) == {
        "kind", "lines", "paid_yen", "change_yen", "serials", "at", "terminal", "order",
        "city_name", "contact", "registration_number", "claim_code",
    }  # fmt: skip


def test_figures_stand_flush_right() -> None:
    pixels = ink(drawn(PRINTED))
    rightmost = 576 - 12
    figures = pixels[:, rightmost - 40 : rightmost].any(axis=1)
    assert not pixels[:, rightmost:].any()
    assert figures.any()


def test_a_citys_name_with_a_variation_selector_has_no_box_in_it() -> None:
    plain = drawn(replace(PRINTED, city_name="葛城市"))
    assert not differs(plain, drawn(replace(PRINTED, city_name="葛\U000e0100城市")))


# Characters that every Japanese font has, and spaces to break at.
SOME_TEXT = st.text(st.sampled_from("あ葉市。、」ー AbcW1 　"), min_size=1, max_size=120)


@given(SOME_TEXT, st.integers(60, 560))
def test_wrapping_loses_nothing_and_never_runs_over(text: str, room: int) -> None:
    font = ImageFont.truetype(str(find_font()), 24, layout_engine=ImageFont.Layout.BASIC)
    lines = module._wrapped(text, font, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(font.getlength(line) <= room or len(line) == 1 for line in lines)


# --- the font --------------------------------------------------------------------------------


def test_debians_font_is_found() -> None:
    assert find_font().name == "ipaexg.ttf"


def test_fontconfig_is_asked_when_the_font_lies_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = find_font()
    monkeypatch.setattr(module, "_FONT_PATHS", ())
    assert find_font().samefile(where)


@pytest.mark.parametrize("answer", ["DejaVu Sans\n/usr/share/fonts/dejavu.ttf", ""])
def test_another_font_is_no_japanese_font(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fc_match(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, stdout=answer)

    monkeypatch.setattr(module, "_FONT_PATHS", ())
    monkeypatch.setattr(subprocess, "run", fc_match)
    with pytest.raises(FontMissing, match="apt-get install fonts-ipaexfont-gothic"):
        find_font()


def test_without_fontconfig_the_package_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FONT_PATHS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FontMissing, match="fonts-ipaexfont-gothic"):
        find_font()


def test_a_file_that_is_no_font_says_so(tmp_path: Path) -> None:
    path = tmp_path / "font.ttf"
    path.write_bytes(b"not a font")
    for bad in (path, tmp_path / "absent.ttf"):
        with pytest.raises(FontMissing, match=bad.name):
            render(PRINTED, Lookup(JA), 576, bad)
