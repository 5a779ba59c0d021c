"""The decision table that staff read: every persona, every product, and that it says what the rules do."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.city.opening import SAMPLE
from backend.city.rules.case import REASONS, CardHolder
from backend.cli import main
from backend.refusals import Refused
from backend.sample_people.personas import PERSONAS, Persona
from terminal.link.wire import Product, RefusalClass
from tests.backend.city.counter import NOON, VISIT, Counter, text_of

ROOT = Path(__file__).resolve().parents[3]


def explain(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(main, ["explain", *arguments])
    return ran.exit_code, ran.output


def table(persona: Persona, at: str = "2026-11-24T12:00", *more: str) -> list[str]:
    code, output = explain("--city", persona.city, "--persona", persona.id, "--at", at, *more)
    assert code == 0, output
    heading, *lines, last = output.splitlines()
    assert heading.startswith(f"{persona.id} in ")
    assert last.startswith("not asked here: whether a name fits the form")
    return lines


def by_id(persona: str) -> Persona:
    return next(one for one in PERSONAS if one.id == persona)


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda one: one.id)
def test_what_is_explained_is_what_is_offered(counter: Counter, persona: Persona) -> None:
    """The table's yes is an offer, its no a refusal with that text."""
    yes = {line.split()[0] for line in table(persona) if " yes " in line}
    today = NOON.date()
    holder = CardHolder(
        persona.city,
        persona.resident,
        persona.issued_on(today),
        persona.continued_on(today),
        persona.pin_changed_on(today),
    )
    city = counter.cities[persona.city]
    try:
        signed_in = city.sign_in(holder, VISIT, NOON, began=NOON, certificate_good_as_of=NOON)
    except Refused:
        assert yes == set()
    else:
        offers = signed_in.offers
        assert yes == {offer.product.value for offer in offers if offer.refusal is None}


TWINS = [persona for persona in PERSONAS if persona.rule.startswith("R")]
# The rules that no city decides: the card's own.
OF_THE_CARD = {"R15", "R45"}
# Everything but the whole register, in which somebody else is protected.
PARTLY = {"protected-mate"}


@pytest.mark.parametrize("persona", TWINS, ids=lambda one: one.id)
def test_a_failing_twin_is_refused_by_its_own_row_and_a_passing_one_by_none(
    persona: Persona,
) -> None:
    text = "\n".join(table(persona))
    row = {"R53": "R52"}.get(persona.rule, persona.rule)
    if persona.rule in OF_THE_CARD:
        assert " yes " in text
    elif persona.id in PARTLY:
        refused = [line.split()[0] for line in text.splitlines() if " no  " in line]
        assert refused == ["family_register"]
        assert f" {row}:" in text
    elif persona.passes:
        assert f" {row}:" not in text
    else:
        assert f" {row}:" in text


def test_staff_read_the_row_and_the_screen_says_the_one_text() -> None:
    for persona, row in (("ward", "R49"), ("restricted", "R50"), ("moving-out", "R51")):
        text = "\n".join(table(by_id(persona)))
        assert "the screen says refused.person" in text
        assert f"{row}: " in text
        assert " yes " not in text


def test_from_when_is_the_latest_of_all_that_speaks_against_it() -> None:
    text = "\n".join(table(by_id("moved-in-today"), "2026-12-28T22:58"))
    assert "from 2027-01-04 06:30" in text
    assert "R7: the service is closed here now, until 2027-01-04 06:30" in text


def test_what_is_only_expected_is_told_with_its_rule_and_promises_nothing() -> None:
    text = "\n".join(table(by_id("just-married")))
    assert "family_register                    no   until something changes" in text
    assert "R54: a notification is not yet written, until 2026-12-" in text


def test_a_tax_certificate_is_explained_year_by_year() -> None:
    lines = [line for line in table(by_id("domicile-here")) if line.startswith("taxation")]
    assert [line.split()[1] for line in lines] == ["2026", "2025", "2024"]


def test_R71_hours_of_a_site_count_only_there() -> None:
    at = "2026-11-24T20:00"
    persona = by_id("seal-registered")
    assert "R7" not in "\n".join(table(persona, at))
    assert "R7: " in "\n".join(table(persona, at, "--site", "wakabano-hall"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--city", "nowhere", "--persona", "ward"), "there are shiomi, wakabano"),
        (("--city", "shiomi", "--persona", "ward"), "it has okabe-sachiko"),
        (
            ("--city", "wakabano", "--persona", "ward", "--dir", "/nowhere"),
            "/nowhere is no development world: leave --dir out",
        ),
        (("--city", "shiomi", "--persona", "okabe-sachiko", "--at", "9999-12-31"), "from 2020 to"),
        (("--city", "shiomi", "--persona", "okabe-sachiko", "--at", "0001-01-01"), "from 2020 to"),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_exist(
    arguments: tuple[str, ...], says: str
) -> None:
    code, output = explain(*arguments)
    assert code == 2
    assert says in output
    assert "Traceback" not in output
    assert " in 汐見市 at" not in output, "nothing is begun that then fails"


def test_every_product_has_its_line() -> None:
    named = {line.split()[0] for line in table(by_id("two-adults")) if not line.startswith(" ")}
    assert named == {product.value for product in Product}


def test_every_reason_has_a_class_and_one_is_the_persons() -> None:
    persons = [reason for reason, kind in REASONS.items() if kind is RefusalClass.PERSON]
    assert persons == ["refused.person"]


def test_no_day_is_promised_on_which_the_answer_is_still_no() -> None:
    """The registers' hours end for the day, and that of 2024 with it for good."""
    persona = by_id("domicile-here")
    closed = {
        line.split()[1]: line
        for line in table(persona, "2027-05-31T21:30")
        if line.startswith("taxation")
    }
    assert "until something changes" in closed["2024"]
    assert "from 2027-06-01 06:30" in closed["2025"]


def test_after_the_last_tax_year_only_that_is_said() -> None:
    text = table(by_id("domicile-here"), "2035-01-05T12:00")
    at = next(number for number, line in enumerate(text) if line.startswith("taxation"))
    assert "refused.tax_year_over" in text[at]
    assert text[at + 1].strip().startswith("R36: ")
    assert not text[at + 2].startswith(" ")


def test_a_site_that_the_city_does_not_name_is_doubted() -> None:
    arguments = ["explain", "--city", "shiomi", "--persona", "okabe-sachiko", "--site", "hall"]
    ran = CliRunner().invoke(main, arguments)
    assert "shiomi names no site 'hall'; it names shiomi-library" in ran.stderr
    assert "hall" in ran.stdout.splitlines()[0]


def test_a_reader_who_has_read_enough_is_not_told_of_errors() -> None:
    command = f"{sys.executable} -m backend.cli explain --city shiomi --persona domicile-here"
    ran = subprocess.run(
        ["bash", "-c", f"{command} | head -n 1"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.startswith("domicile-here in 汐見市 at ")
    assert ran.stderr == ""


@pytest.fixture
def own_cities(tmp_path: Path) -> Path:
    """A city of somebody's own, begun as docs/city.md says: with a copy."""
    folder = tmp_path / "my-cities" / "minato"
    shutil.copytree(SAMPLE / "wakabano", folder)
    text = (folder / "city.toml").read_text("utf-8")
    text = text.replace('code = "wakabano"', 'code = "minato"').replace("若葉野市", "港見市")
    (folder / "city.toml").write_text(text, "utf-8")
    return tmp_path / "my-cities"


def test_R71_a_city_of_ones_own_is_explained_populated_and_looked_at(
    own_cities: Path, tmp_path: Path
) -> None:
    chosen = ["--city", "minato", "--cities", str(own_cities)]
    explained = CliRunner().invoke(main, ["explain", *chosen, "--persona", "just-married"])
    assert explained.exit_code == 0, explained.output
    assert "just-married in 港見市" in explained.output
    assert "family_register" in explained.output
    residents = tmp_path / "residents"
    populated = CliRunner().invoke(
        main, ["populate", *chosen, "--file", str(residents), "--residents", "50"]
    )
    assert populated.exit_code == 0, populated.output
    with closing(sqlite3.connect(residents)) as connection:
        rows = connection.execute("SELECT DISTINCT city, address FROM households").fetchall()
    assert {city for city, _ in rows} == {"minato"}
    assert all("港見市" in address for _, address in rows)
    seen = CliRunner().invoke(main, ["specimen", *chosen, "--to", str(tmp_path / "pages")])
    assert seen.exit_code == 0, seen.output
    made = sorted(path.stem for path in (tmp_path / "pages").iterdir())
    forms = {name.rpartition("-")[0] for name in made}
    assert forms == {
        "income",
        "register",
        "residence_household",
        "residence_person",
        "seal_registration",
        "taxation",
    }
    for path in (tmp_path / "pages").iterdir():
        assert "港見市長" in text_of(path.read_bytes())


def test_a_form_that_does_not_work_is_one_line_with_its_place(
    own_cities: Path, tmp_path: Path
) -> None:
    forms = own_cities / "minato" / "forms"
    forms.mkdir()
    (forms / "income.typ").write_text("#nowhere", "utf-8")
    arguments = ["specimen", "--city", "minato", "--cities", str(own_cities), "--to", str(tmp_path)]
    ran = CliRunner().invoke(main, arguments)
    assert ran.exit_code == 2
    assert "minato, forms: income: unknown variable: nowhere at income.typ:1:1" in ran.output
    assert list(tmp_path.glob("*.pdf")) == []


def test_a_registry_goes_into_a_directory_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "residents"
    ran = CliRunner().invoke(main, ["populate", "--city", "shiomi", "--file", str(path)])
    assert ran.exit_code == 2
    assert f"{path.parent} is no directory: make it first" in ran.output


def test_bulk_is_as_many_as_asked_and_the_same_every_time(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        path = tmp_path / name
        arguments = ["populate", "--file", str(path), "--city", "shiomi", "--residents", "300"]
        ran = CliRunner().invoke(main, arguments)
        assert ran.output == f"{path} holds 300 fictional residents of shiomi\n"
        made.append(path.read_bytes())
    assert made[0] == made[1]
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 2
    assert "remove it" in again.output
