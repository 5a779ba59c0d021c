"""What the person is told at the moments the service promises to tell it, in the words themselves."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from msgspec import structs

from terminal.acts.card import WRONG_CARD
from terminal.clock import JST
from terminal.link.wire import Order, Product, Refusal, RefusalClass, SignIn
from terminal.signals import signals_of
from terminal.strings.catalogue import NAMES, catalogue
from terminal.visit import states as s
from terminal.visit.known import CardFacts, CardReturned, Visit, Wish
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from terminal.visit.step import CARD_REMOVED, PIN_LOCKED
from tests.terminal.visit.world import CONTACT, DOCUMENT, LYING, NOON, PAYMENT, PERSON, RESIDENCE

VISIT = Visit("visit")
EVERYONE = frozenset(person.ref for person in RESIDENCE.people)
WISH = Wish(RESIDENCE, people=EVERYONE, items=frozenset({"my_number"}), copies=2)


def words(state: State, language: str = "ja") -> str:
    """Everything on the screen, as one text."""
    lookup = catalogue(language).lookup
    screen = screen_of(state)
    texts = [screen.title, *screen.lines]
    for choice in screen.choices:
        texts += [choice.label, *([choice.detail] if choice.detail else [])]
    return "\n".join(lookup(text) for text in texts)


def test_R5_the_main_menu_says_administrative_services() -> None:
    first = screen_of(s.Idle()).choices[0]
    assert catalogue("ja").lookup(first.label) == "行政サービス"


def test_R3_four_ways_to_apply_for_a_card_without_a_card() -> None:
    told = words(s.Guide("ja"))
    assert all(way in told for way in ("スマートフォン", "パソコン", "証明用写真機", "郵送"))


def test_R43_and_R55_R70_the_guide_says_where_else_and_whom_to_ask() -> None:
    told = words(s.Guide("ja"))
    assert "自動交付機" in told
    assert "市役所" in told


def test_R13_R47_the_card_is_asked_for_and_only_its_owner_may_use_it() -> None:
    assert "マイナンバーカードを置いてください" in words(s.AwaitingCard(VISIT))
    assert "持ち主ご本人だけ" in words(s.Consent(VISIT))
    fields = set(Order.__struct_fields__) | set(SignIn.__struct_fields__)
    assert not any("represent" in field or "proxy" in field for field in fields)


@pytest.mark.parametrize("language", NAMES)
def test_R71_no_words_of_a_screen_hold_a_citys_dates(language: str) -> None:
    dates = re.compile(r"\d+ ?(月|월) ?\d+ ?(日|일)|\d+ (December|January|de dezembro|tháng)")
    every = catalogue(language)
    dated = {one for one in every.ids() if dates.search(every.words(one))}
    # The day of which a year's taxes are reckoned is the law's.
    assert dated <= {"refused.tax_elsewhere.next"}


def test_R22_price_times_copies_is_on_the_confirmation() -> None:
    told = words(s.Confirming(VISIT, PERSON, WISH))
    assert "250" in told
    assert "500" in told


@pytest.mark.parametrize("language", ["ja", "en"])
def test_R56_and_R57_no_return_and_no_refund_are_said_before_money(language: str) -> None:
    line = catalogue(language).words("confirming.no_return")
    assert line in words(s.Confirming(VISIT, PERSON, WISH), language)


@pytest.mark.parametrize(
    ("product", "complete", "chosen", "scope"),
    [
        (Product.RESIDENCE, True, EVERYONE, "（世帯全員）"),
        (Product.RESIDENCE, False, EVERYONE, "（世帯の一部）"),
        (Product.RESIDENCE, True, frozenset({RESIDENCE.people[0].ref}), "（世帯の一部）"),
        (Product.FAMILY_REGISTER_ADDRESSES, True, EVERYONE, "（全部）"),
        (Product.FAMILY_REGISTER_ADDRESSES, False, EVERYONE, "（一部）"),
        (Product.FAMILY_REGISTER_EXTRACT, True, EVERYONE, ""),
    ],
)
def test_R16_R21_what_the_sheet_calls_itself_is_said_before_money(
    product: Product, complete: bool, chosen: frozenset[str], scope: str
) -> None:
    offer = structs.replace(RESIDENCE, product=product, complete=complete)
    name = catalogue("ja").words(f"product.{product.value}")
    said = words(s.Confirming(VISIT, PERSON, Wish(offer, people=chosen)))
    assert f"証明書：{name}{scope}\n" in said


def test_R16_nobody_is_promised_a_whole_household_that_will_be_called_a_part() -> None:
    part = structs.replace(RESIDENCE, complete=False)
    said = words(s.ChoosingPeople(VISIT, PERSON, Wish(part)))
    assert "「世帯の一部」の証明書になります" in said
    assert "世帯全員" not in said
    assert "世帯全員" in words(s.ChoosingPeople(VISIT, PERSON, Wish(RESIDENCE)))


def test_R23_an_item_is_off_until_chosen() -> None:
    screen = screen_of(s.ChoosingItems(VISIT, PERSON, Wish(RESIDENCE, people=EVERYONE)))
    assert [choice.selected for choice in screen.choices] == [False] * len(RESIDENCE.items)


def test_R24_the_law_on_my_number_is_quoted_before_it_can_be_chosen() -> None:
    told = words(s.Notices(VISIT, PERSON, WISH, ("notice.my_number",)))
    assert all(who in told for who in ("行政機関", "社会保障", "税", "災害対策"))


def test_R26_and_R27_sheets_are_counted_and_not_stapled() -> None:
    told = words(s.HandingOver(VISIT, DOCUMENT, PAYMENT, LYING))
    assert f"{DOCUMENT.sheets}枚" in told
    assert "ホチキス" in told


def test_R45_tries_left_are_told_before_typing() -> None:
    for tries in (3, 2):
        assert str(tries) in words(s.EnteringPin(VISIT, CardFacts(tries)))
    assert screen_of(s.EnteringPin(VISIT, CardFacts(1))).pin_length is None


def test_R46_and_R69_a_locked_card_leads_to_the_office_and_the_hotline() -> None:
    told = words(s.Refused(VISIT, PIN_LOCKED, card_present=True, no_charge=True))
    assert "市役所" in told
    assert "24時間" in told


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("reason", [*WRONG_CARD.values(), "refused.card_no_pin", PIN_LOCKED.reason])
def test_R69_every_card_that_cannot_be_used_comes_with_the_hotlines_number(
    reason: str, language: str
) -> None:
    refusal = Refusal(kind=RefusalClass.CARD, reason=reason)
    lines = screen_of(s.Refused(VISIT, refusal, card_present=True)).lines
    words = catalogue(language)
    assert "0000" not in "".join(map(words.lookup, lines)), "a number that nobody has told"
    assert "000-555-0100" in "".join(map(words.knowing("000-555-0100").lookup, lines))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_P5_our_fault_says_no_charge_and_a_reference(language: str) -> None:
    refusal = Refusal(kind=RefusalClass.OURS, reason="refused.ours", reference="abc123")
    told = words(s.Refused(VISIT, refusal, card_present=False, no_charge=True), language)
    assert catalogue(language).words("refused.no_charge") in told
    assert "abc123" in told


def test_R40_a_refusal_that_ends_says_when() -> None:
    tomorrow = datetime(2026, 11, 25, 6, 30, tzinfo=JST)
    refusal = Refusal(
        kind=RefusalClass.WHEN, reason="refused.card_issued_today", available_from=tomorrow
    )
    told = words(s.Refused(VISIT, refusal, card_present=True, no_charge=True))
    assert "11月25日" in told


def test_R7_a_closed_terminal_says_when_it_opens() -> None:
    opens = datetime(2026, 11, 25, 6, 30, tzinfo=JST) + timedelta(days=1)
    assert "11月26日" in words(s.Closed("ja", "closed.hours", opens))


def test_R66_the_card_is_asked_for_before_money() -> None:
    told = words(s.ReturningCard(VISIT, DOCUMENT))
    assert "カードをお取りください" in told
    assert signals_of(screen_of(s.ReturningCard(VISIT, DOCUMENT))).guide == "card_reader"


def test_R59_no_name_after_the_confirmation() -> None:
    names = [person.name for person in RESIDENCE.people]
    later: list[State] = [
        s.ReturningCard(VISIT, DOCUMENT),
        s.Paying(VISIT, DOCUMENT, CardReturned(NOON)),
        s.Printing(VISIT, DOCUMENT, PAYMENT),
        s.HandingOver(VISIT, DOCUMENT, PAYMENT, LYING),
        s.Refused(VISIT, CARD_REMOVED, card_present=False),
    ]
    for state in later:
        assert not any(name in words(state) for name in names)


def test_a_refusal_names_whom_to_ask() -> None:
    refusal = Refusal(kind=RefusalClass.PRODUCT, reason="refused.characters", contact=CONTACT)
    told = words(s.Refused(VISIT, refusal, card_present=True, no_charge=True))
    assert CONTACT.telephone in told
