"""What can be read for what, by SQLite's own account (I-9, I-13)."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.city.configuration import ConfigurationError
from backend.city.registry import filling, openings, people, records, registers, snapshot
from backend.city.registry.openings import ITEMS, PERSON, PRINTED, STANDINGS, to_issue, to_judge
from backend.city.registry.people import COMMON_ITEMS, FOREIGN_ITEMS, JAPANESE_ITEMS
from backend.city.registry.snapshot import Registry, RegistryUnreadable
from backend.sample_people import personas
from terminal.link.wire import Product
from tests.backend.city.counter import NOON, Counter

EVERY_ITEM = COMMON_ITEMS + JAPANESE_ITEMS + FOREIGN_ITEMS
PEOPLE = personas.everybody(NOON.date())
NOTHING_CHOSEN = to_issue(Product.RESIDENCE, ())
EVERYTHING = frozenset[tuple[str, str]]().union(
    *(to_issue(product, EVERY_ITEM) for product in Product)
)


def members() -> list[records.Member]:
    return [member for household in PEOPLE.households for member in household.members]


def seed(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as writer:
        personas.seed(writer, NOON.date())
        with writer:
            for statement in statements:
                writer.execute(statement)
    return path


# --- what is opened ------------------------------------------------------------------------------


def columns_read(
    counter: Counter,
    monkeypatch: pytest.MonkeyPatch,
    resident: str,
    city: str,
    product: Product,
    items: tuple[str, ...],
) -> set[tuple[str, str]]:
    """Every column that SQLite opens while one certificate is issued, by its own account."""
    order = counter.order(resident, city, product=product, items=items)
    read: set[tuple[str, str]] = set()
    authorizer = snapshot._authorizer

    def recording(opened: openings.Columns) -> Callable[..., int]:
        judge = authorizer(opened)

        def authorize(action: int, table: str | None, column: str | None, *rest: object) -> int:
            if action == sqlite3.SQLITE_READ and column:
                read.add((str(table), str(column)))
            return judge(action, table, column, *rest)

        return authorize

    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "_authorizer", recording)
        counter.issue(order, resident)
    return read


CASES = [
    *((product, ()) for product in Product),
    *((Product.RESIDENCE, (item,)) for item in EVERY_ITEM),
    (Product.FAMILY_REGISTER_ADDRESSES, ("registered_domicile",)),
]


@pytest.mark.parametrize(("product", "items"), CASES, ids=str)
def test_I13_an_issue_reads_the_columns_of_its_certificate_and_no_other(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, product: Product, items: tuple[str, ...]
) -> None:
    foreign = items and items[0] in FOREIGN_ITEMS
    resident, city = ("s-0401", "shiomi") if foreign else ("w-0201", "wakabano")
    read = columns_read(counter, monkeypatch, resident, city, product, items)
    asked = frozenset[tuple[str, str]]().union(*(ITEMS[product][item] for item in items))
    assert read == PERSON | STANDINGS[product] | PRINTED[product] | asked


def test_I13_nothing_of_one_certificate_is_opened_by_another() -> None:
    """What a product prints beyond the person's own line is opened by no product but its kin."""
    own = {
        Product.SEAL_REGISTRATION: "seal_impressions",
        Product.TAXATION: "tax_levies",
        Product.FAMILY_REGISTER: "register_matters",
        Product.FAMILY_REGISTER_ADDRESSES: "register_addresses",
    }
    for product, table in own.items():
        openers = {
            other for other in Product if table in {name for name, _ in to_issue(other, EVERY_ITEM)}
        }
        kin = {Product.FAMILY_REGISTER, Product.FAMILY_REGISTER_EXTRACT}
        assert openers == (kin if product in kin else {product})


def test_R31_R32_R33_R35_R39_some_columns_are_opened_by_nothing() -> None:
    never = {"resident_code", "kana_alias", "adjustment_deduction"}
    assert never.isdisjoint(column for _, column in EVERYTHING)
    assert {"resident_codes", "tax_adjustment_deductions"}.isdisjoint(
        table for table, _ in EVERYTHING
    )


def test_every_opening_names_a_column_that_is_there() -> None:
    """A slip of the pen would only ever show as a refused certificate."""
    with closing(sqlite3.connect(":memory:")) as connection:
        snapshot.create(connection)
        there = {
            (table, column)
            for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")
            for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        }
    assert there >= EVERYTHING


QUERIES = [
    "SELECT resident_code FROM resident_codes",
    "SELECT * FROM resident_codes",
    "SELECT count(*) FROM resident_codes",
    "SELECT kana_alias FROM kana_aliases",
    "SELECT adjustment_deduction FROM tax_adjustment_deductions",
    "SELECT r.name FROM residents r JOIN resident_codes c ON c.resident_code = r.id",
    "SELECT my_number FROM my_numbers",
    "SELECT registered_domicile FROM domiciles",
    "SELECT relationship FROM residents",
    "SELECT * FROM foreign_residents",
    "SELECT impression FROM seal_impressions",
    "SELECT annual_tax FROM tax_levies",
    "SELECT value FROM register_matters",
    "SELECT address FROM register_addresses",
    "SELECT declared FROM tax_years",
    "UPDATE residents SET name = ''",
    "DELETE FROM standings",
    "CREATE TABLE mine (x)",
    "ATTACH 'other' AS other",
    "PRAGMA query_only = 0",
]


@pytest.mark.parametrize("query", QUERIES)
def test_I13_R32_R33_a_query_that_reaches_further_fails(registry: Path, query: str) -> None:
    with pytest.raises(RegistryUnreadable), Registry(registry).snapshot(NOTHING_CHOSEN) as view:
        view.rows(query)


@pytest.mark.parametrize("query", [*QUERIES[:6], *QUERIES[-5:]])
def test_R32_R33_R39_nothing_at_all_opens_these(registry: Path, query: str) -> None:
    with pytest.raises(RegistryUnreadable), Registry(registry).snapshot(EVERYTHING) as view:
        view.rows(query)


def test_an_item_that_a_product_has_not_opens_nothing() -> None:
    assert to_issue(Product.TAXATION, EVERY_ITEM) == to_issue(Product.TAXATION, ())


# --- what is read --------------------------------------------------------------------------------


def test_I13_only_the_chosen_items_are_read(registry: Path) -> None:
    for item in EVERY_ITEM:
        with Registry(registry).snapshot(to_issue(Product.RESIDENCE, [item])) as view:
            japanese = people.entry(view, "w-0501", [item]).chosen
            foreign = people.entry(view, "s-0401", [item]).chosen
        columns = {column for _, column in ITEMS[Product.RESIDENCE][item]}
        assert japanese or foreign, item
        assert {*japanese, *foreign} <= columns
    with Registry(registry).snapshot(NOTHING_CHOSEN) as view:
        assert people.entry(view, "w-0501", []).chosen == {}


def test_I9_one_snapshot_sees_one_moment(tmp_path: Path) -> None:
    path = seed(tmp_path / "residents.sqlite3")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        with Registry(path).snapshot(NOTHING_CHOSEN) as view:
            before = people.entry(view, "w-0101", []).name
            with writer:
                writer.execute("UPDATE residents SET name = '別人' WHERE id = 'w-0101'")
            assert people.entry(view, "w-0101", []).name == before
        with Registry(path).snapshot(NOTHING_CHOSEN) as view:
            assert people.entry(view, "w-0101", []).name == "別人"


def test_I9_a_resident_without_a_standing_gets_nothing(tmp_path: Path) -> None:
    path = seed(tmp_path / "r.sqlite3", "DELETE FROM standings WHERE resident = 'w-0202'")
    with (
        pytest.raises(RegistryUnreadable, match=r"^no standing of a resident$"),
        Registry(path).snapshot(NOTHING_CHOSEN) as view,
    ):
        people.household_of(view, "w-0201", "wakabano")


@pytest.mark.parametrize(
    ("product", "items", "loss", "says"),
    [
        (
            Product.RESIDENCE,
            ("registered_domicile",),
            "DELETE FROM domiciles WHERE resident = 'w-0201'",
            "^no registered_domicile of a resident$",
        ),
        (
            Product.SEAL_REGISTRATION,
            (),
            "DELETE FROM seal_impressions",
            "^no impression of a registered seal$",
        ),
        (Product.INCOME, (), "DELETE FROM tax_statements", "^no tax statement of 2026$"),
        (Product.TAXATION, (), "DELETE FROM tax_levies", "^no levies of 2026$"),
        (
            Product.INCOME,
            (),
            "UPDATE tax_incomes SET kind = 'lottery' WHERE resident = 'w-0201'",
            "an unknown kind of income: 'lottery'",
        ),
        (
            Product.FAMILY_REGISTER_ADDRESSES,
            (),
            "DELETE FROM register_address_books",
            "^no address book of a register$",
        ),
        (
            Product.FAMILY_REGISTER_ADDRESSES,
            ("registered_domicile",),
            "DELETE FROM register_heads",
            "^no head of a register$",
        ),
    ],
)
def test_I9_I14_a_part_that_is_missing_stops_the_whole(
    counter: Counter,
    office: Callable[[Path], Counter],
    tmp_path: Path,
    product: Product,
    items: tuple[str, ...],
    loss: str,
    says: str,
) -> None:
    order = counter.order("w-0201", product=product, items=items)
    incomplete = office(seed(tmp_path / "residents.sqlite3", loss))
    with pytest.raises(RegistryUnreadable, match=says):
        incomplete.check(order, "w-0201")


def test_a_missing_registry_is_unreadable_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.sqlite3"
    with (
        pytest.raises(RegistryUnreadable, match="unable to open"),
        Registry(path).snapshot(NOTHING_CHOSEN),
    ):
        pass
    assert not path.exists()


def test_a_resident_is_not_found_in_another_city(registry: Path) -> None:
    with Registry(registry).snapshot(NOTHING_CHOSEN) as view:
        assert people.household_of(view, "w-0101", "shiomi") == ()
        assert people.household_of(view, "nobody", "wakabano") == ()


def test_an_entry_of_nobody_is_an_error(registry: Path) -> None:
    with (
        pytest.raises(RegistryUnreadable, match=r"^no entry of a resident$"),
        Registry(registry).snapshot(NOTHING_CHOSEN) as view,
    ):
        people.entry(view, "nobody", [])


def test_I13_certificates_about_nobody_else_read_nobody_else(registry: Path) -> None:
    with Registry(registry).snapshot(to_judge([Product.SEAL_REGISTRATION])) as view:
        alone = people.household_of(view, "w-0201", "wakabano", alone=True)
        assert [one.id for one in alone] == ["w-0201"]
        with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
            people.household_of(view, "w-0201", "wakabano")


def test_R20_somebody_removed_from_one_register_is_in_another(tmp_path: Path) -> None:
    """As after a marriage: the old entry stays, linked to the same person."""
    path = seed(
        tmp_path / "r.sqlite3",
        "INSERT INTO register_members (id, register, place, resident, name, furigana, removed, withheld)"
        " SELECT 'old', register, 90, 'w-0201', name, furigana, 1, 0 FROM register_members"
        " WHERE resident = 's-0302'",
    )
    with Registry(path).snapshot(to_judge([Product.FAMILY_REGISTER])) as view:
        now = registers.standing(view, "w-0201")
        other = registers.standing(view, "s-0302")
    assert now is not None
    assert other is not None
    assert now.id != other.id
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        seed(
            tmp_path / "twice.sqlite3",
            "INSERT INTO register_members (id, register, place, resident, name, furigana, removed, withheld)"
            " SELECT 'two', register, 91, 'w-0201', name, furigana, 0, 0 FROM register_members"
            " WHERE resident = 's-0302'",
        )


def test_R20_somebody_removed_from_a_register_is_not_found_by_it(tmp_path: Path) -> None:
    path = seed(
        tmp_path / "r.sqlite3", "UPDATE register_members SET removed = 1 WHERE resident = 'w-0201'"
    )
    with Registry(path).snapshot(to_judge([Product.FAMILY_REGISTER])) as view:
        assert registers.standing(view, "w-0201") is None
        wife = registers.standing(view, "w-0202")
    assert wife is not None
    assert [member.removed for member in wife.members if member.resident == "w-0201"] == [True]


def test_nothing_that_is_shown_names_a_person(
    registry: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Registry(registry).snapshot(EVERYTHING) as view:
        household = people.household_of(view, "w-0201", "wakabano")
        entry = people.entry(view, "w-0201", EVERY_ITEM)
        standing = registers.standing(view, "w-0201")
        assert standing is not None
        register = registers.register(view, standing.id, standing.members)
        book = registers.address_book(view, standing.id, standing.members, with_domicile=True)
    shown = f"{household!r} {entry!r} {standing!r} {register!r} {book!r} {PEOPLE!r} {caplog.text}"
    shown += repr([*PEOPLE.households, *PEOPLE.registers, *members()])
    assert "w-0201" in shown
    assert not any(one.name in shown or one.my_number in shown for one in members())


def test_dates_are_dates(registry: Path) -> None:
    with Registry(registry).snapshot(NOTHING_CHOSEN) as view:
        assert people.entry(view, "s-0303", []).birth == date(1926, 12, 24)


# --- how people get in ---------------------------------------------------------------------------


def changed(record: Any, **changes: object) -> None:
    """As a file says it, with a change."""
    msgspec.convert(msgspec.to_builtins(record) | changes, type(record))


def test_records_that_contradict_themselves_do_not_get_in() -> None:
    household = next(one for one in PEOPLE.households if one.members[0].id == "w-0201")
    with pytest.raises(msgspec.ValidationError, match="head: 'w-0101' is not the id of one of"):
        changed(household, head="w-0101")
    register = next(one for one in PEOPLE.registers if one.members[0].resident == "w-0201")
    with pytest.raises(msgspec.ValidationError, match="not a surname, an ideographic space"):
        changed(register.members[0], name="森田健二")
    with pytest.raises(msgspec.ValidationError, match="not a surname, an ideographic space"):
        changed(register.members[0], given_name="健三")
    with pytest.raises(msgspec.ValidationError, match="length >= 1"):
        changed(register.matters[0], lines=[])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[households]]\nid = 'x'\n", r"households\[0\]: "),
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
    with closing(sqlite3.connect(":memory:")) as connection:
        with pytest.raises(sqlite3.IntegrityError):
            filling.store(connection, [PEOPLE, PEOPLE])
        assert connection.execute("SELECT count(*) FROM residents").fetchone() == (0,)


def test_everything_of_the_records_is_stored(registry: Path) -> None:
    """Row for row, so that no table is forgotten."""
    everyone = members()
    expected: dict[str, Any] = {
        "residents": len(everyone),
        "my_numbers": len(everyone),
        "seals": sum(one.seal is not None for one in everyone),
        "tax_years": sum(len(one.taxes) for one in everyone),
        "tax_incomes": sum(len(tax.incomes) for one in everyone for tax in one.taxes),
        "registers": len(PEOPLE.registers),
        "register_members": sum(len(one.members) for one in PEOPLE.registers),
        "register_notices": sum(len(one.notices) for one in PEOPLE.registers),
    }
    with closing(sqlite3.connect(":memory:")) as connection:
        personas.seed(connection, NOON.date())
        for table, count in expected.items():
            stored = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert stored == (count,), table
