"""What a person may order, derived from the registry; and whether an order is exactly such a one.

The same derivation answers a sign-in and judges an order: what was not offered cannot be ordered,
whatever a terminal sends. A terminal that asks for it anyway is wrong or hostile, and that is an
``OrderMismatch``, not a person's refusal.
"""

from __future__ import annotations

from msgspec import structs

from backend.city.certificates.addresses import DOMICILE_ITEM
from backend.city.certificates.content import Selection
from backend.city.configuration import TAX_PRODUCTS, Tariff
from backend.city.registry.people import FOREIGN_ITEMS, items_of
from backend.city.rules.case import Case, Finding, Request
from backend.city.rules.judge import Permit, judge
from backend.city.rules.people import (
    household_members,
    printable_members,
    subjects,
)
from backend.city.signing import CityKey
from terminal.link import wire
from terminal.link.wire import PeopleChoice, Product

HEAD_ITEM = "head_and_relationship"
ITEM_ORDER = (HEAD_ITEM, "registered_domicile", *FOREIGN_ITEMS, "my_number")
ITEM_NOTICES = {"my_number": "notice.my_number"}
KANA_ALIAS_NOTICE = "notice.kana_alias"

# Whose certificate is about one person or a whole register has nobody to choose.
_CHOOSABLE = {
    Product.RESIDENCE,
    Product.FAMILY_REGISTER_EXTRACT,
    Product.FAMILY_REGISTER_ADDRESSES,
}


class OrderMismatch(Exception):
    """An order that this city never offered; ``code`` says in one word what does not match."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def offer(case: Case, product: Product, key: CityKey, visit: str) -> wire.Offer:
    """What of one product is offered in this visit; with a refusal, nobody is named."""
    plain = _priced(case, product)
    verdicts = {request.year: judge(case, request) for request in requests(case, product)}
    years = tuple(_year(case, year, verdict) for year, verdict in verdicts.items() if year)
    first = next(iter(verdicts.values()))
    if not any(isinstance(verdict, Permit) for verdict in verdicts.values()):
        assert isinstance(first, Finding)
        return structs.replace(plain, refusal=first.refusal(case.city))
    people = subjects(case, product)
    everyone = frozenset(person.id for person in people)
    return structs.replace(
        described(case, product),
        years=years,
        complete=_is_everyone(case, product, everyone),
        people=tuple(
            wire.Person(
                ref=key.person_ref(visit, person.id),
                name=person.name,
                holder=person.is_holder,
                reading=person.reading,
            )
            for person in people
        ),
    )


def described(case: Case, product: Product) -> wire.Offer:
    """The offer without its people and years, about which nothing is judged here."""
    return structs.replace(
        _priced(case, product),
        items=tuple(
            wire.Item(item=item, notice=ITEM_NOTICES.get(item)) for item in _items(case, product)
        ),
        notices=_notices(case, product),
    )


def requests(case: Case, product: Product) -> tuple[Request, ...]:
    """What may be asked of a product today: of a tax certificate each 年度 that is issued (R36)."""
    if product not in TAX_PRODUCTS:
        return (Request(product),)
    years = case.city.tax_years_on(case.today)
    coming = min(
        (entry for entry in case.city.tax_years if entry.issued_from > case.today),
        key=lambda entry: entry.issued_from,
        default=None,
    )
    # Between two years there is none to offer: then the next one says when.
    return tuple(Request(product, year) for year in years) or (
        Request(product, coming.year if coming is not None else None),
    )


def select(permit: Permit, order: wire.Order, key: CityKey) -> Selection:
    """Whom the order is for. Raises OrderMismatch unless it is within what is offered (R16, R20)."""
    case, product = permit.case, permit.request.product
    people = subjects(case, product)
    offered = described(case, product)
    refs = {key.person_ref(order.visit, person.id): person for person in people}
    if len(refs) != len(people):
        raise OrderMismatch("people", "two have the same reference")
    if not order.people or len(set(order.people)) != len(order.people):
        raise OrderMismatch("people", "nobody, or somebody twice")
    if not refs.keys() >= set(order.people):
        raise OrderMismatch("people", "somebody who is not offered in this visit")
    if offered.choice is PeopleChoice.ALL and len(order.people) != len(people):
        raise OrderMismatch("people", "only part of what is issued as a whole")
    _check_items(offered, order)
    if order.copies > offered.max_copies:
        raise OrderMismatch("copies", f"more than {offered.max_copies}")
    chosen = tuple(person for ref, person in refs.items() if ref in order.people)
    everyone = _is_everyone(case, product, frozenset(person.id for person in chosen))
    return Selection(permit, chosen, frozenset(order.items), everyone=everyone)


def request_of(order: wire.Order) -> Request:
    """What an order asks for. Raises OrderMismatch where a year is missing or makes no sense."""
    if (order.product in TAX_PRODUCTS) is (order.year is None):
        raise OrderMismatch("year", "a tax certificate is of a year, and no other is")
    return Request(order.product, order.year)


def check_fee(case: Case, order: wire.Order, *, accepted: bool) -> Finding | None:
    """Whether the price is the city's own (R22): the tariff in force, or once accepted, its own.

    Raises OrderMismatch for a price that this city never had.
    """
    tariff: Tariff | None = case.city.tariff(order.tariff)
    if tariff is None or tariff.fees.get(order.product) != order.fee_yen:
        raise OrderMismatch("fee", "not a price of this city")
    if accepted or tariff.in_force(case.today):
        return None
    return Finding("refused.tariff_changed", "R22")


def _priced(case: Case, product: Product) -> wire.Offer:
    tariff = case.city.tariff_on(case.today)
    return wire.Offer(
        product=product,
        fee_yen=tariff.fees[product],
        tariff=tariff.id,
        choice=PeopleChoice.ANY if product in _CHOOSABLE else PeopleChoice.ALL,
        max_copies=case.city.products[product].max_copies,
    )


def _year(case: Case, year: int, verdict: Permit | Finding) -> wire.FiscalYear:
    refusal = verdict.refusal(case.city) if isinstance(verdict, Finding) else None
    return wire.FiscalYear(year=year, refusal=refusal)


def _items(case: Case, product: Product) -> tuple[str, ...]:
    """Items that exist for at least one of the people, in the form's order."""
    if product is Product.FAMILY_REGISTER_ADDRESSES:
        return (DOMICILE_ITEM,)
    if product is not Product.RESIDENCE:
        return ()
    existing = {
        item
        for person in printable_members(case)
        for item in items_of(is_foreign=person.is_foreign)
    }
    if not any(person.is_head for person in printable_members(case)):
        # Who heads it is being settled, or is withheld: a sheet must not name somebody else.
        existing.discard(HEAD_ITEM)
    return tuple(item for item in ITEM_ORDER if item in existing)


def _notices(case: Case, product: Product) -> tuple[str, ...]:
    """What must be acknowledged whatever is chosen (R33)."""
    if product is not Product.RESIDENCE:
        return ()
    return (
        (KANA_ALIAS_NOTICE,) if any(one.has_kana_alias for one in printable_members(case)) else ()
    )


def _is_everyone(case: Case, product: Product, ids: frozenset[str]) -> bool:
    """Whether nobody is missing of those who belong on the set, withheld ones included."""
    if product is Product.RESIDENCE:
        return ids == frozenset(member.id for member in household_members(case))
    if product is Product.FAMILY_REGISTER_ADDRESSES:
        # Those who were removed belong to the whole of it, and nobody can ask for them here.
        members = case.register.members if case.register is not None else ()
        return ids == frozenset(member.id for member in members)
    return product is not Product.FAMILY_REGISTER_EXTRACT


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
