from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backend.city import configuration
from backend.city.configuration import ConfigurationError
from backend.city.opening import SAMPLE
from terminal.link.wire import Product

WAKABANO = SAMPLE / "wakabano" / "city.toml"
SHIOMI = SAMPLE / "shiomi" / "city.toml"


def changed(tmp_path: Path, old: str, new: str, source: Path = WAKABANO) -> Path:
    text = source.read_text("utf-8")
    assert old in text
    path = tmp_path / "city.toml"
    path.write_text(text.replace(old, new), "utf-8")
    return path


def test_R71_two_cities_differ_in_what_may_differ() -> None:
    one, other = configuration.load(WAKABANO), configuration.load(SHIOMI)
    assert one.hours != other.hours
    assert one.mayors != other.mayors
    assert one.conditions != other.conditions
    assert one.limits != other.limits
    assert one.tax_years != other.tax_years
    assert one.products != other.products
    assert one.year_end != other.year_end
    assert one.contact != other.contact
    assert one.closures != other.closures
    today = date(2026, 11, 24)
    assert one.tariff_on(today).fees[Product.RESIDENCE] == 250
    assert other.tariff_on(today).fees[Product.RESIDENCE] == 300


def test_R22_a_tariff_holds_on_its_first_and_last_day() -> None:
    city = configuration.load(SHIOMI)
    assert city.tariff_on(date(2027, 3, 31)).id == "shiomi-2019"
    assert city.tariff_on(date(2027, 4, 1)).id == "shiomi-2027-spring"
    with pytest.raises(ConfigurationError, match="none of the tariffs is in force on 2019-09-30"):
        city.tariff_on(date(2019, 9, 30))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "\nreading =",
            "\nreeding =",
            "the file: there is no 'reeding' here; there are closures, code",
        ),
        (
            "minimum_age",
            "minimum_aeg",
            r"conditions\[0\]: there is no 'minimum_aeg' here; there are age_",
        ),
        ("residence = 250", "residence = 0", r"tariffs\[0\]\.fees\.residence: Expected `int` >= 1"),
        (
            "residence = { max_copies = 5 }",
            "residence = { max_copies = 50 }",
            r"products\.residence\.max_copies: ",
        ),
        (
            "residence = { max",
            "residense = { max",
            "products: .*'residense'; there may stand residence, ",
        ),
        (
            'products = ["residence"]',
            'products = ["res"]',
            r"closures\[1\]\.products\[0\]: .*'res'",
        ),
        ('"mon", "tue"', '"mo", "tue"', r"limits\[0\]\.weekdays\[0\]: .* may stand mon, tue, wed"),
        ("opens = 06:30:00", "opens = 23:30:00", "not in this order"),
        (
            'shape = "square"',
            'shape = "star"',
            r"mayors\[0\]\.stamp\.shape: .* may stand round, square",
        ),
        ("month = 12, day = 29", "month = 13, day = 29", r"year_end\.first\.month: "),
        (
            "month = 12, day = 29",
            "month = 2, day = 30",
            r"year_end\.first: there is no day 30 of month 2",
        ),
        ("residence = 250", "", "no fee for 'residence'"),
        (
            "starts = 2026-12-12T18:00:00+09:00",
            "starts = 2026-12-12T18:00:00",
            r"closures\[0\]\.starts: 2026-12-12T18:00:00 needs an offset",
        ),
        (
            "starts = 2026-12-12T18",
            "starts = 2026-12-14T18",
            r"closures\[0\]\.ends: .* not after starts",
        ),
        ("[hours]", "[hours", "line"),
        ('reading = "わかばのし"', 'reading = "若葉野市"', "reading: '若葉野市' is not in kana"),
        ("わかばのしやくしょ", "wakabano", r"contact\.reading: .* is not in kana"),
        ('"000-555-0101"', '""', r"contact\.telephone: '' is not a number"),
        ('office = "若葉野市役所　市民課　証明係"', 'office = ""', r"contact\.office: empty"),
        (
            'sites = ["wakabano-hall"]\nweekdays',
            'sites = ["wakabano-hal"]\nweekdays',
            r"limits\[0\]\.sites: 'wakabano-hal' is not one of sites \(wakabano-hall\)",
        ),
        (
            'name = "若葉野市長　青葉',
            'name = "市長　青葉',
            r"mayors\[0\]\.name: must say 若葉野市長, which a terminal looks for",
        ),
        ("year = 2025", "year = 2024", "tax_years: the year 2024 is used twice"),
        ("year = 2024", "year = 2019", r"tax_years\[0\]\.year: Expected `int` >= 2021"),
    ],
)
def test_a_mistake_names_its_file_and_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(ConfigurationError, match=says) as raised:
        configuration.load(path)
    assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("valid_to = 2027-03-31\nfees", "valid_to = 2027-04-01\nfees", "overlap"),
        ("valid_to = 2027-03-31\nfees", "fees", "overlap"),
        (
            'id = "shiomi-2027"\nvalid_from = 2027-10-01',
            'id = "shiomi-2027"\nvalid_from = 2027-10-01\nvalid_to = 2028-03-31',
            "ends on 2028-03-31 and nothing follows",
        ),
        ('id = "shiomi-2027"', 'id = "shiomi-2019"', "used twice"),
        (
            "valid_to = 2027-03-31\nfees",
            "valid_to = 2027-03-30\nfees",
            "nothing holds from 2027-03-31",
        ),
        ("issued_to = 2027-05-31", "issued_to = 2023-05-31", r"tax_years\[1\]: issued_to"),
    ],
)
def test_tariffs_do_not_contradict_each_other(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        configuration.load(changed(tmp_path, old, new, SHIOMI))


def test_R36_a_terminal_has_keys_for_nine_years(tmp_path: Path) -> None:
    years = "".join(
        f"[[tax_years]]\nyear = {year}\nissued_from = 2026-06-10\nissued_to = 2027-06-09\n\n"
        for year in range(2028, 2037)
    )
    changed(tmp_path, "[[conditions]]", f"{years}[[conditions]]")
    with pytest.raises(ConfigurationError, match="more than 9 are issued on 2026-06-10"):
        configuration.load(tmp_path / "city.toml")


def test_what_does_not_hold_today_stops_the_start(tmp_path: Path) -> None:
    path = changed(tmp_path, "valid_from = 2023-04-01\nname", "valid_from = 2027-04-01\nname")
    city = configuration.load(path)
    assert list(configuration.missing_on(city, date(2027, 3, 31))) == [
        "mayors: none is in force on 2027-03-31, the first is from 2027-04-01"
    ]
    assert list(configuration.missing_on(city, date(2027, 4, 1))) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: No such file"):
        configuration.load(tmp_path / "nowhere.toml")
