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
        ("reading =", "reeding =", "reeding"),
        ("residence = 250", "residence = 0", r"\$.tariffs\[0\].fees"),
        (
            "residence = { max_copies = 5 }",
            "residence = { max_copies = 50 }",
            r"\$.products\[...\].max_copies",
        ),
        ("opens = 06:30:00", "opens = 23:30:00", "not in this order"),
        ('shape = "square"', 'shape = "star"', r"\$.mayors\[0\].stamp.shape"),
        ("month = 12, day = 29", "month = 13, day = 29", r"\$.year_end.first.month"),
        ("residence = 250", "", "no fee for 'residence'"),
        ("starts = 2026-12-12T18:00:00+09:00", "starts = 2026-12-12T18:00:00", "offset"),
        ("starts = 2026-12-12T18", "starts = 2026-12-14T18", "in this order"),
        ("[hours]", "[hours", "line"),
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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: No such file"):
        configuration.load(tmp_path / "nowhere.toml")
