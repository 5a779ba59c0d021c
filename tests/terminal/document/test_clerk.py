from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.document.clerk import PageSeen, _year_forms, check_ink, check_set
from terminal.document.errors import ClerkDisagreement, Disagreement
from terminal.document.messages import Expected
from terminal.document.pages import PdfPage
from terminal.link import wire
from tests.terminal.document import press
from tests.terminal.document.press import Sheet

CITY = press.City()
EXPECTED = press.expected()
SET = press.sheets(3)


def seen(sheet: Sheet) -> PageSeen:
    with PdfPage(sheet.pdf()) as page:
        return PageSeen(page.text(), page.head(), page.size_pt)


def read(*sheets: Sheet, expected: Expected = EXPECTED, day: date = date(2026, 11, 24)) -> None:
    manifest = CITY.manifest(tuple(b"" for _ in sheets), expected.order)
    manifest = msgspec.structs.replace(manifest, issue_date=day)
    check_set([seen(sheet) for sheet in sheets], expected, manifest)


def objection(*sheets: Sheet, **given: object) -> tuple[Disagreement, int | None]:
    with pytest.raises(ClerkDisagreement) as caught:
        read(*sheets, **given)  # type: ignore[arg-type]
    assert press.NAMES[0] not in str(caught.value)
    return caught.value.what, caught.value.page


def second(**fields: object) -> tuple[Sheet, ...]:
    """A right set whose second page is wrong."""
    return (SET[0], press.changed(SET[1], **fields), SET[2])


def all_pages(**fields: object) -> tuple[Sheet, ...]:
    return tuple(press.changed(sheet, **fields) for sheet in SET)


def test_I4_the_clerk_agrees_with_a_right_set() -> None:
    read(*SET)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"title": ""}, Disagreement.TITLE),
        ({"title": "印鑑登録証明書"}, Disagreement.OTHER_TITLE),
        ({"title": "住民票の写し（除票）"}, Disagreement.OTHER_TITLE),
        ({"title": "住民票"}, Disagreement.TITLE),
        ({"title": "住民票記載事項証明書"}, Disagreement.TITLE),
        ({"title": "住民票の写し　戸籍の附票の写し"}, Disagreement.OTHER_TITLE),
        ({"page_number": ""}, Disagreement.PAGE_NUMBER),
        ({"page_number": "1/3"}, Disagreement.PAGE_NUMBER),
        ({"page_number": "2/4"}, Disagreement.PAGE_NUMBER),
        ({"page_number": "2/3 3/3"}, Disagreement.PAGE_NUMBER),
        ({"page_number": "12/3"}, Disagreement.PAGE_NUMBER),
        ({"serial": ""}, Disagreement.SERIAL),
        ({"serial": "SN-0001"}, Disagreement.SERIAL),
        ({"serial": "証明書固有番号 SN-0002"}, Disagreement.SERIAL),
        ({"serial": "証明書固有番号 SN-00011"}, Disagreement.SERIAL),
        ({"serial": "証明書固有番号 SN-0001 証明書固有番号 SN-0002"}, Disagreement.SERIAL),
        ({"specimen": ""}, Disagreement.SPECIMEN),
        ({"width": 612.0, "height": 792.0}, Disagreement.SIZE),
        ({"width": 841.89, "height": 595.28}, Disagreement.SIZE),
    ],
)
def test_I14_R28_a_wrong_page_is_found(fields: dict[str, object], what: Disagreement) -> None:
    assert objection(*second(**fields)) == (what, 2)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"names": press.NAMES[:1]}, Disagreement.NAME),
        ({"names": ("若葉　次郎", press.NAMES[1])}, Disagreement.NAME),
        ({"issue_date": ""}, Disagreement.ISSUE_DATE),
        ({"issue_date": "発行日　令和8年11月23日"}, Disagreement.ISSUE_DATE),
        ({"issue_date": "発行日　平成38年11月24日"}, Disagreement.ISSUE_DATE),
        ({"issue_date": "令和8年11月24日"}, Disagreement.ISSUE_DATE),
        ({"mayor": "汐見市長　緑川　一"}, Disagreement.CITY),
        ({"certification": ""}, Disagreement.CERTIFICATION),
        (
            {"certification": "この写しは、住民票の原本と相違することを証明する。"},
            Disagreement.CERTIFICATION,
        ),
        (
            {
                "rows": (
                    "この写しは、戸籍の附票の原本と相違ないことを証明する。",
                    *Sheet().rows,
                )
            },
            Disagreement.OTHER_CERTIFICATION,
        ),
    ],
)
def test_I14_a_wrong_set_is_found(fields: dict[str, object], what: Disagreement) -> None:
    assert objection(*all_pages(**fields)) == (what, None)


def test_what_a_remark_says_is_no_title_and_what_an_address_has_is_no_page_number() -> None:
    rows = ("備考　除票及び戸籍の附票により確認。別紙　印鑑登録証明書", "住所　中央１／２棟　3/4")
    read(*all_pages(rows=(*rows, *Sheet().rows)))


def registered(*names: str, printed: tuple[str, ...]) -> None:
    """A whole register, its people under one surname."""
    order = msgspec.structs.replace(EXPECTED.order, product=wire.Product.FAMILY_REGISTER)
    expected = msgspec.structs.replace(EXPECTED, order=order, names=names)
    sheet = Sheet(
        title="戸籍全部事項証明書",
        names=printed,
        certification="これは、戸籍に記録されている事項の全部を証明した書面である。",
    )
    read(sheet, expected=expected)


def test_I4_in_a_register_surname_and_given_name_must_both_be_there() -> None:
    registered("森田　太郎", "森田　花子", printed=("筆頭者　森田　太郎", "花子"))
    for wrong in (("筆頭者　白川　太郎", "花子"), ("筆頭者　森田　太郎", "春子")):
        with pytest.raises(ClerkDisagreement) as caught:
            registered("森田　太郎", "森田　花子", printed=wrong)
        assert caught.value.what is Disagreement.NAME


@pytest.mark.parametrize(
    ("year", "written", "agrees"),
    [
        (2026, "令和8年度", True),
        (2026, "令和7年度", False),
        (2020, "令和2年度", True),
        (2019, "平成31年度", True),
        (2019, "令和元年度", False),
    ],
)
def test_R36_I15_the_year_is_read_in_the_era_of_its_first_day(
    year: int, written: str, agrees: bool
) -> None:
    assert ({written} in _year_forms(year)) is agrees


def test_I15_an_eras_first_year_may_be_written_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.document.clerk._ERAS", (("新元", date(2030, 1, 1)),))
    assert {"新元元年度"} in _year_forms(2030)
    assert {"新元1年度"} in _year_forms(2030)
    assert {"新元2年度"} not in _year_forms(2030)


def test_I4_one_page_dated_otherwise_is_found() -> None:
    sheets = second(issue_date="発行日　令和8年11月25日")
    assert objection(*sheets) == (Disagreement.ISSUE_DATE, None)


def test_R28_pages_out_of_order_are_found() -> None:
    assert objection(SET[1], SET[0], SET[2]) == (Disagreement.PAGE_NUMBER, 1)


def test_I14_a_partial_set_is_no_set() -> None:
    assert objection(SET[0], SET[1]) == (Disagreement.PAGE_NUMBER, 1)


def test_words_may_stand_on_one_page_of_the_set_only() -> None:
    empty = {"certification": "", "issue_date": "", "mayor": ""}
    read(press.changed(SET[0], **empty), press.changed(SET[1], **empty), SET[2])
    first = press.changed(SET[0], names=press.NAMES[:1])
    read(first, press.changed(SET[1], names=press.NAMES[1:]), SET[2])


@pytest.mark.parametrize("product", [one for one in wire.Product if one.value != "residence"])
def test_I4_a_certificate_of_another_kind_is_never_passed(product: wire.Product) -> None:
    other = msgspec.structs.replace(EXPECTED.order, product=product)
    expected = msgspec.structs.replace(EXPECTED, order=other)
    assert objection(*SET, expected=expected) == (Disagreement.OTHER_TITLE, 1)


@pytest.mark.parametrize(
    ("day", "written", "agrees"),
    [
        (date(2019, 4, 30), "発行日 平成31年4月30日", True),
        (date(2019, 4, 30), "発行日 令和元年4月30日", False),
        (date(2019, 5, 1), "発行日 令和元年5月1日", True),
        (date(2019, 5, 1), "発行日：令和1年5月1日", True),
        (date(2019, 5, 1), "発行日 平成31年5月1日", False),
        (date(2019, 12, 31), "発行年月日　令和元年１２月３１日", True),
        (date(2020, 1, 1), "発行日 令和2年1月1日", True),
        (date(2020, 1, 1), "発行日 令和元年1月1日", False),
        (date(1988, 12, 31), "発行日 昭和63年12月31日", False),
    ],
)
def test_I15_the_clerk_has_an_era_table_of_its_own(day: date, written: str, agrees: bool) -> None:
    sheet = Sheet(issue_date=written)
    if agrees:
        read(sheet, day=day)
    else:
        assert objection(sheet, day=day) == (Disagreement.ISSUE_DATE, None)


def test_names_outside_the_basic_plane_and_with_selectors_are_read() -> None:
    names = ("\U00020bb7\u91ce\u5bb6", "\u845b\U000e0100城　花子", "ＭＡＲＩＡ ＳＡＮＴＯＳ")
    expected = msgspec.structs.replace(EXPECTED, names=names)
    read(Sheet(names=names), expected=expected)
    assert objection(Sheet(names=(names[0], names[2])), expected=expected)[0] is Disagreement.NAME


@given(st.text(max_size=300))
def test_any_text_is_either_agreed_with_or_refused(text: str) -> None:
    manifest = CITY.manifest((b"",), EXPECTED.order)
    with pytest.raises(ClerkDisagreement):
        check_set([PageSeen(text, text, (595.28, 841.89))], EXPECTED, manifest)


@pytest.mark.parametrize(
    ("ratio", "what"),
    [
        (0.0, Disagreement.BLANK),
        (0.004, Disagreement.BLANK),
        (0.36, Disagreement.BLACK),
        (1.0, Disagreement.BLACK),
    ],
)
def test_I4_neither_blank_nor_black_paper_leaves(ratio: float, what: Disagreement) -> None:
    with pytest.raises(ClerkDisagreement) as caught:
        check_ink(ratio, 1, 2)
    assert (caught.value.what, caught.value.page) == (what, 2)


@pytest.mark.parametrize("ratio", [0.005, 0.04, 0.12, 0.35])
def test_an_ordinary_page_has_enough_and_not_too_much_ink(ratio: float) -> None:
    check_ink(ratio, 1, 1)
