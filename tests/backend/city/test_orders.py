"""What is offered, and what a hostile terminal gets for asking for more."""

from __future__ import annotations

import logging
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.city.city import (
    CardHolder,
    City,
    OrderMismatch,
    RegistryUnreadable,
    SignedOrder,
)
from backend.city.opening import SAMPLE, load_cities
from backend.city.registry.people import FOREIGN_ITEMS
from backend.city.registry.snapshot import Registry
from backend.clock import JST
from backend.refusals import Refused
from terminal.link import binding, wire
from terminal.link.wire import Product, RefusalClass
from tests.backend.city.counter import NOON, ORDER, OTHER_ID, VISIT, Counter, make_card
from tests.backend.city.households import FLAGS


def offered(counter: Counter, resident: str, city: str = "wakabano") -> wire.Offer:
    return counter.offer(resident, city)


# --- what is offered -------------------------------------------------------------------------


def test_R16_the_offer_names_the_household(counter: Counter) -> None:
    offer = offered(counter, "w-0201")
    assert offer.product is Product.RESIDENCE
    assert [person.name for person in offer.people] == [
        "森田　健二",
        "森田　美咲",
        "森田　大翔",
        "森田　結菜",
    ]
    assert [person.holder for person in offer.people] == [True, False, False, False]
    assert offer.refusal is None


def test_what_the_city_has_is_offered(counter: Counter) -> None:
    signed_in = counter.sign_in("w-0101")
    assert [offer.product for offer in signed_in.offers] == list(Product)
    assert Product.INCOME not in [o.product for o in counter.sign_in("s-0302", "shiomi").offers]
    assert signed_in.city == "wakabano"
    assert signed_in.city_name == "若葉野市"
    assert signed_in.contact.office == "若葉野市役所　市民課　証明係"


def test_items_are_offered_where_they_apply(counter: Counter) -> None:
    def items(resident: str, city: str = "wakabano") -> list[str]:
        return [item.item for item in offered(counter, resident, city).items]

    japanese = ["head_and_relationship", "registered_domicile", "my_number"]
    assert items("w-0201") == japanese
    assert items("s-0401", "shiomi") == ["head_and_relationship", *FOREIGN_ITEMS, "my_number"]
    assert items("t-mixed-1") == [*japanese[:2], *FOREIGN_ITEMS, "my_number"]


def test_R24_my_number_carries_its_notice(counter: Counter) -> None:
    notices = {item.item: item.notice for item in offered(counter, "w-0101").items}
    assert notices.pop("my_number") == "notice.my_number"
    assert set(notices.values()) == {None}


def test_R33_a_kana_alias_is_announced(counter: Counter) -> None:
    assert offered(counter, "s-0401", "shiomi").notices == ("notice.kana_alias",)
    assert offered(counter, "w-0101").notices == ()


def test_R22_R71_fees_and_copies_are_the_citys(counter: Counter) -> None:
    one, other = offered(counter, "w-0101"), offered(counter, "s-0302", "shiomi")
    assert (one.fee_yen, one.tariff, one.max_copies) == (250, "wakabano-2023", 5)
    assert (other.fee_yen, other.tariff, other.max_copies) == (300, "shiomi-2019", 3)


def test_I5_references_are_of_one_visit_and_say_nothing(counter: Counter) -> None:
    people = counter.sign_in("w-0201").offers[0].people
    others = counter.sign_in("w-0201", visit=OTHER_ID).offers[0].people
    refs = {person.ref for person in people}
    assert all(re.fullmatch("p[0-9a-f]{12}", ref) for ref in refs)
    assert len(refs) == 4
    assert refs.isdisjoint(person.ref for person in others)
    assert people == counter.sign_in("w-0201").offers[0].people


def test_I3_the_subject_tag_ties_visit_and_holder(counter: Counter) -> None:
    tags = {
        counter.sign_in("w-0201").subject_tag,
        counter.sign_in("w-0101").subject_tag,
        counter.sign_in("w-0101", visit=OTHER_ID).subject_tag,
    }
    assert len(tags) == 3
    assert counter.sign_in("w-0201").subject_tag in tags


@pytest.mark.parametrize("flag", FLAGS)
def test_R34_R49_R50_R51_no_sign_in(counter: Counter, flag: str) -> None:
    with pytest.raises(Refused) as refused:
        counter.sign_in(f"t-{flag}")
    assert refused.value.refusal == wire.Refusal(
        kind=RefusalClass.PERSON,
        reason="refused.person",
        contact=counter.cities["wakabano"].configuration.contact,
    )
    assert refused.value.rule == "P4"


def test_R48_the_child_is_refused_and_the_parent_may_take_the_childs(counter: Counter) -> None:
    with pytest.raises(Refused):
        counter.sign_in("w-1002")
    order = counter.order("w-1001")
    assert len(order.people) == 2
    assert counter.check(order, "w-1001") == 250


def test_I9_a_card_of_nobody_in_the_registry(counter: Counter) -> None:
    with pytest.raises(Refused) as refused:
        counter.sign_in("s-0302", "wakabano")
    assert refused.value.refusal.reason == "refused.person"


def test_R40_a_card_of_today(counter: Counter) -> None:
    holder = CardHolder("wakabano", "w-0601", NOON.date())
    with pytest.raises(Refused) as refused:
        counter.cities["wakabano"].sign_in(
            holder, VISIT, NOON, began=NOON, certificate_good_as_of=NOON
        )
    assert refused.value.rule == "R40"
    assert refused.value.refusal.kind is RefusalClass.WHEN
    assert refused.value.refusal.available_from == datetime(2026, 11, 25, 6, 30, tzinfo=JST)


def test_R52_a_moving_member_is_said_with_its_day(counter: Counter) -> None:
    offer = offered(counter, "t-beside-moving")
    assert offer.people == ()
    assert offer.items == ()
    assert offer.refusal is not None
    assert offer.refusal.reason == "refused.household_moving"
    assert offer.refusal.available_from == datetime(2026, 12, 11, 6, 30, tzinfo=JST)


@pytest.mark.parametrize("flag", ["restricted", "support", "transit", "deceased"])
def test_R34_R50_a_member_who_is_not_offered(counter: Counter, flag: str) -> None:
    people = offered(counter, f"t-beside-{flag}").people
    assert [person.holder for person in people] == [True]


# --- orders ----------------------------------------------------------------------------------


def test_R22_the_total_is_fee_times_copies(counter: Counter) -> None:
    for copies in range(1, 6):
        order = counter.order("w-0101", copies=copies)
        assert counter.check(order, "w-0101") == 250 * copies


def test_every_part_of_a_household_can_be_ordered(counter: Counter) -> None:
    refs = [person.ref for person in offered(counter, "w-0201").people]
    for people in ((refs[0],), (refs[3],), (refs[2], refs[1]), tuple(reversed(refs))):
        assert counter.check(counter.order("w-0201", people=people), "w-0201") == 250


def foreign_ref(counter: Counter) -> str:
    return offered(counter, "w-0101").people[0].ref


HOSTILE: dict[str, tuple[str, dict[str, Any]]] = {
    "nobody": ("people", {"people": ()}),
    "an unknown person": ("people", {"people": ("p000000000000",)}),
    "a resident by id": ("people", {"people": ("w-0101",)}),
    "a place in the list": ("people", {"people": ("0",)}),
    "an item of others": ("items", {"items": ("nationality",)}),
    "an item that is none": ("items", {"items": ("resident_code",)}),
    "a column": ("items", {"items": ("kana_alias",)}),
    "an item twice": ("items", {"items": ("registered_domicile",) * 2}),
    "my number without its notice": ("notices", {"items": ("my_number",), "acknowledged": ()}),
    "an unknown notice": ("notices", {"acknowledged": ("notice.everything",)}),
    "too many copies": ("copies", {"copies": 6}),
    "another fee": ("fee", {"fee_yen": 1}),
    "another tariff": ("fee", {"tariff": "shiomi-2019"}),
    "another tariff and its fee": ("fee", {"tariff": "shiomi-2019", "fee_yen": 300}),
    "another city": ("city", {"city": "shiomi"}),
    "a year of what has none": ("year", {"year": 2026}),
    "no year of a tax certificate": ("year", {"product": Product.TAXATION}),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_R16_a_hostile_order_is_refused_with_its_reason(counter: Counter, attack: str) -> None:
    code, changes = HOSTILE[attack]
    order = msgspec.structs.replace(counter.order("w-0201"), **changes)
    city = counter.cities["wakabano"]
    holder = counter.holder("w-0201")
    with pytest.raises(OrderMismatch) as refused:
        city.check_order(counter.signed(order), holder, NOON, began=NOON)
    assert refused.value.code == code
    with pytest.raises(OrderMismatch):
        city.issue(counter.signed(order), holder, 1, bytes(32), "S", NOON, began=NOON)


REGISTER_ATTACKS: dict[str, tuple[Product, str]] = {
    "a member of the household as one of the register": (Product.FAMILY_REGISTER_EXTRACT, "w-0202"),
    "somebody of another register": (Product.FAMILY_REGISTER_EXTRACT, "p-family-of-four-r0-1"),
    "somebody who left the register": (Product.FAMILY_REGISTER_ADDRESSES, "left"),
    "another's seal": (Product.SEAL_REGISTRATION, "w-0202"),
    "the spouse's taxes": (Product.TAXATION, "w-0202"),
    "the spouse's income": (Product.INCOME, "w-0202"),
}


@pytest.mark.parametrize("attack", REGISTER_ATTACKS)
def test_R17_to_R21_nobody_else_can_be_injected(
    counter: Counter, caplog: pytest.LogCaptureFixture, attack: str
) -> None:
    caplog.set_level(logging.DEBUG)
    product, whose = REGISTER_ATTACKS[attack]
    ref = counter.cities["wakabano"].key.person_ref(VISIT, whose)
    order = counter.order("w-0201", product=product)
    for people in ((ref,), (*order.people, ref)):
        with pytest.raises(OrderMismatch, match="people") as refused:
            counter.check(msgspec.structs.replace(order, people=people), "w-0201")
        assert "森田" not in f"{refused.value}{caplog.text}"


def test_R20_a_whole_register_is_ordered_whole(counter: Counter) -> None:
    order = counter.order("w-0201", product=Product.FAMILY_REGISTER)
    with pytest.raises(OrderMismatch, match="only part"):
        counter.check(msgspec.structs.replace(order, people=order.people[:1]), "w-0201")


@pytest.mark.parametrize(
    ("year", "reason"),
    [
        (2021, "refused.tax_year_over"),
        (2025, "refused.tax_year_over"),
        (2027, "refused.tax_year"),
        (2048, "refused.tax_year_over"),
    ],
)
def test_R36_another_year_than_is_issued_is_refused(
    counter: Counter, year: int, reason: str
) -> None:
    order = counter.order("w-0201", product=Product.TAXATION, year=year)
    with pytest.raises(Refused) as refused:
        counter.check(order, "w-0201")
    assert refused.value.refusal.reason == reason


def test_R58_an_amount_of_nothing_is_no_order(counter: Counter) -> None:
    encoded = wire.encode(counter.order("w-0201")).replace(b'"fee_yen":250', b'"fee_yen":0')
    with pytest.raises(msgspec.ValidationError, match="fee_yen"):
        wire.decode(encoded, wire.Order)


def test_R16_another_households_member(counter: Counter) -> None:
    mine = offered(counter, "w-0201").people[0].ref
    order = counter.order("w-0201", people=(mine, foreign_ref(counter)))
    with pytest.raises(OrderMismatch, match="not offered in this visit"):
        counter.check(order, "w-0201")


def test_R16_the_same_member_twice(counter: Counter) -> None:
    mine = offered(counter, "w-0201").people[0].ref
    with pytest.raises(OrderMismatch, match="twice"):
        counter.check(counter.order("w-0201", people=(mine, mine)), "w-0201")


def test_references_of_another_visit_are_worth_nothing(counter: Counter) -> None:
    order = counter.order("w-0201", visit=OTHER_ID)
    with pytest.raises(OrderMismatch, match="people"):
        counter.check(order, "w-0201")


@pytest.mark.parametrize("flag", ["restricted", "support", "transit"])
def test_R34_R50_a_withheld_member_cannot_be_injected(counter: Counter, flag: str) -> None:
    key = counter.cities["wakabano"].key
    ref = key.person_ref(VISIT, f"t-with-{flag}")
    order = counter.order(f"t-beside-{flag}", people=(ref,))
    with pytest.raises(OrderMismatch, match="people"):
        counter.check(order, f"t-beside-{flag}")


def test_another_holders_order_is_refused(counter: Counter) -> None:
    order = counter.order("w-0201")
    with pytest.raises(OrderMismatch, match="people"):
        counter.check(order, "w-0101")


def test_a_holder_of_another_city(counter: Counter) -> None:
    city = counter.cities["wakabano"]
    signed = counter.signed(counter.order("w-0201"))
    with pytest.raises(OrderMismatch, match="city"):
        city.check_order(signed, counter.holder("w-0201", "shiomi"), NOON, began=NOON)
    with pytest.raises(OrderMismatch, match="city"):
        city.sign_in(
            counter.holder("w-0201", "shiomi"), VISIT, NOON, began=NOON, certificate_good_as_of=NOON
        )


def test_R33_the_kana_notice_must_be_acknowledged(counter: Counter) -> None:
    order = counter.order("s-0401", "shiomi")
    assert order.acknowledged == ("notice.kana_alias",)
    assert counter.check(order, "s-0401") == 300
    with pytest.raises(OrderMismatch, match="notices"):
        counter.check(msgspec.structs.replace(order, acknowledged=()), "s-0401")


def test_R23_R24_my_number_with_its_notice(counter: Counter) -> None:
    assert counter.check(counter.order("w-0101", items=("my_number",)), "w-0101") == 250


# --- signatures ------------------------------------------------------------------------------


def check_signed(counter: Counter, signed: SignedOrder) -> int:
    city = counter.cities["wakabano"]
    return city.check_order(signed, counter.holder("w-0101"), NOON, began=NOON)


@pytest.mark.parametrize(
    "change",
    [
        {"copies": 2},
        {"order": OTHER_ID},
        {"terminal": "dev-2"},
        {"items": ("registered_domicile",)},
    ],
)
def test_I2_an_order_altered_after_signing(counter: Counter, change: dict[str, Any]) -> None:
    signed = counter.signed(counter.order("w-0101"))
    altered = replace(signed, order=msgspec.structs.replace(signed.order, **change))
    assert check_signed(counter, signed) == 250
    with pytest.raises(OrderMismatch, match="signature"):
        check_signed(counter, altered)


def test_I2_another_card_or_another_message(counter: Counter) -> None:
    signed = counter.signed(counter.order("w-0101"))
    other = make_card()
    replayed = counter.card.sign(binding.sign_in_message("dev-1", VISIT, bytes(32), bytes(32)))
    for wrong in (
        replace(signed, certificate=other.certificate),
        replace(signed, signature=replayed),
        replace(signed, signature=bytes(256)),
        replace(signed, signature=b""),
        replace(signed, algorithm=wire.Algorithm.ES384),
        replace(signed, certificate=b"not a certificate" * 10),
    ):
        with pytest.raises(OrderMismatch, match="signature"):
            check_signed(counter, wrong)


def test_a_card_with_an_elliptic_key(counter: Counter) -> None:
    card = make_card(ec.generate_private_key(ec.SECP384R1()))
    order = counter.order("w-0101")
    signature = card.sign(binding.order_message(order))
    signed = SignedOrder(order, wire.Algorithm.ES384, signature, card.certificate)
    assert check_signed(counter, signed) == 250
    with pytest.raises(OrderMismatch, match="signature"):
        check_signed(counter, replace(signed, algorithm=wire.Algorithm.RS256))


def test_weak_keys_sign_nothing(counter: Counter) -> None:
    order = counter.order("w-0101")
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505
    signature = short.sign(binding.order_message(order), padding.PKCS1v15(), hashes.SHA256())
    other_curve = make_card(ec.generate_private_key(ec.SECP256R1()))
    for signed in (
        SignedOrder(order, wire.Algorithm.RS256, signature, make_card(short).certificate),
        SignedOrder(
            order,
            wire.Algorithm.ES384,
            other_curve.sign(binding.order_message(order)),
            other_curve.certificate,
        ),
    ):
        with pytest.raises(OrderMismatch, match="signature"):
            check_signed(counter, signed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    people=st.lists(st.text(max_size=14), max_size=3),
    items=st.lists(st.text(max_size=24), max_size=3),
    fee=st.integers(1, 100_000),
)
def test_nothing_that_was_not_offered_is_accepted(
    counter: Counter, people: list[str], items: list[str], fee: int
) -> None:
    order = counter.order("w-0101", people=tuple(people), items=tuple(items), fee_yen=fee)
    with pytest.raises(OrderMismatch):
        counter.check(order, "w-0101")


# --- time, characters, lengths ---------------------------------------------------------------


def test_R7_an_order_under_way_may_finish_until_closing(counter: Counter) -> None:
    order = counter.order("w-0101")
    late = NOON.replace(hour=22, minute=59)
    assert counter.check(order, "w-0101", late, began=NOON) == 250
    assert counter.issue(order, "w-0101", now=late, began=NOON)
    for call in (counter.check, counter.issue):
        for now, began in ((NOON.replace(hour=23), NOON), (late, late)):
            with pytest.raises(Refused) as refused:
                call(order, "w-0101", now=now, began=began)
            assert refused.value.rule == "R7"


def test_R7_R71_a_visit_that_began_after_a_products_last_start_gets_none(counter: Counter) -> None:
    """However the order comes about: 16:45 is the last start of the registers' office."""
    order = counter.order("s-0302", "shiomi", product=Product.FAMILY_REGISTER)
    late = NOON.replace(hour=16, minute=50)
    in_time = NOON.replace(hour=16, minute=44)
    assert counter.check(order, "s-0302", late, began=in_time) == 450
    assert counter.issue(order, "s-0302", now=late, began=in_time)
    for call in (counter.check, counter.issue):
        with pytest.raises(Refused) as refused:
            call(order, "s-0302", now=late, began=late)
        assert (refused.value.rule, refused.value.refusal.reason) == ("R7", "refused.closed")


def test_R22_the_tariff_of_an_accepted_order_holds_and_a_new_one_is_refused(
    counter: Counter,
) -> None:
    order = counter.order("s-0302", "shiomi", people=None)
    changed = datetime(2027, 4, 1, 12, 0, tzinfo=JST)
    with pytest.raises(Refused) as refused:
        counter.check(order, "s-0302", changed)
    assert refused.value.refusal.reason == "refused.tariff_changed"
    assert refused.value.rule == "R22"
    assert counter.issue(order, "s-0302", now=changed)


@pytest.mark.parametrize("resident", ["t-selector", "t-diacritic"])
def test_characters_the_form_cannot_draw_refuse_before_anything_is_charged(
    counter: Counter, resident: str
) -> None:
    with pytest.raises(Refused) as refused:
        counter.check(counter.order(resident), resident)
    assert refused.value.refusal.reason == "refused.characters"
    assert refused.value.refusal.kind is RefusalClass.PRODUCT


@pytest.mark.parametrize("resident", ["t-too-long", "t-unbreakable"])
def test_names_too_long_for_the_form_refuse_before_anything_is_charged(
    counter: Counter, resident: str
) -> None:
    with pytest.raises(Refused) as refused:
        counter.check(counter.order(resident), resident)
    assert refused.value.refusal.reason == "refused.too_long"


def test_R51_a_notice_between_order_and_issue_stops_the_issue(
    counter: Counter, registry: Path, keys: Path, tmp_path: Path
) -> None:
    """The rules are asked again at the issue, of the registry as it is then (I-9)."""
    own = tmp_path / "residents.sqlite3"
    shutil.copy(registry, own)
    office = replace(counter, cities=load_cities(SAMPLE, registry=own, keys=keys))
    order = office.order("w-0101")
    assert office.check(order, "w-0101") == 250
    assert office.issue(order, "w-0101")
    with closing(sqlite3.connect(own)) as writer, writer:
        writer.execute(
            "UPDATE standings SET moving_out_on = '2026-12-01' WHERE resident = 'w-0101'"
        )
    with pytest.raises(Refused) as refused:
        office.issue(order, "w-0101")
    assert refused.value.rule == "P4"


def test_I9_an_unreadable_registry_issues_nothing(
    counter: Counter, cities: dict[str, City], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    order = counter.order("w-0101")
    monkeypatch.setattr(cities["wakabano"], "_registry", Registry(tmp_path / "gone.sqlite3"))
    with pytest.raises(RegistryUnreadable):
        counter.sign_in("w-0101")
    with pytest.raises(RegistryUnreadable):
        counter.check(order, "w-0101")
    with pytest.raises(RegistryUnreadable):
        counter.issue(order, "w-0101")


def test_copies_beyond_the_order_are_not_made(counter: Counter) -> None:
    order = counter.order("w-0101", copies=2)
    for copy in (0, 3, -1):
        with pytest.raises(OrderMismatch, match="copies"):
            counter.issue(order, "w-0101", copy=copy)


def test_logs_name_the_order_and_nobody(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    order = counter.order("w-0501", items=("my_number", "registered_domicile"))
    counter.check(order, "w-0501")
    counter.issue(order, "w-0501")
    with pytest.raises(Refused):
        counter.check(counter.order("t-too-long"), "t-too-long", NOON + timedelta(minutes=1))
    assert ORDER in caplog.text
    assert not re.search("渡邊|蓮|長長|w-0501|t-too-long|014063494452", caplog.text)
