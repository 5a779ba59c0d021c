"""The pages, read back by poppler: what must be on them, and nothing else."""

from __future__ import annotations

import re
import shutil
import threading
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pypdfium2
import pytest
from msgspec import structs

from backend.city import configuration
from backend.city.certificates import residence
from backend.city.certificates.residence import HOUSEHOLD_FORM, PERSON_FORM, PersonLines, Sheet
from backend.city.city import OrderMismatch
from backend.city.configuration import ConfigurationError
from backend.city.glyphs import FontMissing, find_fonts
from backend.city.opening import SAMPLE, load_cities
from backend.city.typesetting import FormBroken, FormOverflow, NotDrawn, Typesetter
from backend.sample_people.personas import everybody
from terminal.link.wire import Product
from tests.backend.city.counter import NOON, SERIAL, Counter, text_of

A4_PT = (595.28, 841.89)
REN = {
    "always": {
        "渡邊\U000e010a蓮",
        "ワタナベレン",
        "昭和63年12月31日",
        "男",
        "朝霧県若葉野市葛\U000e0102野台四丁目3番16号",
        "平成30年6月18日",
        "平成30年6月20日",
        "朝霧県北星市辻\U000e0102町一丁目1番1号",
    },
    "registered_domicile": {"朝霧県北星市辻\U000e0102町一丁目1番筆", "渡邊\U000e010a巌"},
    "my_number": {"014063494452"},
}
HOA = {
    "always": {"NGUYENTHIHOA", "山本花", "1996年2月14日", "令和3年4月5日", "令和5年9月1日"},
    "nationality": {"ベトナム"},
    "status_art30_45": {"中長期在留者"},
    "residence_status": {"技術・人文知識・国際業務"},
    "residence_period": {"3年（2028年3月31日まで）"},
    "residence_card_number": {"XX00112233XX"},
    "my_number": {"895747471205"},
}


def holder_ref(counter: Counter, resident: str, city: str = "wakabano") -> tuple[str, ...]:
    people = counter.sign_in(resident, city).offers[0].people
    return tuple(person.ref for person in people if person.holder)


def option_corners(facts: dict[str, set[str]]) -> list[tuple[str, ...]]:
    items = [item for item in facts if item != "always"]
    return [(), *((item,) for item in items), *combinations(items, len(items) - 1), tuple(items)]


@pytest.mark.parametrize("items", option_corners(REN), ids="+".join)
def test_R23_japanese_residents_facts_as_chosen(counter: Counter, items: tuple[str, ...]) -> None:
    (page,) = counter.pages("w-0501", people=holder_ref(counter, "w-0501"), items=items)
    page = page.replace("筆頭者の氏名", "筆")
    for item, facts in REN.items():
        for fact in facts:
            assert (fact in page) == (item in {"always", *items}), (item, fact)
    assert page.count("（省略）") == 5 - 2 * ("registered_domicile" in items) - (
        "my_number" in items
    )


@pytest.mark.parametrize("items", option_corners(HOA), ids="+".join)
def test_foreign_residents_facts_as_chosen(counter: Counter, items: tuple[str, ...]) -> None:
    (page,) = counter.pages("s-0401", "shiomi", items=items)
    for item, facts in HOA.items():
        for fact in facts:
            assert (fact in page) == (item in {"always", *items}), (item, fact)
    assert "本籍" not in page
    assert page.count("（省略）") == 8 - len(items)


def test_head_and_relationship_only_when_chosen(counter: Counter) -> None:
    refs = [person.ref for person in counter.sign_in("w-0501").offers[0].people]
    wife = (refs[1],)
    (without,) = counter.pages("w-0501", people=wife)
    (with_head,) = counter.pages("w-0501", people=wife, items=("head_and_relationship",))
    assert "渡邊\U000e010a蓮" not in without
    assert "世帯主の氏名渡邊\U000e010a蓮" in with_head
    assert "世帯主との続柄妻" in with_head


@pytest.mark.parametrize("flag", ["deceased", "restricted", "support", "transit", "gone"])
def test_R31_R50_who_cannot_be_on_a_sheet_is_not_named_as_the_head(
    counter: Counter, flag: str
) -> None:
    offer = counter.offer(f"t-under-{flag}")
    assert [person.name for person in offer.people] == ["試験　花子"]
    assert "head_and_relationship" not in {item.item for item in offer.items}
    (page,) = counter.pages(f"t-under-{flag}")
    assert "別人" not in page
    order = counter.order(f"t-under-{flag}")
    asked = structs.replace(order, items=("head_and_relationship",))
    with pytest.raises(OrderMismatch, match="items"):
        counter.check(asked, f"t-under-{flag}")


def test_R33_the_kana_alias_is_never_printed(counter: Counter) -> None:
    items = tuple(item.item for item in counter.sign_in("s-0401", "shiomi").offers[0].items)
    (page,) = counter.pages("s-0401", "shiomi", items=items)
    assert "グエン" not in page
    assert "ホア" not in page


def test_R32_nothing_else_of_anybody_is_on_any_page(counter: Counter) -> None:
    """No code, number, name or address of a resident that the order did not ask for."""
    members = [
        member for household in everybody(NOON.date()).households for member in household.members
    ]
    for resident in ("w-0101", "w-0201", "w-0501"):
        pages = "".join(counter.pages(resident, items=("my_number",)))
        own = [one for one in members if one.id[:4] == resident[:4]]
        rest = pages
        for one in own:
            assert one.my_number in rest
            rest = rest.replace(one.my_number, " ")
        assert not re.search(r"\d{11}", rest)
        for one in members:
            assert one.resident_code not in pages
            if one not in own:
                assert one.my_number not in pages
                assert "".join(one.name.split()) not in pages


@pytest.mark.parametrize(
    ("resident", "city", "people", "sheets"),
    [
        ("w-0101", "wakabano", 1, 1),
        ("w-0201", "wakabano", 4, 1),
        ("t-five-0", "wakabano", 5, 2),
        ("s-0302", "shiomi", 6, 2),
    ],
)
def test_R28_sheets_of_a_household(
    counter: Counter, resident: str, city: str, people: int, sheets: int
) -> None:
    pages = counter.pages(resident, city, items=("head_and_relationship",))
    assert len(counter.sign_in(resident, city).offers[0].people) == people
    assert len(pages) == sheets
    for number, page in enumerate(pages, 1):
        assert page.count(f"{number}/{sheets}") == 1
        assert f"証明書固有番号{SERIAL}" in page
        assert "（世帯全員）" in page
        assert "住民票の写し" in page
        assert "この写しは、住民票の原本と相違ないことを証明する。" in page
        assert "発行年月日令和8年11月24日" in page
        assert "市長" in page
        assert "見本" in page
    empty = people > 1 and people % 4 != 0
    assert ("以下余白" in pages[-1]) is empty
    assert not any("以下余白" in page for page in pages[:-1])


def test_R28_part_of_a_household_is_one_sheet_each(counter: Counter) -> None:
    refs = [person.ref for person in counter.sign_in("w-0201").offers[0].people]
    pages = counter.pages("w-0201", people=(refs[3], refs[0], refs[1]))
    assert len(pages) == 3
    for number, (page, name) in enumerate(
        zip(pages, ("森田健二", "森田美咲", "森田結菜"), strict=True), 1
    ):
        assert f"{number}/3" in page
        assert "（世帯の一部）" in page
        assert name in page
        assert SERIAL in page
        assert "大翔" not in page


def test_a_household_with_a_withheld_member_is_never_called_whole(counter: Counter) -> None:
    (page,) = counter.pages("t-beside-restricted")
    assert "（世帯の一部）" in page
    (whole,) = counter.pages("t-beside-deceased")
    assert "（世帯全員）" in whole


def test_a_mixed_household_on_one_sheet(counter: Counter) -> None:
    (page,) = counter.pages("t-mixed-1", items=("registered_domicile", "nationality"))
    assert "ブラジル" in page
    assert "特別永住" not in page
    assert "朝霧県白樺町七番地の二" in page


def test_long_names_wrap_and_shrink_but_stay_whole(counter: Counter) -> None:
    (page,) = counter.pages("t-long")
    assert "試験" * 20 in re.sub("氏名|シケン", "", page)


def test_R29_each_page_is_one_a4_page_with_nothing_but_the_serial_in_its_metadata(
    counter: Counter,
) -> None:
    order = counter.order("s-0302", "shiomi")
    for page in counter.open(counter.issue(order, "s-0302"), order).pages:
        document = pypdfium2.PdfDocument(page)
        assert len(document) == 1
        assert document[0].get_size() == pytest.approx(A4_PT, abs=0.1)
        said = {key: text for key, text in document.get_metadata_dict().items() if text}
        assert said.pop("Creator").startswith("Typst")
        assert said.pop("Title") == SERIAL
        assert said == {}


# --- the setting itself ----------------------------------------------------------------------

WAKABANO = configuration.load(SAMPLE / "wakabano" / "city.toml")
MAYOR = WAKABANO.mayors[0]


def lines(place: int = 1, **changes: str) -> PersonLines:
    plain = {
        "name": "渡邊\U000e010a　蓮",
        "furigana": "シケン",
        "former_name": "",
        "alias": "",
        "birth": "昭和63年12月31日",
        "sex": "男",
        "address": "試験町",
        "became_resident_on": "平成30年6月18日",
        "address_since": "平成30年6月18日",
        "notified_on": "平成30年6月20日",
        "previous_address": "",
        "remarks": "",
    } | changes
    return PersonLines(
        place=place,
        foreign=False,
        head=None,
        relationship=None,
        my_number=None,
        registered_domicile=None,
        registered_head=None,
        **plain,
    )


def sheet(*people: PersonLines, **changes: str) -> Sheet:
    plain = {"serial": "S-1", "address": "試験町", "remarks": "", "mayor": MAYOR.name} | changes
    return Sheet(
        city=WAKABANO.name,
        stamp=MAYOR.stamp,
        statement=residence.STATEMENT,
        issue_date="令和8年11月24日",
        page=1,
        pages=1,
        scope="（世帯全員）",
        head=None,
        people=people,
        second=(),
        seal=None,
        **plain,
    )


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter(find_fonts())


def pixels(pdf: bytes) -> bytes:
    return bytes(pypdfium2.PdfDocument(pdf)[0].render(scale=2, grayscale=True).buffer)


@pytest.mark.parametrize("form", [HOUSEHOLD_FORM, PERSON_FORM])
def test_the_variation_is_drawn_and_not_the_common_form(typesetter: Typesetter, form: str) -> None:
    drawn = {
        pixels(typesetter.set(form, sheet(lines(name=name))))
        for name in ("渡邊　蓮", "渡邊\U000e010a　蓮", "渡邊\U000e0109　蓮", "渡邊\U000e0112　蓮")
    }
    assert len(drawn) == 4
    again = typesetter.set(form, sheet(lines()))
    assert pixels(again) in drawn
    assert "渡邊\U000e010a蓮" in text_of(again)


@pytest.mark.parametrize("form", [HOUSEHOLD_FORM, PERSON_FORM])
@pytest.mark.parametrize(
    "field", ["name", "furigana", "former_name", "previous_address", "birth", "sex"]
)
def test_what_does_not_fit_is_refused_by_field(
    typesetter: Typesetter, form: str, field: str
) -> None:
    with pytest.raises(FormOverflow) as overflow:
        typesetter.set(form, sheet(lines(1, **{field: "長" * 600})))
    assert overflow.value.field == field


def test_remarks_and_serials_have_limits_too(typesetter: Typesetter) -> None:
    with pytest.raises(FormOverflow):
        typesetter.set(HOUSEHOLD_FORM, sheet(lines(), remarks="備考" * 300))
    with pytest.raises(FormOverflow):
        typesetter.set(PERSON_FORM, sheet(lines(), serial="X" * 300))
    assert "X" * 64 in text_of(typesetter.set(PERSON_FORM, sheet(lines(), serial="X" * 64)))


def test_remarks_are_printed_by_place(typesetter: Typesetter) -> None:
    page = text_of(typesetter.set(HOUSEHOLD_FORM, sheet(lines(), remarks="1: 転入の届出あり")))
    assert "備考1:転入の届出あり" in page


def test_nothing_is_set_that_a_font_does_not_draw(typesetter: Typesetter) -> None:
    """Whatever stands in a sheet, the city's own words too, and however it got there."""
    for given in (
        sheet(lines(name="ᚠ")),
        sheet(lines(), mayor="市長 ᚠ"),
        sheet(lines(), remarks="1: ᚠ"),
        structs.replace(sheet(lines()), stamp=structs.replace(MAYOR.stamp, columns=("ᚠ",))),
        structs.replace(sheet(lines()), second=("ᚠ",)),
    ):
        with pytest.raises(NotDrawn) as missing:
            typesetter.set(PERSON_FORM, given)
        assert missing.value.character == "ᚠ"
        assert "ᚠ" not in str(missing.value)


def test_data_is_never_taken_for_markup(typesetter: Typesetter) -> None:
    name = '#panic(1) *x* $y$ \\ " <a> @b'
    assert "".join(name.split()) in text_of(typesetter.set(PERSON_FORM, sheet(lines(name=name))))


def test_a_broken_form_is_ours_to_mend(typesetter: Typesetter) -> None:
    with pytest.raises(FormBroken, match=r"residence_household: .*longer than its page"):
        typesetter.set(HOUSEHOLD_FORM, sheet(*(lines(place) for place in range(1, 8))))


def test_I8_sheets_set_at_the_same_time_never_mix(typesetter: Typesetter) -> None:
    wrong: list[str] = []

    def work(worker: int) -> None:
        for turn in range(5):
            name = f"試験{worker}の{turn}"
            text = text_of(typesetter.set(PERSON_FORM, sheet(lines(name=name), serial=name)))
            found = set(re.findall(r"試験\dの\d", text))
            if found != {name}:
                wrong.append(name)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert wrong == []
    assert not any(worker.is_alive() for worker in workers)


def test_the_same_sheet_is_always_the_same_page(typesetter: Typesetter) -> None:
    one, other = (typesetter.set(PERSON_FORM, sheet(lines())) for _ in range(2))
    assert one == other


_OWN = '#import "@madoguchi/frame:1.0.0": *\n'

# --- loading ---------------------------------------------------------------------------------


def test_R71_a_citys_own_form_stands_for_the_standard_one(
    counter: Counter, registry: Path, keys: Path, tmp_path: Path
) -> None:
    """The clerk would still know it: frame, title and certifying words are the same."""
    folder = tmp_path / "wakabano"
    shutil.copytree(SAMPLE / "wakabano", folder)
    (folder / "forms").mkdir()
    own = '#import "@madoguchi/frame:1.0.0": *\n#frame("印鑑登録証明書", [若葉野の様式 #sheet.name])\n'
    (folder / "forms" / "seal_registration.typ").write_text(own, "utf-8")
    office = replace(counter, cities=load_cities(tmp_path, registry=registry, keys=keys))
    (page,) = office.pages("w-0201", product=Product.SEAL_REGISTRATION)
    assert "若葉野の様式森田健二" in page
    assert SERIAL in page
    (standard,) = office.pages("w-0501", product=Product.INCOME)
    assert "所得証明書" in standard


@pytest.mark.parametrize(
    ("form", "text", "says"),
    [
        ("income", "#nowhere", r"wakabano, forms: income: unknown .* nowhere at income\.typ:1:1"),
        (
            "taxation",
            _OWN + '#frame("課税証明書", [#sheet.nothing])',
            "taxation: dictionary does not",
        ),
        ("register", _OWN + '#frame("x", [])', "register: does not say its <heights>"),
        ("seal_registration", _OWN + '#frame("x", v(300mm))', "longer than its page"),
        ("seal_registration", "", "seal_registration: does not say its <frame>"),
        (
            "seal_registration",
            _OWN + '#frame("印鑑証明書", [])',
            "the title is '印鑑証明書' and must be '印鑑登録証明書'",
        ),
        ("residence_person", _OWN + '#frame("住民票", [])', "must be '住民票の写し'"),
        ("income", _OWN + '#frame("所得の証明", [])', "must be '所得証明書'"),
        (
            "income",
            _OWN + '#frame(sheet.title, value("name", sheet.name, 5mm, 2mm))',
            "on the form income: name does not fit its field",
        ),
        ("income", '#import "@preview/cetz:0.3.2"', "imports @preview/cetz:0.3.2: only packages"),
        ("incme", "", "there is no form incme; there are income, register"),
        ("residence_person", _OWN + '#frame("x", [a #pagebreak() b])', "longer than its page"),
    ],
)
def test_a_citys_own_form_that_is_broken_stops_the_start_and_says_where(
    registry: Path, keys: Path, tmp_path: Path, form: str, text: str, says: str
) -> None:
    folder = tmp_path / "wakabano"
    shutil.copytree(SAMPLE / "wakabano", folder)
    (folder / "forms").mkdir()
    (folder / "forms" / f"{form}.typ").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=says):
        load_cities(tmp_path, registry=registry, keys=keys)


def test_what_a_citys_form_imports_is_no_form(
    registry: Path, keys: Path, tmp_path: Path, counter: Counter
) -> None:
    folder = tmp_path / "wakabano"
    shutil.copytree(SAMPLE / "wakabano", folder)
    (folder / "forms").mkdir()
    (folder / "forms" / "words.typ").write_text("#let words = [若葉野の様式]", "utf-8")
    own = _OWN + '#import "words.typ": *\n#frame("印鑑登録証明書", words)\n'
    (folder / "forms" / "seal_registration.typ").write_text(own, "utf-8")
    office = replace(counter, cities=load_cities(tmp_path, registry=registry, keys=keys))
    assert "若葉野の様式" in office.pages("w-0201", product=Product.SEAL_REGISTRATION)[0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "青葉　みのり",
            "青葉　みのᚠ",
            r"mayors\[0\] on the form \w+: 'ᚠ' of the name or the stamp",
        ),
        ('"若葉野"', '"若葉\U000e01ef"', r"mayors\[0\] .* cannot be drawn as it is written"),
        ("青葉　みのり", "青葉　みのり" * 8, r"mayors\[0\] .*: mayor does not fit its field"),
        ('"印見本"', '"印"', r"mayors\[0\]\.stamp: must say 見本"),
        ('"若葉野"', '"若葉野市役所之印"', r"mayors\[0\]\.stamp: a column of more than 7"),
    ],
)
def test_I14_a_mayor_who_cannot_be_set_stops_the_start(
    registry: Path, keys: Path, tmp_path: Path, old: str, new: str, says: str
) -> None:
    folder = tmp_path / "wakabano"
    shutil.copytree(SAMPLE / "wakabano", folder)
    text = (folder / "city.toml").read_text("utf-8")
    assert old in text
    (folder / "city.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError, match=says):
        load_cities(tmp_path, registry=registry, keys=keys)


def test_a_folder_without_cities(tmp_path: Path, keys: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no folder with a city\.toml"):
        load_cities(tmp_path, registry=tmp_path, keys=keys)


def test_a_city_in_anothers_folder(tmp_path: Path, keys: Path) -> None:
    folder = tmp_path / "shiomi"
    folder.mkdir()
    source = SAMPLE / "wakabano" / "city.toml"
    (folder / "city.toml").write_bytes(source.read_bytes())
    with pytest.raises(
        ConfigurationError, match="'wakabano' is not the name of its folder, 'shiomi'"
    ):
        load_cities(tmp_path, registry=tmp_path, keys=keys)


def test_without_its_font_no_city_opens(tmp_path: Path, keys: Path) -> None:
    with pytest.raises(FontMissing, match="fonts-ipamj-mincho"):
        load_cities(
            SAMPLE,
            registry=tmp_path,
            keys=keys,
            fonts=lambda: find_fonts((tmp_path,)),
        )
