"""What the explorers know about the world around the machine, and what must hold after every step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from terminal.link.wire import (
    Contact,
    FiscalYear,
    Item,
    Offer,
    PeopleChoice,
    Person,
    Product,
    Refusal,
    RefusalClass,
    SignedIn,
)
from terminal.visit import commands as c
from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.choosing import EVERYONE
from terminal.visit.known import Belongings, CardFacts, CardFault, CheckedDocument, Ending, Payment
from terminal.visit.machine import advance
from terminal.visit.screen import ScreenKey
from terminal.visit.states import State
from terminal.visit.step import Moment

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTACT = Contact(office="市民課", telephone="000-000-0000")
REFUSAL = Refusal(kind=RefusalClass.OURS, reason="refused.ours")
P4 = Refusal(kind=RefusalClass.PERSON, reason="refused.person")
RESIDENCE = Offer(
    product=Product.RESIDENCE,
    fee_yen=250,
    tariff="t",
    people=(
        Person(ref="p1", name="甲", holder=True),
        Person(ref="p2", name="乙", holder=False),
    ),
    items=(Item(item="my_number", notice="notice.my_number"), Item(item="registered_domicile")),
    notices=("notice.kana_alias",),
    max_copies=2,
)
PERSON = SignedIn(
    certificate_good_as_of=NOON,
    city="c",
    city_name="市",
    subject_tag=bytes(32),
    offers=(RESIDENCE,),
    contact=CONTACT,
)
PLAIN = SignedIn(
    certificate_good_as_of=NOON,
    city="c",
    city_name="市",
    subject_tag=bytes(32),
    offers=(
        Offer(product=Product.RESIDENCE, fee_yen=300, tariff="t", people=RESIDENCE.people[:1]),
        Offer(product=Product.TAXATION, fee_yen=300, tariff="t", refusal=REFUSAL),
        Offer(
            product=Product.INCOME,
            fee_yen=300,
            tariff="t",
            people=RESIDENCE.people[:1],
            choice=PeopleChoice.ALL,
            years=(FiscalYear(year=2026), FiscalYear(year=2025, refusal=REFUSAL)),
        ),
    ),
    contact=CONTACT,
)
NOBODY = SignedIn(
    certificate_good_as_of=NOON,
    city="c",
    city_name="市",
    subject_tag=bytes(32),
    offers=(Offer(product=Product.RESIDENCE, fee_yen=300, tariff="t", refusal=P4),),
    contact=CONTACT,
)
DOCUMENT = CheckedDocument("order", Product.RESIDENCE, 250, 1, 2, ("serial",))
PAYMENT = Payment(250, "order")
LYING = Belongings(sheets=True, receipt=True)
BLIND = Belongings(sheets=None, receipt=None, change=None)

EVENTS: tuple[e.Event, ...] = (
    *(e.Pressed(key) for key in ScreenKey if key is not ScreenKey.LANGUAGE),
    e.Chosen("services"),
    e.Chosen("guide"),
    e.Chosen("clear"),
    e.Chosen(Product.RESIDENCE.value),
    e.Chosen(Product.TAXATION.value),
    e.Chosen(Product.INCOME.value),
    e.Chosen("2026"),
    e.Chosen("2025"),
    e.Chosen("p1"),
    e.Chosen(EVERYONE),
    e.Chosen("my_number"),
    e.Chosen("more"),
    e.PinTyped(0),
    e.PinTyped(4),
    e.CardInserted(),
    e.CardInserted(CardFault.MUTE),
    e.CardInserted(CardFault.SEVERAL),
    e.CardRemoved(),
    e.ReaderLost(),
    e.CardRead(CardFacts(3)),
    e.CardRead(CardFacts(1)),
    e.CardRead(CardFacts(0)),
    e.CardRead(CardFacts(3, at_reader=True)),
    e.CardRead(CardFacts(1, at_reader=True)),
    e.PinTypedAtReader(),
    e.PinNotTaken(),
    e.TypingCancelled(),
    e.TypingTimedOut(),
    e.PinRejected(2),
    e.PinRejected(1),
    e.PinRejected(0),
    e.VisitReady(),
    e.PersonSignedIn(PERSON),
    e.PersonSignedIn(PLAIN),
    e.PersonSignedIn(NOBODY),
    e.OrderTaken(),
    e.DocumentReady(DOCUMENT),
    e.ActRefused(REFUSAL),
    e.MoneyHeld(100),
    e.Paid(PAYMENT),
    e.MoneyKept(),
    e.MoneyReturned(250),
    e.MoneyStuck("reference"),
    e.SheetOut(1),
    e.Printed(),
    e.PrintFailed(REFUSAL, 0),
    e.PrintFailed(REFUSAL, 1),
    e.PrintFailed(REFUSAL, None),
    e.BelongingsChanged(Belongings()),
    e.BelongingsChanged(LYING),
    e.BelongingsChanged(BLIND),
    e.TimedOut(),
    e.ServiceChanged(),
    e.ServiceChanged(closed_reason="closed.hours"),
    e.ServiceChanged(troubles=("trouble.link",)),
    e.SupervisorSwitched(on=True),
    e.SupervisorSwitched(on=False),
)

RESTING = (s.Idle, s.Guide, s.Closed, s.OutOfService, s.Supervisor)
TELLING = (
    s.Farewell,
    s.Refused,
    s.TakingCardBack,
    s.Collecting,
    s.Settling,
    s.OutOfService,
)


@dataclass(frozen=True)
class World:
    """Facts outside the machine. ``visit`` counts visits so that endings can be counted."""

    card: bool = False
    open_visit: bool = False
    document: bool = False
    asked_for_money: bool = False
    prints: int = 0
    returning: bool = False
    kept: bool = False
    incident: bool = False


class Broken(AssertionError):
    """A rule does not hold."""


def step(state: State, world: World, event: e.Event) -> tuple[State, World]:
    """Advance both, and check every rule that concerns one step."""
    if isinstance(event, e.CardInserted):
        world = replace(world, card=True)
    elif isinstance(event, e.CardRemoved):
        world = replace(world, card=False)
    if isinstance(event, e.DocumentReady) and isinstance(state, s.Preparing):
        world = replace(world, document=True)
    after, commands = advance(state, event, Moment(NOON, "visit"))
    for command in commands:
        world = obey(state, event, after, world, command)
    if isinstance(after, s.Paying) and world.card:
        raise Broken("money is asked for while a card lies on the reader")
    return after, world


def obey(state: State, event: e.Event, after: State, world: World, command: c.Command) -> World:
    match command:
        case c.OpenVisit():
            if world.open_visit:
                raise Broken("a visit begins before the last has ended")
            return World(card=world.card, open_visit=True)
        case c.TakeMoney():
            if world.card or not world.document or not world.open_visit:
                raise Broken("money without a returned card and a checked document")
            return replace(world, asked_for_money=True)
        case c.Print():
            paid = isinstance(event, e.Paid) and isinstance(state, s.Paying)
            if not (paid and world.asked_for_money and world.document) or world.prints:
                raise Broken("paper without payment, or twice")
            return replace(world, prints=1)
        case c.ReturnMoney():
            if world.kept:
                raise Broken("money back that was kept")
            return replace(world, returning=True)
        case c.KeepMoney():
            if not world.prints or world.returning or not isinstance(event, e.Printed):
                raise Broken("money kept without paper")
            return replace(world, kept=True)
        case c.RaiseIncident():
            return replace(world, incident=True)
        case c.EndVisit(_, ending):
            return end(after, world, ending)
        case _:
            return world


def end(after: State, world: World, ending: Ending) -> World:
    if not world.open_visit:
        raise Broken("a visit ends twice")
    if not isinstance(after, TELLING):
        raise Broken(f"a visit ends in silence, in {type(after).__name__}")
    if ending is Ending.DELIVERED and not world.kept:
        raise Broken("delivered without payment kept")
    if world.prints and not (world.kept or world.returning):
        raise Broken("paid, and neither delivered nor given back")
    if world.kept and ending is not Ending.DELIVERED:
        raise Broken("kept, and not delivered")
    return replace(world, open_visit=False)
