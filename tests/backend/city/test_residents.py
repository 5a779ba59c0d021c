from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from backend.city import personas, records, residents
from backend.city.configuration import ConfigurationError
from backend.city.personas import PERSONAS, SAMPLE
from backend.city.residents import (
    COMMON_ITEMS,
    FOREIGN_ITEMS,
    JAPANESE_ITEMS,
    Registry,
    RegistryUnreadable,
)
from tests.backend.city.counter import Counter

ITEMS = COMMON_ITEMS + JAPANESE_ITEMS + FOREIGN_ITEMS


def everybody() -> list[records.Member]:
    return [
        member
        for household in records.load(SAMPLE / "residents.toml")
        for member in household.members
    ]


def check_digit(number: str) -> int:
    """The last digit that a genuine My Number would have (ministerial ordinance 85 of 2014)."""
    total = sum(
        int(digit) * (place + 1 if place <= 6 else place - 5)
        for place, digit in enumerate(reversed(number[:11]), 1)
    )
    return 0 if total % 11 <= 1 else 11 - total % 11


def test_fictional_my_numbers_can_be_nobodys() -> None:
    numbers = [member.my_number for member in everybody()]
    assert len(set(numbers)) == len(numbers)
    assert all(int(number[-1]) != check_digit(number) for number in numbers)
    assert "0" * 12 not in numbers


def test_eleven_personas_in_two_cities(registry: Path) -> None:
    assert len({persona.id for persona in PERSONAS}) == 11
    assert {persona.city for persona in PERSONAS} == {"wakabano", "shiomi"}
    with Registry(registry).snapshot() as snapshot:
        for persona in PERSONAS:
            names = {
                one.id: one.name for one in snapshot.household_of(persona.resident, persona.city)
            }
            assert names[persona.resident] == persona.name


def test_the_seeder_fills_an_empty_database() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        personas.seed(connection)
        count = connection.execute("SELECT count(*) FROM residents").fetchone()
    assert count == (len(everybody()),)


def test_I13_only_the_chosen_items_are_read(registry: Path) -> None:
    for item in ITEMS:
        with Registry(registry).snapshot([item]) as snapshot:
            japanese = snapshot.entry("w-0501").chosen
            foreign = snapshot.entry("s-0401").chosen
        own = set(japanese) | set(foreign)
        assert own, item
        assert own <= {name for name, opener in residents._OPENED_BY.items() if opener == item}
    with Registry(registry).snapshot() as snapshot:
        assert snapshot.entry("w-0501").chosen == {}


def columns_read(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, resident: str, city: str, item: str | None
) -> set[tuple[str, str]]:
    """Every column that SQLite opens while one certificate is issued, by its own account."""
    order = counter.order(resident, city, items=() if item is None else (item,))
    read: set[tuple[str, str]] = set()
    authorizer = residents._authorizer

    def recording(items: frozenset[str]) -> Callable[..., int]:
        judge = authorizer(items)

        def authorize(action: int, table: str | None, column: str | None, *rest: object) -> int:
            if action == sqlite3.SQLITE_READ:
                read.add((str(table), str(column)))
            return judge(action, table, column, *rest)

        return authorize

    with monkeypatch.context() as patched:
        patched.setattr(residents, "_authorizer", recording)
        counter.issue(order, resident)
    return read


ALWAYS = {
    "households": {"id", "city", "address"},
    "kana_aliases": {"resident"},  # whether there is one, for the notice of R33; never which
    "standings": {
        *("resident", "under_guardianship", "restricted", "support_measures"),
        *("in_transit_by_birth", "deceased_on", "moving_out_on"),
    },
    "residents": {
        *("id", "household", "place", "name", "furigana", "former_name", "alias", "birth", "sex"),
        *("is_foreign", "became_resident_on", "address_since", "notified_on"),
        *("previous_address", "remarks"),
    },
}
ON_REQUEST = {
    "head_and_relationship": {("households", "head"), ("residents", "relationship")},
    "registered_domicile": {
        *(("domiciles", column) for column in ("resident", "registered_domicile")),
        ("domiciles", "registered_head"),
    },
    "my_number": {("my_numbers", "resident"), ("my_numbers", "my_number")},
    "residence_period": {
        *(("foreign_residents", column) for column in ("resident", "residence_period")),
        ("foreign_residents", "residence_period_ends"),
    },
} | {
    item: {("foreign_residents", "resident"), ("foreign_residents", item)}
    for item in FOREIGN_ITEMS
    if item != "residence_period"
}


@pytest.mark.parametrize("item", [None, *ITEMS])
def test_I13_an_issue_reads_the_columns_of_its_certificate_and_no_other(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, item: str | None
) -> None:
    resident, city = ("s-0401", "shiomi") if item in FOREIGN_ITEMS else ("w-0501", "wakabano")
    always = {(table, column) for table, columns in ALWAYS.items() for column in columns}
    asked = set() if item is None else ON_REQUEST[item]
    assert columns_read(counter, monkeypatch, resident, city, item) == always | asked


@pytest.mark.parametrize(
    "query",
    [
        "SELECT resident_code FROM resident_codes",
        "SELECT * FROM resident_codes",
        "SELECT kana_alias FROM kana_aliases",
        "SELECT r.name FROM residents r JOIN resident_codes c ON c.resident_code = r.id",
        "SELECT my_number FROM my_numbers",
        "SELECT registered_domicile FROM domiciles",
        "SELECT relationship FROM residents",
        "SELECT * FROM foreign_residents",
        "UPDATE residents SET name = ''",
        "DELETE FROM standings",
        "CREATE TABLE mine (x)",
        "ATTACH 'other' AS other",
        "PRAGMA query_only = 0",
    ],
)
def test_I13_R32_R33_a_query_that_reaches_further_fails(registry: Path, query: str) -> None:
    with pytest.raises(RegistryUnreadable), Registry(registry).snapshot() as snapshot:
        snapshot._connection.execute(query).fetchall()


def test_R32_no_item_opens_the_resident_code(registry: Path) -> None:
    with pytest.raises(RegistryUnreadable), Registry(registry).snapshot(ITEMS) as snapshot:
        snapshot._connection.execute("SELECT resident_code FROM resident_codes")


def test_I9_one_snapshot_sees_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "residents.sqlite3"
    with closing(sqlite3.connect(path)) as writer:
        personas.seed(writer)
        writer.execute("PRAGMA journal_mode = WAL")
        with Registry(path).snapshot() as snapshot:
            before = snapshot.entry("w-0101").name
            with writer:
                writer.execute("UPDATE residents SET name = '別人' WHERE id = 'w-0101'")
            assert snapshot.entry("w-0101").name == before
        with Registry(path).snapshot() as snapshot:
            assert snapshot.entry("w-0101").name == "別人"


def test_I9_a_resident_without_a_standing_gets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "residents.sqlite3"
    with closing(sqlite3.connect(path)) as writer:
        personas.seed(writer)
        with writer:
            writer.execute("DELETE FROM standings WHERE resident = 'w-0202'")
    with (
        pytest.raises(RegistryUnreadable, match="no standing of resident w-0202"),
        Registry(path).snapshot() as snapshot,
    ):
        snapshot.household_of("w-0201", "wakabano")


def test_an_item_that_should_be_there_and_is_not(tmp_path: Path) -> None:
    path = tmp_path / "residents.sqlite3"
    with closing(sqlite3.connect(path)) as writer:
        personas.seed(writer)
        with writer:
            writer.execute("DELETE FROM domiciles WHERE resident = 'w-0101'")
    with (
        pytest.raises(RegistryUnreadable, match="no registered_domicile of resident w-0101"),
        Registry(path).snapshot(["registered_domicile"]) as snapshot,
    ):
        snapshot.entry("w-0101")


def test_a_missing_registry_is_unreadable_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.sqlite3"
    with pytest.raises(RegistryUnreadable, match="unable to open"), Registry(path).snapshot():
        pass
    assert not path.exists()


def test_a_resident_is_not_found_in_another_city(registry: Path) -> None:
    with Registry(registry).snapshot() as snapshot:
        assert snapshot.household_of("w-0101", "shiomi") == ()
        assert snapshot.household_of("nobody", "wakabano") == ()


def test_an_entry_of_nobody_is_an_error(registry: Path) -> None:
    with (
        pytest.raises(RegistryUnreadable, match="no resident nobody"),
        Registry(registry).snapshot() as snapshot,
    ):
        snapshot.entry("nobody")


def test_nothing_that_is_shown_names_a_person(
    registry: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Registry(registry).snapshot(ITEMS) as snapshot:
        household = snapshot.household_of("w-0501", "wakabano")
        entry = snapshot.entry("w-0501")
    shown = f"{household!r} {entry!r} {everybody()!r} {caplog.text}"
    shown += repr(records.load(SAMPLE / "residents.toml"))
    assert "w-0501" in shown
    assert not any(member.name in shown or member.my_number in shown for member in everybody())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[households]]\nid = 'x'\n", r"\$\.households\[0\]"),
        ("households = []\nmore = 1\n", "more"),
        ("[[\n", "line"),
    ],
)
def test_a_mistake_in_the_records_names_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "residents.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=says):
        records.load(path)


def test_records_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        records.load(tmp_path / "nowhere.toml")


def test_the_registry_is_filled_whole_or_not_at_all() -> None:
    households = records.load(SAMPLE / "residents.toml")
    with closing(sqlite3.connect(":memory:")) as connection:
        with pytest.raises(sqlite3.IntegrityError):
            records.store(connection, [*households, households[0]])
        assert connection.execute("SELECT count(*) FROM residents").fetchone() == (0,)


def test_dates_are_dates(registry: Path) -> None:
    with Registry(registry).snapshot() as snapshot:
        assert snapshot.entry("s-0303").birth == date(1926, 12, 24)
