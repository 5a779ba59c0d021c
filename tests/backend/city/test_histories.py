"""Random histories of one household, on the very path that issues: a page comes if and only if nothing
in the registry, at that hour, speaks against it. The oracle is written again here, from the requirements.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as explore

from backend.city.city import OrderMismatch
from backend.city.opening import SAMPLE, load_cities
from backend.refusals import Refused
from terminal.link.wire import Product
from tests.backend.city.counter import NOON, Counter

FLAGS = ("under_guardianship", "restricted", "support_measures", "in_transit_by_birth")
REGISTER = {
    Product.FAMILY_REGISTER,
    Product.FAMILY_REGISTER_EXTRACT,
    Product.FAMILY_REGISTER_ADDRESSES,
}
TAXES = {Product.TAXATION, Product.INCOME}
HOLDER, WIFE = "w-0201", "w-0202"


class Household(RuleBasedStateMachine):
    """w-0201 and his family, in a registry of their own."""

    registry: ClassVar[Path]
    keys: ClassVar[Path]
    counter: ClassVar[Counter]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "residents.sqlite3"
        shutil.copy(self.registry, self.path)
        cities = load_cities(SAMPLE, registry=self.path, keys=self.keys)
        self.office = replace(self.counter, cities=cities)
        # Orders signed while everything was in order: what a terminal still holds when things change.
        self.orders = {
            product: self.office.order(HOLDER, product=product, people=None) for product in Product
        }
        self.now = NOON
        self.flags: set[str] = set()
        self.wife_withheld = False
        self.moving: date | None = None
        self.wife_moving: date | None = None
        self.has_seal = True
        self.declared = True
        self.held = False
        self.pending = False

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def write(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path)) as writer, writer:
            writer.execute(statement, values)

    @initialize()
    def begin(self) -> None:
        self.write("DELETE FROM register_notices")

    @rule(flag=st.sampled_from((*FLAGS, *(None,) * 6)))
    def a_flag_is_set_or_all_are_lifted(self, flag: str | None) -> None:
        self.flags = set() if flag is None else self.flags | {flag}
        for name in FLAGS:
            self.write(
                f"UPDATE standings SET {name} = ? WHERE resident = ?",  # noqa: S608
                name in self.flags,
                HOLDER,
            )

    @rule(flag=st.sampled_from(("restricted", "support_measures")), on=st.booleans())
    def the_wife_is_withheld_or_not(self, flag: str, on: bool) -> None:
        self.wife_withheld = on
        self.write(
            "UPDATE standings SET restricted = 0, support_measures = 0 WHERE resident = ?", WIFE
        )
        self.write(f"UPDATE standings SET {flag} = ? WHERE resident = ?", on, WIFE)  # noqa: S608

    @rule(days=st.sampled_from((None, None, None, -1, 0, 2)))
    def the_holder_announces_a_move(self, days: int | None) -> None:
        self.moving = None if days is None else self.now.date() + timedelta(days=days)
        self._move(HOLDER, self.moving)

    @rule(days=st.sampled_from((None, None, None, -1, 0, 2)))
    def the_wife_announces_a_move(self, days: int | None) -> None:
        self.wife_moving = None if days is None else self.now.date() + timedelta(days=days)
        self._move(WIFE, self.wife_moving)

    def _move(self, resident: str, day: date | None) -> None:
        self.write(
            "UPDATE standings SET moving_out_on = ? WHERE resident = ?",
            None if day is None else day.isoformat(),
            resident,
        )

    @rule(abolished=st.booleans())
    def the_seal_is_abolished_or_registered(self, abolished: bool) -> None:
        self.has_seal = not abolished
        day = (self.now.date() - timedelta(days=3)).isoformat() if abolished else None
        self.write("UPDATE seals SET abolished_on = ? WHERE resident = ?", day, HOLDER)

    @rule(declared=st.booleans())
    def taxes_are_declared_or_not(self, declared: bool) -> None:
        self.declared = declared
        self.write("UPDATE tax_years SET declared = ? WHERE resident = ?", declared, HOLDER)

    @rule(held=st.booleans())
    def a_declaration_is_amended_or_done(self, held: bool) -> None:
        self.held = held
        self.write("DELETE FROM tax_holds WHERE resident = ?", HOLDER)
        if held:
            self.write("INSERT INTO tax_holds VALUES (?, 2026, '2026-01-01', '2027-12-31')", HOLDER)

    @rule(pending=st.booleans())
    def something_is_notified_to_the_register_or_written(self, pending: bool) -> None:
        self.pending = pending
        self.write("DELETE FROM register_notices")
        if pending:
            self.write(
                "INSERT INTO register_notices SELECT register, '2026-11-20', NULL"
                " FROM register_members WHERE resident = ?",
                HOLDER,
            )

    @rule(hours=st.sampled_from((1, 2, 3, 24, 24, 24, 9)))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(product=st.sampled_from(Product))
    def somebody_asks(self, product: Product) -> None:
        order = self.orders[product]
        try:
            sealed = self.office.issue(order, HOLDER, now=self.now)
        except (Refused, OrderMismatch):
            assert not self.permitted(product), f"{product} was refused without a reason"
        else:
            assert self.permitted(product), f"{product} was issued against a rule"
            assert self.office.open(sealed, order).pages

    def permitted(self, product: Product) -> bool:
        today = self.now.date()
        if self.flags or self.moving is not None or not _is_open(self.now):
            return False
        if product is Product.RESIDENCE:
            # R52, R53; and the order names the wife, who is offered no more when she is withheld or gone.
            return self.wife_moving is None and not self.wife_withheld
        if product is Product.SEAL_REGISTRATION:
            return self.has_seal
        if product in TAXES:
            return self.declared and not self.held and today < date(2027, 6, 10)
        if product is Product.FAMILY_REGISTER:
            return not self.pending and not self.wife_withheld
        return not self.pending and not self.wife_withheld

    @invariant()
    def the_offer_says_no_more_than_the_issue(self) -> None:
        """Whoever is refused at the sign-in has no product that is permitted."""
        try:
            signed_in = self.office.sign_in(HOLDER, now=self.now)
        except Refused:
            return
        for offer in signed_in.offers:
            if offer.refusal is None and offer.product is not Product.RESIDENCE:
                assert self.permitted(offer.product) or self.wife_withheld


def _is_open(now: datetime) -> bool:
    """若葉野市's calendar, R7 and R8, with its one closure in these weeks (R9)."""
    minutes = now.hour * 60 + now.minute
    turn = (now.month, now.day) >= (12, 29) or (now.month, now.day) <= (1, 3)
    maintained = (
        datetime(2026, 12, 12, 18, tzinfo=now.tzinfo)
        <= now
        < datetime(2026, 12, 13, 12, tzinfo=now.tzinfo)
    )
    return 6 * 60 + 30 <= minutes < 23 * 60 and not turn and not maintained


@pytest.mark.usefixtures("cities")
def test_R7_to_R58_no_history_gets_a_page_against_a_rule(
    registry: Path, keys: Path, counter: Counter
) -> None:
    Household.registry, Household.keys, Household.counter = registry, keys, counter
    explore(
        Household,
        settings=settings(
            max_examples=100,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
