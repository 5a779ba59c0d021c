"""A state for each thing the terminal can say, with the longest that real cities and people bring."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from terminal.clock import JST
from terminal.link.wire import (
    Contact,
    FiscalYear,
    Item,
    Offer,
    Person,
    Product,
    Refusal,
    RefusalClass,
    SignedIn,
)
from terminal.visit import states as s
from terminal.visit.known import (
    Belongings,
    CardFacts,
    CardFault,
    CardReturned,
    CheckedDocument,
    Ending,
    Payment,
    Visit,
    Wish,
)
from terminal.visit.states import State

CONTACT = Contact(office="若葉野市役所　市民課　証明係", telephone="000-555-0101")
NAMES = (
    "見本　太郎",
    "見本　花子",
    "見本　一郎",
    "見本　美咲",
    "MIHON MARIA ALEXANDRA",
    "見本　小次郎",
    "見本　千代",
    "見本　三郎",
    "見本　四郎",
)
OF_ALL = ("head_and_relationship", "registered_domicile", "my_number")
OF_FOREIGN = (
    "head_and_relationship",
    "my_number",
    "nationality",
    "status_art30_45",
    "residence_status",
    "residence_period",
    "residence_card_number",
)
OPENS = datetime(2026, 11, 25, 6, 30, tzinfo=JST)
NOON = datetime(2026, 12, 13, 12, tzinfo=JST)
ADVICE = (
    (RefusalClass.CARD, "pin_locked"),
    (RefusalClass.CARD, "card_unreadable"),
    (RefusalClass.CARD, "certificate_suspended"),
    (RefusalClass.WHEN, "card_issued_today"),
    (RefusalClass.WHEN, "card_changed_today"),
    (RefusalClass.WHEN, "moved_in_today"),
    (RefusalClass.WHEN, "tax_year"),
    (RefusalClass.PRODUCT, "household_moving"),
    (RefusalClass.PRODUCT, "no_seal"),
    (RefusalClass.PRODUCT, "tax_elsewhere"),
    (RefusalClass.PRODUCT, "tax_undeclared"),
    (RefusalClass.PRODUCT, "tax_hold"),
    (RefusalClass.PRODUCT, "register_elsewhere"),
    (RefusalClass.PRODUCT, "register_notice"),
    (RefusalClass.PERSON, "person"),
    (RefusalClass.OURS, "print_failed"),
)


def offer(people: int, items: tuple[str, ...] = OF_ALL, refusal: Refusal | None = None) -> Offer:
    return Offer(
        product=Product.RESIDENCE,
        fee_yen=250,
        tariff="t",
        people=tuple(
            Person(ref=f"p{n}", name=name, holder=n == 0) for n, name in enumerate(NAMES[:people])
        ),
        items=tuple(Item(item=item) for item in items),
        max_copies=5,
        refusal=refusal,
    )


def signed_in(made: Offer) -> SignedIn:
    return SignedIn(
        certificate_good_as_of=NOON,
        city="wakabano",
        city_name="若葉野市",
        subject_tag=bytes(32),
        offers=(made,),
        contact=CONTACT,
    )


def every_product(refusal: Refusal) -> SignedIn:
    """All seven, every second refused."""
    return msgspec.structs.replace(
        signed_in(offer(1)),
        offers=tuple(
            msgspec.structs.replace(
                offer(1), product=product, refusal=refusal if place % 2 else None
            )
            for place, product in enumerate(Product)
        ),
    )


def whole(made: Offer, copies: int = 1) -> Wish:
    """Everybody and everything."""
    people = frozenset(person.ref for person in made.people)
    return Wish(made, people, frozenset(item.item for item in made.items), copies=copies)


def everything_said(language: str) -> dict[str, State]:
    """By a name for the test's message."""
    return {
        **_resting(language),
        **_signing_in(Visit("visit", language)),
        **_choosing(Visit("visit", language)),
        **_issuing(Visit("visit", language)),
        **_ending(Visit("visit", language)),
    }


def _resting(language: str) -> dict[str, State]:
    return {
        "idle": s.Idle(language),
        "guide": s.Guide(language),
        "closed": s.Closed(language, "closed.hours", OPENS),
        "maintenance": s.Closed(language, "closed.maintenance", NOON),
        "year end": s.Closed(language, "closed.year_end", None),
        "no paper": s.OutOfService(language, ("trouble.paper_out",)),
        "much amiss": s.OutOfService(
            language, ("trouble.interrupted", "trouble.ended", "trouble.build")
        ),
        "staff": s.Supervisor(language, ("trouble.paper_out", "trouble.link")),
    }


def _signing_in(visit: Visit) -> dict[str, State]:
    pin = s.EnteringPin(visit, CardFacts(3), typed=2)
    wrong = replace(pin, card=CardFacts(1), was_wrong=True, typed=4)
    return {
        "consent": s.Consent(visit),
        "agreed": s.Consent(visit, agreed=True),
        "card": s.AwaitingCard(visit),
        "mute card": s.AwaitingCard(visit, CardFault.MUTE),
        "several cards": s.AwaitingCard(visit, CardFault.SEVERAL),
        "reading": s.ReadingCard(visit),
        "pin": pin,
        "last try": wrong,
        "at the reader": s.TypingAtReader(visit, CardFacts(3, at_reader=True)),
        "wrong at the reader": s.TypingAtReader(
            visit, CardFacts(1, at_reader=True), was_wrong=True
        ),
        "last pin": replace(wrong, warned=True),
        "checking": s.Authenticating(visit, CardFacts(3)),
    }


def _choosing(visit: Visit) -> dict[str, State]:
    refusal = Refusal(kind=RefusalClass.PRODUCT, reason="refused.household_moving")
    states: dict[str, State] = {}
    for count in (2, 4, 5, 6, 7, 9):
        made = offer(count)
        states[f"{count} people"] = s.ChoosingPeople(visit, signed_in(made), whole(made))
    for name, made in {"of all": offer(9), "of foreigners": offer(1, OF_FOREIGN)}.items():
        person = signed_in(made)
        states[f"items {name}"] = s.ChoosingItems(visit, person, whole(made))
        states[f"confirming {name}"] = s.Confirming(visit, person, whole(made, copies=2))
    plain, none = offer(1), offer(1, refusal=refusal)
    every = every_product(refusal)
    years = tuple(
        FiscalYear(year=year, refusal=refusal if year == 2024 else None)
        for year in range(2026, 2021, -1)
    )
    taxes = msgspec.structs.replace(plain, product=Product.TAXATION, items=(), years=years)
    taxed = Wish(taxes, frozenset({"p0"}), year=2026, copies=2)
    states |= {
        "certificate": s.ChoosingCertificate(visit, signed_in(plain)),
        "seven certificates": s.ChoosingCertificate(visit, every),
        "year": s.ChoosingYear(visit, every, taxed),
        "confirming year": s.Confirming(visit, every, taxed),
        "no certificate": s.ChoosingCertificate(visit, signed_in(none)),
        "my number": s.Notices(visit, signed_in(plain), Wish(plain), ("notice.my_number",)),
        "kana": s.Notices(visit, signed_in(plain), Wish(plain), ("notice.kana_alias",)),
        "ordering": s.Ordering(visit, signed_in(plain), Wish(plain)),
    }
    return states


def _issuing(visit: Visit) -> dict[str, State]:
    document = CheckedDocument("order", Product.RESIDENCE, 1250, 5, 10, ("serial",))
    payment, returned = Payment(1250, "order"), CardReturned(NOON)
    handing = s.HandingOver(visit, document, payment, kept=True)
    blind = Belongings(sheets=None, receipt=None, change=None)
    return {
        "preparing": s.Preparing(visit, Product.RESIDENCE),
        "take card": s.ReturningCard(visit, document),
        "paying": s.Paying(visit, document, returned, held_yen=1010),
        "printing": s.Printing(visit, document, payment, printed=3),
        "handing over": handing,
        "all lies there": replace(handing, belongings=Belongings(True, True, True, True)),
        "receipt": replace(handing, belongings=Belongings(receipt=True)),
        "change": replace(handing, belongings=Belongings(change=True)),
        "nothing seen": replace(handing, belongings=blind),
        "all taken": replace(handing, belongings=Belongings()),
    }


def _ending(visit: Visit) -> dict[str, State]:
    failed = Refusal(kind=RefusalClass.OURS, reason="refused.print_failed")
    states: dict[str, State] = {
        "farewell": s.Farewell(visit, Ending.DELIVERED),
        "ended": s.Farewell(visit, Ending.CANCELLED),
        "card back": s.TakingCardBack(visit, Ending.CANCELLED),
        "money back": s.ReturningMoney(visit, failed, Ending.VOID),
        "collect": s.Collecting(visit, failed, Belongings(True, True, True, True)),
        "collect void sheets": s.Collecting(visit, failed, Belongings(sheets=True)),
        "money stuck": s.Settling(visit, "settling.money_stuck", "0123456789ab"),
    }
    for kind, reason in ADVICE:
        refusal = Refusal(
            kind=kind,
            reason=f"refused.{reason}",
            available_from=OPENS if kind in {RefusalClass.WHEN, RefusalClass.PRODUCT} else None,
            contact=None if kind is RefusalClass.OURS else CONTACT,
            reference="0123456789ab" if kind is RefusalClass.OURS else "",
        )
        states[reason] = s.Refused(visit, refusal, card_present=True, no_charge=True)
    return states
