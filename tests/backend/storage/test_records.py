"""The guarded steps, without a server: each happens for exactly one caller."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.storage import ledger, records, registry
from backend.storage.database import Transaction
from backend.storage.records import OrderRow, VisitRow
from backend.storage.registry import LinkRow, TerminalRow
from backend.storage.sqlite import SqliteDatabase

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
VISIT = VisitRow(
    visit="visit-1",
    terminal="dev-1",
    state="open",
    body_digest=b"body",
    public_key=b"key",
    nonce=b"nonce",
    opened=NOW,
    expires=NOW + timedelta(minutes=5),
    sign_in_digest=None,
    city=None,
    certificate=None,
)
ORDER = OrderRow(
    order_id="order-1",
    terminal="dev-1",
    state="ordered",
    visit="visit-1",
    city="wakabano",
    product="residence",
    body_digest=b"digest",
    body=b"body",
    digest=b"order digest",
    copies=2,
    total_yen=500,
    expires=NOW + timedelta(minutes=30),
)


def fresh(path: Path) -> SqliteDatabase:
    database = SqliteDatabase(path)
    database.migrate()
    with database.writing() as tx:
        registry.put_terminal(tx, TerminalRow("dev-1", "operator", date(2026, 1, 1), None))
    return database


@pytest.fixture
def database(tmp_path: Path) -> Generator[SqliteDatabase]:
    database = fresh(tmp_path / "centre.sqlite3")
    yield database
    database.close()


def sign_in(tx: Transaction) -> None:
    assert records.insert_visit(tx, VISIT, "build")
    assert records.spend_nonce(tx, "visit-1", "dev-1", b"sign-in", NOW)
    until = NOW + timedelta(minutes=30)
    assert records.mark_signed_in(tx, "visit-1", b"sign-in", "wakabano", b"certificate", NOW, until)


def test_I9_the_first_sign_in_says_as_of_when_the_card_is_good(database: SqliteDatabase) -> None:
    later = NOW + timedelta(minutes=1)
    with database.writing() as tx:
        sign_in(tx)
        again = (tx, "visit-1", b"sign-in", "wakabano", b"certificate", later, later)
        assert not records.mark_signed_in(*again)
        row = records.find_visit(tx, "visit-1", "dev-1")
    assert row is not None
    assert row.certificate_good_as_of == NOW


def test_a_visit_id_a_key_and_a_nonce_are_used_once(database: SqliteDatabase) -> None:
    with database.writing() as tx:
        assert records.insert_visit(tx, VISIT, "build")
        fresh_values: dict[str, Any] = {
            "visit": "visit-2",
            "public_key": b"key-2",
            "nonce": b"nonce-2",
        }
        for used in fresh_values:
            changes = {name: value for name, value in fresh_values.items() if name != used}
            again = dataclasses.replace(VISIT, **changes)
            assert not records.insert_visit(tx, again, "build"), used
        assert records.insert_visit(tx, dataclasses.replace(VISIT, **fresh_values), "build")


def test_one_of_many_spends_the_nonce(database: SqliteDatabase) -> None:
    with database.writing() as tx:
        records.insert_visit(tx, VISIT, "build")

    def spend(number: int) -> bool:
        with database.writing() as tx:
            return records.spend_nonce(tx, "visit-1", "dev-1", bytes([number]), NOW)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(40))) == 1


def test_a_nonce_is_not_spent_when_it_is_too_late(database: SqliteDatabase) -> None:
    with database.writing() as tx:
        records.insert_visit(tx, VISIT, "build")
        assert not records.spend_nonce(tx, "visit-1", "dev-2", b"x", NOW), "another terminal"
        assert not records.spend_nonce(tx, "visit-1", "dev-1", b"x", VISIT.expires)
        assert records.spend_nonce(
            tx, "visit-1", "dev-1", b"x", VISIT.expires - timedelta(seconds=1)
        )


def test_a_nonce_of_an_ended_visit_stays_unspent(database: SqliteDatabase) -> None:
    with database.writing() as tx:
        records.insert_visit(tx, VISIT, "build")
        records.expire(tx, VISIT.expires)
        assert not records.spend_nonce(tx, "visit-1", "dev-1", b"x", NOW), (
            "even by a clock that went back"
        )


def test_an_order_needs_a_living_visit_of_its_terminal_and_city(database: SqliteDatabase) -> None:
    with database.writing() as tx:
        sign_in(tx)
        registry.put_terminal(tx, TerminalRow("dev-2", "operator", date(2026, 1, 1), None))
        for changed in (
            dataclasses.replace(ORDER, terminal="dev-2"),
            dataclasses.replace(ORDER, city="shiomi"),
            dataclasses.replace(ORDER, visit="visit-2"),
        ):
            assert not records.insert_order(tx, changed, NOW), changed
        assert not records.insert_order(tx, ORDER, NOW + timedelta(minutes=30))
        assert records.insert_order(tx, ORDER, NOW)
        assert not records.insert_order(tx, ORDER, NOW)


def test_a_serial_belongs_to_one_copy_for_ever(database: SqliteDatabase) -> None:
    with database.writing() as tx:
        sign_in(tx)
        records.insert_order(tx, ORDER, NOW)
        assert records.reserve_serial(tx, "order-1", 1, "1-1") == "1-1"
        assert records.reserve_serial(tx, "order-1", 1, "2-2") == "1-1", "stable when asked again"
        with pytest.raises(LookupError):
            records.reserve_serial(tx, "order-1", 2, "1-1")
        assert records.reserve_serial(tx, "order-1", 2, "2-2") == "2-2"
        assert records.find_serials(tx, "order-1") == ("1-1", "2-2")


def test_nothing_shows_whose_card_it_is() -> None:
    link = LinkRow("wakabano", "w-0101", date(2026, 1, 1))
    assert "w-0101" not in repr(link)
    signed_in = dataclasses.replace(VISIT, certificate=b"certificate")
    assert "certificate" not in repr(signed_in)
    assert "body" not in repr(ORDER)


class OrderLife(RuleBasedStateMachine):
    """Any calls in any order: an order's state only ever goes forward, money follows it."""

    FORWARD = ("ordered", "issued", "paid", "ended")

    def __init__(self) -> None:
        super().__init__()
        self.database = fresh(Path(":memory:"))
        with self.database.writing() as tx:
            sign_in(tx)
        self.ended_at: str | None = None
        self.furthest = -1
        self.visit_lives = True

    def order(self, tx: Transaction) -> OrderRow | None:
        return records.find_order(tx, "order-1")

    @rule()
    def place(self) -> None:
        with self.database.writing() as tx:
            may = self.furthest == -1 and self.visit_lives
            assert records.insert_order(tx, ORDER, NOW) is may

    @rule(copy=st.integers(1, 2), content=st.binary(min_size=1, max_size=4))
    def issue(self, copy: int, content: bytes) -> None:
        with self.database.writing() as tx:
            before = records.find_document(tx, "order-1", copy)
            records.keep_document(tx, "order-1", copy, content)
            records.mark_issued(tx, "order-1")
            after = records.find_document(tx, "order-1", copy)
            assert before is None or after == before, "the first document stays"

    @rule()
    def pay(self) -> None:
        with self.database.writing() as tx:
            order = self.order(tx)
            if order and records.move_order(tx, "order-1", "issued", "paid"):
                assert ledger.insert_payment(tx, order, "reference", b"digest", 500, NOW)
                ledger.enter(tx, "order-1", "taken", 500, NOW)

    @rule(after=st.sampled_from(["void", "suspect", "printed"]))
    def end(self, after: str) -> None:
        with self.database.writing() as tx:
            order = self.order(tx)
            if order and order.state in {"ordered", "issued", "paid"}:
                assert records.move_order(tx, "order-1", order.state, after)
                records.forget_content(tx, "order-1")
                records.end_visit_without_orders(tx, "visit-1")
                self.ended_at = after

    @precondition(lambda self: self.furthest == -1)
    @rule()
    def bury(self) -> None:
        with self.database.writing() as tx:
            assert records.insert_tombstone(tx, "order-1", "dev-1", NOW)
            self.ended_at = "void"

    @rule()
    def expire(self) -> None:
        with self.database.writing() as tx:
            before = self.order(tx)
            records.expire(tx, NOW + timedelta(hours=1))
            self.visit_lives = False
            if before and before.state == "ordered":
                self.ended_at = "void"

    @invariant()
    def holds(self) -> None:
        with self.database.reading() as tx:
            order = self.order(tx)
            if order is None:
                return
            place = self.FORWARD.index(order.state) if order.state in self.FORWARD else 3
            assert place >= self.furthest
            self.furthest = place
            if self.ended_at is not None:
                assert order.state == self.ended_at, "an end is final (I-7)"
                assert order.body is None
                assert records.find_document(tx, "order-1", 1) is None
            if order.state in {"issued", "paid"}:
                assert records.find_document(tx, "order-1", 1)
                assert records.find_document(tx, "order-1", 2)
            paid = ledger.find_payment(tx, "order-1") is not None
            assert paid or order.state != "paid"

    def teardown(self) -> None:
        self.database.close()


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
