"""The decision table that staff read: every persona, every product, and that it says what the rules do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.city.rules.case import REASONS, CardHolder
from backend.cli import main
from backend.refusals import Refused
from backend.sample_people.personas import PERSONAS, Persona
from terminal.link.wire import Product, RefusalClass
from tests.backend.city.counter import NOON, VISIT, Counter


def explain(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(main, ["explain", *arguments])
    return ran.exit_code, ran.output


def table(persona: Persona, at: str = "2026-11-24T12:00", *more: str) -> list[str]:
    code, output = explain("--city", persona.city, "--persona", persona.id, "--at", at, *more)
    assert code == 0, output
    return output.splitlines()[1:]


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
    assert "R7: the service is closed here at this hour" in text


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
        (("--city", "wakabano", "--persona", "ward", "--dir", "/nowhere"), "unable to open"),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_exist(
    arguments: tuple[str, ...], says: str
) -> None:
    code, output = explain(*arguments)
    assert code == 2
    assert says in output


def test_every_product_has_its_line() -> None:
    named = {line.split()[0] for line in table(by_id("two-adults")) if not line.startswith(" ")}
    assert named == {product.value for product in Product}


def test_every_reason_has_a_class_and_one_is_the_persons() -> None:
    persons = [reason for reason, kind in REASONS.items() if kind is RefusalClass.PERSON]
    assert persons == ["refused.person"]


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
