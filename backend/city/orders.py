"""What a person may order, derived from the registry; and whether an order is exactly such a one.

The same derivation answers a sign-in and judges an order: what was not offered cannot be ordered,
whatever a terminal sends. A terminal that asks for it anyway is wrong or hostile, and that is an
``OrderMismatch``, not a person's refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.city.residents import FOREIGN_ITEMS, Standing, items_of
from backend.city.rules import Case, Finding, household_members, judge_product, printable_members
from backend.city.signing import CityKey
from terminal.link import wire
from terminal.link.wire import Product

ITEM_ORDER = ("head_and_relationship", "registered_domicile", *FOREIGN_ITEMS, "my_number")
ITEM_NOTICES = {"my_number": "notice.my_number"}
KANA_ALIAS_NOTICE = "notice.kana_alias"


class OrderMismatch(Exception):
    """An order that this city never offered; ``code`` says in one word what does not match."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Selection:
    """The residents an order is for, in the registry's order."""

    people: tuple[Standing, ...]
    whole_household: bool


def offer(case: Case, product: Product, key: CityKey, visit: str) -> wire.Offer:
    """What of one product is offered in this visit; with a refusal, nobody is named."""
    tariff = case.city.tariff_on(case.today)
    finding = judge_product(case, product)
    people = printable_members(case) if finding is None else ()
    return wire.Offer(
        product=product,
        fee_yen=tariff.fees[product],
        tariff=tariff.id,
        people=tuple(
            wire.Person(
                ref=key.person_ref(visit, person.id),
                name=person.name,
                holder=person.id == case.holder.id,
                reading=person.furigana,
            )
            for person in people
        ),
        items=tuple(wire.Item(item=item, notice=ITEM_NOTICES.get(item)) for item in _items(people)),
        notices=(KANA_ALIAS_NOTICE,) if any(one.has_kana_alias for one in people) else (),
        max_copies=case.city.products[product].max_copies,
        refusal=None if finding is None else finding.refusal(case.city),
    )


def select(case: Case, offered: wire.Offer, order: wire.Order, key: CityKey) -> Selection:
    """Whom the order is for. Raises OrderMismatch unless it is within what is offered (R16)."""
    people = printable_members(case)
    refs = {key.person_ref(order.visit, person.id): person for person in people}
    if len(refs) != len(people):
        raise OrderMismatch("people", "two have the same reference")
    if not order.people or len(set(order.people)) != len(order.people):
        raise OrderMismatch("people", "nobody, or somebody twice")
    if not refs.keys() >= set(order.people):
        raise OrderMismatch("people", "somebody who is not offered in this visit")
    _check_items(offered, order)
    if order.copies > offered.max_copies:
        raise OrderMismatch("copies", f"more than {offered.max_copies}")
    chosen = tuple(person for ref, person in refs.items() if ref in order.people)
    return Selection(chosen, whole_household=chosen == household_members(case))


def check_fee(case: Case, order: wire.Order, *, accepted: bool) -> Finding | None:
    """Whether the price is the city's own (R22): the tariff in force, or once accepted, its own.

    Raises OrderMismatch for a price that this city never had.
    """
    tariff = case.city.tariff(order.tariff)
    if tariff is None or tariff.fees.get(order.product) != order.fee_yen:
        raise OrderMismatch("fee", "not a price of this city")
    if accepted or tariff.in_force(case.today):
        return None
    return Finding("refused.tariff_changed", "R22")


def _items(people: tuple[Standing, ...]) -> tuple[str, ...]:
    """Items that exist for at least one of the people, in the form's order."""
    existing = {item for person in people for item in items_of(is_foreign=person.is_foreign)}
    return tuple(item for item in ITEM_ORDER if item in existing)


def _check_items(offered: wire.Offer, order: wire.Order) -> None:
    """Items and the notices that go with them (R24, R33)."""
    known = {item.item: item.notice for item in offered.items}
    if len(set(order.items)) != len(order.items) or not known.keys() >= set(order.items):
        raise OrderMismatch("items", "one that is not offered, or one twice")
    required = {*offered.notices, *(known[item] for item in order.items)} - {None}
    allowed = {*offered.notices, *known.values()}
    if not required <= set(order.acknowledged):
        raise OrderMismatch("notices", "one that must be acknowledged was not")
    if not set(order.acknowledged) <= allowed:
        raise OrderMismatch("notices", "one that was not given")
