"""Every certificate, read back by poppler: the registry's facts are on it, and nothing else is.

What is expected is put together again here, from the records and from the words that a form prints; when
both are taken off a page, nothing may be left.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from PIL import Image, ImageChops, ImageDraw

from backend.city.certificates.content import Edition
from backend.city.certificates.flow import FORM, Heading, Row, Sheet, pages, paginated
from backend.city.certificates.seal import SealRegistration
from backend.city.configuration import load
from backend.city.glyphs import find_fonts
from backend.city.opening import SAMPLE
from backend.city.registry.records import Member, Register, Seal, TaxYear
from backend.city.registry.seals import SealEntry
from backend.city.typesetting import FormOverflow, Heights, Typesetter
from backend.refusals import Refused
from backend.sample_people.personas import everybody
from terminal.link.wire import Product
from tests.backend.city.counter import NOON, SERIAL, Counter, text_of

PEOPLE = everybody(NOON.date())
MEMBERS = {one.id: one for house in PEOPLE.households for one in house.members}
ADDRESSES = {one.id: house.address for house in PEOPLE.households for one in house.members}
ERAS = (
    ("令和", date(2019, 5, 1)),
    ("平成", date(1989, 1, 8)),
    ("昭和", date(1926, 12, 25)),
    ("大正", date(1912, 7, 30)),
)


def by_era(day: date) -> str:
    era, first = next(one for one in ERAS if day >= one[1])
    year = day.year - first.year + 1
    return f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def birth_of(one: Member) -> str:
    day = one.birth
    return f"{day.year}年{day.month}月{day.day}日" if one.foreign else by_era(day)


def frame(city: str, statement: str, page: int = 1, of: int = 1) -> list[str]:
    """What the frame prints on each sheet."""
    mayor = load(SAMPLE / city / "city.toml").mayor_on(NOON.date())
    return [
        f"{page}/{of}",
        statement,
        f"発行年月日{by_era(NOON.date())}",
        mayor.name,
        *(character for column in mayor.stamp.columns for character in column),
        f"証明書固有番号{SERIAL}",
        "見本。架空の自治体の様式であり、証明としての効力はありません。",
        *"見本",
    ]


def left_over(page: str, expected: Iterable[str]) -> str:
    """The page without what was expected, each piece taken off once; what is missing is an error."""
    for piece in sorted(("".join(one.split()) for one in expected), key=len, reverse=True):
        assert piece in page, f"missing: {piece}"
        page = page.replace(piece, "\0", 1)
    return page.replace("\0", "")


def register_of(resident: str) -> Register:
    return next(
        one
        for one in PEOPLE.registers
        if any(member.resident == resident for member in one.members)
    )


# --- 印鑑登録証明書 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resident", "city"),
    [("w-0201", "wakabano"), ("w-0501", "wakabano"), ("s-0401", "shiomi")],
)
def test_R17_the_seal_registration_says_whose_seal_it_is_and_nothing_else(
    counter: Counter, resident: str, city: str
) -> None:
    one = MEMBERS[resident]
    (page,) = counter.pages(resident, city, product=Product.SEAL_REGISTRATION)
    second = ("通称", one.alias) if one.foreign else ("旧氏", one.former_name)
    expected = [
        *frame(city, "この写しは、登録されている印影と相違ないことを証明する。"),
        *("印鑑登録証明書", "登録されている印影", "氏名", "生年月日", "住所", "以下余白"),
        *(one.name, birth_of(one), ADDRESSES[resident]),
        *(second[0], second[1] or "＊＊＊"),
    ]
    assert left_over(page, expected) == ""


def test_R17_the_impression_on_paper_is_the_registered_one(counter: Counter) -> None:
    """Dot for dot at its own size: the picture is cut out of the page and laid over the registry's."""
    seal = MEMBERS["w-0201"].seal
    assert seal is not None
    order = counter.order("w-0201", product=Product.SEAL_REGISTRATION)
    (pdf,) = counter.open(counter.issue(order, "w-0201"), order).pages
    dots_a_mm = 600 / 25.4
    page = rendered(pdf, 600)
    left, top = 15 + 40 + (140 - seal.width_mm) / 2, 11 + 13 + 6 + (62 - seal.height_mm) / 2
    box = [round(mm * dots_a_mm) for mm in (left, top, left + seal.width_mm, top + seal.height_mm)]
    printed = page.crop((box[0], box[1], box[2], box[3]))
    registered = Image.open(io.BytesIO(seal.impression)).convert("L").resize(printed.size)
    different = ImageChops.difference(printed, registered).point([0] * 128 + [255] * 128)
    share = sum(map(bool, different.tobytes())) / (printed.width * printed.height)
    assert share < 0.03


def ring(width: int, height: int) -> bytes:
    picture = Image.new("1", (width, height), 1)
    ImageDraw.Draw(picture).rectangle((0, 0, width - 1, height - 1), outline=0, width=6)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("width", "height"), [(8.0, 24.0), (25.0, 10.0), (15.0, 15.0)])
def test_R17_a_seal_that_is_not_square_is_printed_whole(width: float, height: float) -> None:
    """Its border is on the paper on all four sides, as far apart as the seal is wide and high."""
    picture = ring(round(width * 20), round(height * 20))
    entry = SealEntry("試験", "", "", date(1990, 4, 1), False, "試験町", picture, width, height)
    typesetter = Typesetter(find_fonts())
    city = load(SAMPLE / "wakabano" / "city.toml")
    edition = Edition(city, SERIAL, NOON.date(), typesetter.measure)
    ((form, sheet),) = SealRegistration(entry).sheets(edition)
    dots_a_mm = 300 / 25.4
    page = rendered(typesetter.set(form, sheet), 300)
    cell = page.crop(tuple(round(mm * dots_a_mm) for mm in (57, 31, 193, 91)))  # type: ignore[arg-type]
    box = ImageChops.invert(cell).point([0] * 128 + [255] * 128).getbbox()
    assert box is not None
    found = ((box[2] - box[0]) / dots_a_mm, (box[3] - box[1]) / dots_a_mm)
    assert found == pytest.approx((width, height), abs=0.2)


@pytest.mark.parametrize(
    ("picture", "width", "height", "says"),
    [
        (b"", 15.0, 15.0, "not a picture in PNG"),
        (b"GIF89a", 15.0, 15.0, "not a picture in PNG"),
        (ring(300, 300)[:90], 15.0, 15.0, "not a picture in PNG"),
        (ring(300, 300), 15.0, 10.0, "300 x 300 dots are not in the proportions of 15.0 x 10.0 mm"),
        (ring(5000, 5000), 15.0, 15.0, "more than 4096 dots"),
    ],
)
def test_R17_an_impression_that_cannot_be_printed_is_no_registration(
    picture: bytes, width: float, height: float, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Seal(date(2020, 4, 1), picture, width, height)


def rendered(pdf: bytes, dpi: int) -> Image.Image:
    command = ["pdftoppm", "-r", str(dpi), "-gray", "-"]
    drawn = subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=60)
    return Image.open(io.BytesIO(drawn.stdout))


# --- taxes -----------------------------------------------------------------------------------------

INCOME_LABELS = {
    "salary": "給与",
    "pension": "公的年金等",
    "business": "営業等",
    "farming": "農業",
    "property": "不動産",
    "interest": "利子",
    "dividends": "配当",
    "other": "その他雑",
    "capital_gains": "総合譲渡・一時",
    "land_and_shares": "分離譲渡・株式等",
}
DEDUCTION_LABELS = {
    "social_insurance": "社会保険料",
    "small_enterprise": "小規模企業共済等掛金",
    "life_insurance": "生命保険料",
    "earthquake_insurance": "地震保険料",
    "medical": "医療費",
    "casualty": "雑損",
    "spouse": "配偶者",
    "special_spouse": "配偶者特別",
    "dependents": "扶養",
    "disability": "障害者",
    "single_parent": "ひとり親・寡婦",
    "working_student": "勤労学生",
    "basic": "基礎",
}
DEPENDENT_LABELS = {
    "spouse": "控除対象配偶者",
    "specified": "特定扶養",
    "elderly": "老人扶養",
    "other": "その他の扶養",
    "under_16": "16歳未満",
    "disabled": "障害者",
}
LEVY_LABELS = (
    "課税標準額",
    "市民税　所得割額",
    "市民税　均等割額",
    "県民税　所得割額",
    "県民税　均等割額",
    "森林環境税額",
    "年税額",
)


def yen(amount: int | None) -> str:
    return "＊＊＊" if amount is None else f"{amount:,}円"


def income_half(resident: str, tax: TaxYear) -> list[str]:
    one = MEMBERS[resident]
    expected = [
        *("年度", f"令和{tax.year - 2018}年度", "所得の期間", f"令和{tax.year - 2019}年中"),
        *("1月1日の住所", tax.address, "氏名", one.name, "生年月日", birth_of(one)),
        *("所得の内訳", "収入金額", "所得金額", "合計所得金額", "以下余白"),
        yen(sum(income for _, income in tax.incomes.values())),
    ]
    for kind, label in INCOME_LABELS.items():
        revenue, income = tax.incomes.get(kind, (None, None))
        expected += [label, yen(revenue), yen(income)]
    return expected


def tax_of(resident: str, year: int) -> TaxYear:
    return next(tax for tax in MEMBERS[resident].taxes if tax.year == year)


@pytest.mark.parametrize("resident", ["w-0201", "w-0202", "w-0501", "w-1001"])
def test_R19_the_income_certificate_is_the_income_half(counter: Counter, resident: str) -> None:
    (page,) = counter.pages(resident, product=Product.INCOME)
    expected = [
        *frame("wakabano", "上記のとおり、所得の金額を証明する。"),
        "所得証明書",
        *income_half(resident, tax_of(resident, 2026)),
    ]
    assert left_over(page, expected) == ""


@pytest.mark.parametrize(
    ("resident", "city", "year"),
    [
        ("w-0201", "wakabano", 2026),
        ("w-0202", "wakabano", 2026),
        ("s-0401", "shiomi", 2026),
        ("s-0401", "shiomi", 2024),
        ("s-0301", "shiomi", 2025),
    ],
)
def test_R18_R39_the_taxation_certificate_says_all_but_the_adjustment(
    counter: Counter, resident: str, city: str, year: int
) -> None:
    tax = tax_of(resident, year)
    order = counter.order(resident, city, product=Product.TAXATION, year=year)
    counter.check(order, resident)
    (page,) = counter.texts(order, resident)
    expected = [
        *frame(city, "上記のとおり、市民税・県民税の課税内容を証明する。"),
        "課税証明書" if tax.levies.annual_tax else "非課税証明書",
        *income_half(resident, tax),
        *("所得控除の内訳", "合計", yen(tax.levies.total_deductions)),
        *("扶養の状況", "課税の内訳"),
    ]
    for kind, label in DEDUCTION_LABELS.items():
        expected += [label, yen(tax.deductions.get(kind))]
    for kind, label in DEPENDENT_LABELS.items():
        people = tax.dependents.get(kind)
        expected += [label, f"{people}人" if people else "＊＊＊"]
    for label, amount in zip(LEVY_LABELS, structs.astuple(tax.levies)[1:], strict=True):
        expected += [label, yen(amount)]
    assert left_over(page, expected) == ""
    assert "調整" not in page


# --- family registers ------------------------------------------------------------------------------


def matter_words(register: Register, members: Iterable[object]) -> list[str]:
    words: list[str] = []
    for matters, heading in (
        (register.matters, "戸籍事項"),
        *((one.matters, "身分事項") for one in members),  # type: ignore[attr-defined]
    ):
        for number, matter in enumerate(matters):
            words.append(f"{heading}{matter.title}" if number == 0 else matter.title)
            words += [piece for label, value in matter.lines for piece in (f"【{label}】", value)]
    return words


@pytest.mark.parametrize("product", [Product.FAMILY_REGISTER, Product.FAMILY_REGISTER_EXTRACT])
@pytest.mark.parametrize(
    ("resident", "city"),
    [("w-0201", "wakabano"), ("s-0302", "shiomi"), ("p-family-of-four-1", "wakabano")],
)
def test_R20_a_register_says_what_is_written_and_nothing_else(
    counter: Counter, product: Product, resident: str, city: str
) -> None:
    register = register_of(resident)
    whole = product is Product.FAMILY_REGISTER
    members = [one for one in register.members if whole or one.resident == resident]
    me = [one.ref for one in counter.offer(resident, city, product).people if one.holder]
    people = None if whole else tuple(me)
    texts = counter.pages(resident, city, product=product, people=people)
    statement = (
        "これは、戸籍に記録されている事項の全部を証明した書面である。"
        if whole
        else "これは、戸籍中の一部の者について記録されている事項の全部を証明した書面である。"
    )
    expected = matter_words(register, members)
    for number in range(1, len(texts) + 1):
        expected += frame(city, statement, number, len(texts))
        expected += ["戸籍全部事項証明書" if whole else "戸籍個人事項証明書"]
        expected += ["（全部事項）" if whole else "（個人事項）"]
        expected += ["本籍", "氏名", register.domicile, register.head]
    expected += ["以下余白"]
    for one in members:
        expected += ["戸籍に記録されている者", "【名】", one.given_name, "【名の振り仮名】"]
        expected += [one.given_furigana, "【生年月日】", by_era(one.birth), "【父】"]
        expected += [one.father or "＊＊＊", "【母】", one.mother or "＊＊＊", "【続柄】"]
        expected += [one.relationship, *(("【配偶者区分】", one.spouse) if one.spouse else ())]
        expected += ["除籍"] if one.removed else []
    expected += ["次葉に続く"] * sum("次葉に続く" in text for text in texts[:-1])
    assert left_over("".join(texts), expected) == ""


@pytest.mark.parametrize("items", [(), ("registered_domicile",)])
@pytest.mark.parametrize(
    ("resident", "city"),
    [("w-0201", "wakabano"), ("s-0302", "shiomi"), ("p-family-of-four-1", "wakabano")],
)
def test_R21_the_addresses_and_the_domicile_only_if_asked(
    counter: Counter, resident: str, city: str, items: tuple[str, ...]
) -> None:
    register = register_of(resident)
    members = [one for one in register.members if not one.removed]
    product = Product.FAMILY_REGISTER_ADDRESSES
    texts = counter.pages(resident, city, product=product, items=items)
    expected = ["附票", "【編製日】", by_era(register.made_on), "以下余白"]
    for number in range(1, len(texts) + 1):
        statement = "この写しは、戸籍の附票の原本と相違ないことを証明する。"
        expected += frame(city, statement, number, len(texts))
        scope = "（全部）" if members == list(register.members) else "（一部）"
        expected += ["戸籍の附票", "の写し", scope, "本籍", "筆頭者氏名"]
        expected += [register.domicile, register.head] if items else ["（省略）"] * 2
    for one in members:
        expected += ["附票に記録されている者", "【氏名】", one.name, "【生年月日】"]
        expected += [by_era(one.birth), "【性別】", one.sex, "住所の履歴"]
        for past in one.addresses:
            expected += ["【住所】", past.address, "【住定日】", by_era(past.since)]
    expected += ["次葉に続く"] * sum("次葉に続く" in text for text in texts[:-1])
    assert left_over("".join(texts), expected) == ""


def test_R20_whom_an_extract_is_about_is_chosen(counter: Counter) -> None:
    product = Product.FAMILY_REGISTER_EXTRACT
    offer = counter.offer("w-0201", product=product)
    daughter = next(one for one in offer.people if one.name == "森田　結菜")
    text = "".join(counter.pages("w-0201", product=product, people=(daughter.ref,)))
    assert "結菜" in text
    assert "大翔" not in text


def test_R21_some_of_the_register_is_called_so(counter: Counter) -> None:
    product = Product.FAMILY_REGISTER_ADDRESSES
    offer = counter.offer("w-0201", product=product)
    text = "".join(counter.pages("w-0201", product=product, people=(offer.people[0].ref,)))
    assert "（一部）" in text
    assert "（全部）" not in text


# --- all of them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("product", list(Product))
def test_R28_I14_every_sheet_has_its_number_serial_date_and_seal(
    counter: Counter, product: Product
) -> None:
    texts = counter.pages("w-0201", product=product)
    for number, text in enumerate(texts, 1):
        assert text.count(f"{number}/{len(texts)}") == 1
        assert text.count(SERIAL) == 1
        assert "発行年月日令和8年11月24日" in text
        assert "若葉野市長青葉みのり" in text


@pytest.mark.parametrize("product", list(Product))
@pytest.mark.parametrize(
    ("resident", "reason"),
    [("p-no-such-glyph-1", "refused.characters"), ("p-too-long-name-1", "refused.too_long")],
)
def test_names_that_cannot_be_set_refuse_every_certificate_before_anything_is_charged(
    counter: Counter, product: Product, resident: str, reason: str
) -> None:
    offer = counter.offer(resident, product=product)
    if offer.refusal is not None:
        assert offer.refusal.reason == "refused.register_elsewhere"
        return
    with pytest.raises(Refused) as refused:
        counter.check(counter.order(resident, product=product), resident)
    assert refused.value.refusal.reason == reason


def test_R33_the_second_font_draws_the_whole_name(counter: Counter) -> None:
    for resident, city, name in (
        ("p-nguyen-diacritics-1", "wakabano", "NGUYỄNTHỊÁNH"),
        ("p-kim-hangul-1", "shiomi", "김민수"),
    ):
        for product in (Product.RESIDENCE, Product.SEAL_REGISTRATION, Product.TAXATION):
            (page,) = counter.pages(resident, city, product=product)
            assert name in page
            assert "グエン" not in page


def test_R32_no_number_of_eleven_digits_is_on_any_certificate(counter: Counter) -> None:
    for product in Product:
        items = tuple(item.item for item in counter.offer("w-0201", product=product).items)
        text = "".join(counter.pages("w-0201", product=product, items=items))
        for one in MEMBERS.values():
            assert one.resident_code not in text
            if not (product is Product.RESIDENCE and one.id.startswith("w-02")):
                assert one.my_number not in text
        numbers = re.findall(r"(?<!\d)\d{11}(?!\d)", text)
        assert numbers == []


# --- breaking into sheets --------------------------------------------------------------------------


def test_rows_that_belong_together_go_over_together() -> None:
    rows = [Row("", str(n), "", with_next=n in {1, 2}) for n in range(5)]
    parts = list(pages(rows, Heights(30.5, 0, (10.0,) * 5)))
    assert [[row.label for row in part] for part in parts] == [["0"], ["1", "2", "3"], ["4"]]


def test_a_row_that_no_sheet_has_room_for_is_an_error() -> None:
    with pytest.raises(FormOverflow, match="birth does not fit"):
        list(pages([Row("", "birth", "")], Heights(30, 0, (31.0,))))


def test_rows_kept_together_beyond_a_sheet_are_an_error_and_no_loop() -> None:
    rows = [Row("", "birth", "", with_next=True) for _ in range(5)]
    with pytest.raises(FormOverflow, match="birth does not fit"):
        list(pages(rows, Heights(30.5, 0, (10.0,) * 5)))


@given(
    st.lists(st.tuples(st.floats(1, 30), st.booleans()), min_size=1, max_size=60),
    st.floats(0, 30),
)
def test_R28_every_row_is_on_one_sheet_and_what_ends_the_set_has_its_room(
    drawn: list[tuple[float, bool]], below: float
) -> None:
    rows = [Row("", str(n), "", with_next=kept) for n, (_, kept) in enumerate(drawn)]
    heights = Heights(100, below, tuple(height for height, _ in drawn))
    high = dict(zip(rows, heights.rows, strict=True))
    try:
        parts = list(pages(rows, heights))
    except FormOverflow:
        assert any(row.with_next for row in rows)
        return
    assert [row for part in parts for row in part] == rows
    assert all(sum(high[row] for row in part) <= 100 for part in parts)
    assert sum(high[row] for row in parts[-1]) + below <= 100
    assert not any(part[-1].with_next for part in parts[:-1])


def register_edition() -> tuple[Edition, Typesetter]:
    typesetter = Typesetter(find_fonts())
    city = load(SAMPLE / "wakabano" / "city.toml")
    return Edition(city, SERIAL, NOON.date(), typesetter.measure), typesetter


HEADING = Heading(
    title="戸籍全部事項証明書", copy_words="", scope="", domicile="試験町", head="試験　太郎"
)


def test_long_titles_and_labels_make_a_row_higher_instead_of_running_into_the_next_cell() -> None:
    edition, typesetter = register_edition()
    plain = Row("身分事項　出生", "出生日", "平成2年4月1日")
    long = Row("身分事項　特別養子縁組の離縁の裁判の更正", "特記事項及び従前の記録", "x")
    ((form, sheet),) = paginated(edition, "", HEADING, (plain, long))
    heights = typesetter.measure(form, sheet)
    assert heights.rows[1] > heights.rows[0]
    for title, label in (("長" * 60, "x"), ("x", "長" * 60)):
        with pytest.raises(FormOverflow):
            paginated(edition, "", HEADING, (Row(title, label, "x"),))


@pytest.mark.parametrize("count", range(36, 44))
def test_I14_what_ends_the_set_never_runs_into_the_foot(count: int) -> None:
    edition, typesetter = register_edition()
    rows = tuple(Row("", "項目", f"第{n}") for n in range(count))
    made = paginated(edition, "これは試験である。", HEADING, rows)
    *_, (form, last) = made
    assert isinstance(last, Sheet)
    heights = typesetter.measure(form, last)
    assert sum(heights.rows) + heights.below <= heights.room
    assert form == FORM
    text = typesetter.set(form, last)
    assert "以下余白" in text_of(text)
