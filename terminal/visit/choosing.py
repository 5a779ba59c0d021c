"""From the certificate to the confirmation: nothing is chosen for anybody (R16, R18, R20–R24, R33)."""

from __future__ import annotations

from dataclasses import replace

from terminal.link.wire import Offer, PeopleChoice
from terminal.visit import events as e
from terminal.visit.commands import PlaceOrder
from terminal.visit.endings import leave, refuse
from terminal.visit.known import Ending, Wish
from terminal.visit.screen import ScreenKey
from terminal.visit.states import (
    ChoosingCertificate,
    ChoosingItems,
    ChoosingPeople,
    ChoosingYear,
    Confirming,
    Notices,
    Ordering,
)
from terminal.visit.step import CARD_REMOVED, Step

PEOPLE_PER_PAGE = 7
EVERYONE = "everyone"
NEXT_PAGE = "next_page"

Choosing = (
    ChoosingCertificate | ChoosingYear | ChoosingPeople | ChoosingItems | Notices | Confirming
)


def on_choosing(state: Choosing, event: e.Event) -> Step:
    """What is the same on every choosing screen; then what is not."""
    match event:
        case e.CardRemoved():
            return refuse(state.visit, CARD_REMOVED, card_present=False)
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=True)
        case e.Pressed(ScreenKey.CANCEL):
            return leave(state.visit, Ending.CANCELLED, card_present=True)
        case e.TimedOut():
            return leave(state.visit, Ending.TIMED_OUT, card_present=True)
        case _:
            return _by_state(state, event)


def _by_state(state: Choosing, event: e.Event) -> Step:
    match state:
        case ChoosingCertificate():
            return _certificate(state, event)
        case ChoosingYear():
            return _year(state, event)
        case ChoosingPeople():
            return _people(state, event)
        case ChoosingItems():
            return _items(state, event)
        case Notices():
            return _notices(state, event)
        case Confirming():
            return _confirming(state, event)


def _certificate(state: ChoosingCertificate, event: e.Event) -> Step:
    match event:
        case e.Chosen(value):
            offer = next((o for o in state.person.offers if o.product.value == value), None)
        case _:
            offer = None
    if offer is None:
        return state, []
    if offer.refusal is not None:
        return refuse(state.visit, offer.refusal, card_present=True)
    if offer.years:
        return ChoosingYear(state.visit, state.person, Wish(offer)), []
    return _after_year(state, Wish(offer))


def _year(state: ChoosingYear, event: e.Event) -> Step:
    """R36: always asked, so that nobody pays for another year than the one that was meant."""
    match event:
        case e.Chosen(value):
            year = next((y for y in state.wish.offer.years if str(y.year) == value), None)
        case e.Pressed(ScreenKey.BACK):
            return ChoosingCertificate(state.visit, state.person), []
        case _:
            year = None
    if year is None:
        return state, []
    if year.refusal is not None:
        return refuse(state.visit, year.refusal, card_present=True)
    return _after_year(state, replace(state.wish, year=year.year))


def _after_year(state: ChoosingCertificate | ChoosingYear, wish: Wish) -> Step:
    if asks_for_people(wish.offer):
        return ChoosingPeople(state.visit, state.person, wish), []
    everybody = frozenset(person.ref for person in wish.offer.people)
    return _after_people(state, replace(wish, people=everybody))


def asks_for_people(offer: Offer) -> bool:
    """Whether there is anybody to choose among: not on a certificate about all of them (R20)."""
    return offer.choice is PeopleChoice.ANY and len(offer.people) > 1


def _people(state: ChoosingPeople, event: e.Event) -> Step:
    match event:
        case e.Chosen(value) if value == NEXT_PAGE:
            return replace(state, page=(state.page + 1) % people_pages(state.wish.offer)), []
        case e.Chosen(value):
            return replace(state, wish=_toggle_people(state.wish, value)), []
        case e.Pressed(ScreenKey.OK) if state.wish.people:
            return _after_people(state, state.wish)
        case e.Pressed(ScreenKey.BACK):
            return _before_people(state)
        case _:
            return state, []


def _before_people(state: ChoosingPeople | ChoosingItems | Notices | Confirming) -> Step:
    if state.wish.offer.years:
        wish = Wish(state.wish.offer)
        return ChoosingYear(state.visit, state.person, wish), []
    return ChoosingCertificate(state.visit, state.person), []


def _toggle_people(wish: Wish, value: str) -> Wish:
    everyone = frozenset(person.ref for person in wish.offer.people)
    if value == EVERYONE:
        return replace(wish, people=frozenset() if wish.people == everyone else everyone)
    return replace(wish, people=wish.people ^ ({value} & everyone))


def people_pages(offer: Offer) -> int:
    """How many screens the people of an offer need."""
    return max(1, -(-len(offer.people) // PEOPLE_PER_PAGE))


def _after_people(state: ChoosingCertificate | ChoosingYear | ChoosingPeople, wish: Wish) -> Step:
    if wish.offer.items:
        return ChoosingItems(state.visit, state.person, wish), []
    return _after_items(state, wish)


def _items(state: ChoosingItems, event: e.Event) -> Step:
    match event:
        case e.Chosen(value):
            known = {item.item for item in state.wish.offer.items}
            wish = replace(state.wish, items=state.wish.items ^ ({value} & known))
            return replace(state, wish=wish), []
        case e.Pressed(ScreenKey.OK):
            return _after_items(state, state.wish)
        case e.Pressed(ScreenKey.BACK) if asks_for_people(state.wish.offer):
            return ChoosingPeople(state.visit, state.person, state.wish), []
        case e.Pressed(ScreenKey.BACK):
            return _before_people(state)
        case _:
            return state, []


def _after_items(
    state: ChoosingCertificate | ChoosingYear | ChoosingPeople | ChoosingItems, wish: Wish
) -> Step:
    wish = replace(wish, acknowledged=frozenset())
    pending = notices_due(wish)
    if pending:
        return Notices(state.visit, state.person, wish, pending), []
    return Confirming(state.visit, state.person, wish), []


def notices_due(wish: Wish) -> tuple[str, ...]:
    """Notices that must be acknowledged for this wish, each once, in the offer's order (R24, R33)."""
    due = [*wish.offer.notices]
    due += [i.notice for i in wish.offer.items if i.notice is not None and i.item in wish.items]
    return tuple(dict.fromkeys(due))


def _notices(state: Notices, event: e.Event) -> Step:
    match event:
        case e.Pressed(ScreenKey.OK):
            first, rest = state.pending[0], state.pending[1:]
            wish = replace(state.wish, acknowledged=state.wish.acknowledged | {first})
            if rest:
                return replace(state, wish=wish, pending=rest), []
            return Confirming(state.visit, state.person, wish), []
        case e.Pressed(ScreenKey.BACK):
            return _back_to_wish(state)
        case _:
            return state, []


def _confirming(state: Confirming, event: e.Event) -> Step:
    match event:
        case e.Chosen("more") if state.wish.copies < state.wish.offer.max_copies:
            return replace(state, wish=replace(state.wish, copies=state.wish.copies + 1)), []
        case e.Chosen("fewer") if state.wish.copies > 1:
            return replace(state, wish=replace(state.wish, copies=state.wish.copies - 1)), []
        case e.Pressed(ScreenKey.OK):
            ordering = Ordering(state.visit, state.person, state.wish)
            return ordering, [PlaceOrder(state.visit, state.person, state.wish)]
        case e.Pressed(ScreenKey.BACK):
            return _back_to_wish(state)
        case _:
            return state, []


def _back_to_wish(state: Notices | Confirming) -> Step:
    if state.wish.offer.items:
        return ChoosingItems(state.visit, state.person, state.wish), []
    if asks_for_people(state.wish.offer):
        return ChoosingPeople(state.visit, state.person, state.wish), []
    return _before_people(state)
