"""From consent to the signed-in person (R1, R4, R14, R45)."""

from __future__ import annotations

from dataclasses import replace

from terminal.link.wire import RefusalClass
from terminal.pin import PIN_DIGITS
from terminal.visit import events as e
from terminal.visit.commands import ClearPin, ReadCard, ReleaseCard, SignIn, SignInAtReader
from terminal.visit.endings import leave, refuse
from terminal.visit.known import CardFacts, CardFault, Ending, Visit
from terminal.visit.screen import ScreenKey
from terminal.visit.states import (
    Authenticating,
    AwaitingCard,
    ChoosingCertificate,
    Consent,
    EnteringPin,
    ReadingCard,
    TypingAtReader,
)
from terminal.visit.step import CARD_REMOVED, PIN_LOCKED, TOOK_TOO_LONG, Step


def on_consent(state: Consent, event: e.Event) -> Step:
    match event:
        case e.VisitReady():
            return _when_agreed(replace(state, ready=True))
        case e.Pressed(ScreenKey.OK):
            return _when_agreed(replace(state, agreed=True))
        case e.CardInserted():  # readable or not, it must be taken back; reading tells which
            return replace(state, card_present=True), []
        case e.CardRemoved():
            return replace(state, card_present=False), []
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=state.card_present)
        case e.Pressed(ScreenKey.CANCEL | ScreenKey.BACK):
            return leave(state.visit, Ending.CANCELLED, card_present=state.card_present)
        case e.TimedOut():
            return leave(state.visit, Ending.TIMED_OUT, card_present=state.card_present)
        case _:
            return state, []


def _when_agreed(state: Consent) -> Step:
    if not (state.ready and state.agreed):
        return state, []
    if state.card_present:
        return ReadingCard(state.visit), [ReadCard(state.visit)]
    return AwaitingCard(state.visit), []


def on_awaiting_card(state: AwaitingCard, event: e.Event) -> Step:
    match event:
        case e.CardInserted(CardFault() as fault):
            return replace(state, fault=fault), []
        case e.CardInserted():
            return ReadingCard(state.visit), [ReadCard(state.visit)]
        case e.CardRemoved():
            return replace(state, fault=None), []
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=state.fault is not None)
        case e.Pressed(ScreenKey.CANCEL | ScreenKey.BACK):
            return leave(state.visit, Ending.CANCELLED, card_present=state.fault is not None)
        case e.TimedOut():
            return leave(state.visit, Ending.TIMED_OUT, card_present=state.fault is not None)
        case _:
            return state, []


def on_reading_card(state: ReadingCard, event: e.Event) -> Step:
    match event:
        case e.CardRead(card) if card.tries_left == 0:
            return refuse(state.visit, PIN_LOCKED, card_present=True)
        case e.CardRead(card):
            return _ask_for_pin(state.visit, card)
        case _:
            return _with_card(state.visit, state, event)


def _ask_for_pin(visit: Visit, card: CardFacts, *, was_wrong: bool = False) -> Step:
    """On the keypad, or on the reader's own keys; the last try is asked about first in both cases."""
    entering = EnteringPin(visit, card, was_wrong=was_wrong)
    if card.at_reader and not asks_before_last_try(entering):
        return _type_at_reader(entering)
    return entering, [ClearPin()]


def _type_at_reader(state: EnteringPin) -> Step:
    typing = TypingAtReader(state.visit, state.card, state.was_wrong)
    return typing, [ClearPin(), SignInAtReader(state.visit)]


def on_entering_pin(state: EnteringPin, event: e.Event) -> Step:
    match event:
        case e.Pressed(ScreenKey.OK) if asks_before_last_try(state):
            if state.card.at_reader:
                return _type_at_reader(state)
            return replace(state, warned=True), [ClearPin()]
        case e.PinTyped(count) if not asks_before_last_try(state):
            return replace(state, typed=count), []
        case e.Pressed(ScreenKey.OK) if state.typed == PIN_DIGITS:
            return Authenticating(state.visit, state.card), [SignIn(state.visit)]
        case e.Pressed(ScreenKey.CLEAR):
            return replace(state, typed=0), [ClearPin()]
        case e.TimedOut():
            return leave(state.visit, Ending.TIMED_OUT, card_present=True)
        case _:
            return _with_card(state.visit, state, event)


def asks_before_last_try(state: EnteringPin) -> bool:
    """One try left: the person must say that they want to use it (R45)."""
    return state.card.tries_left == 1 and not state.warned


def on_typing_at_reader(state: TypingAtReader, event: e.Event) -> Step:
    match event:
        case e.PinTypedAtReader():
            return Authenticating(state.visit, state.card), []
        case e.PinNotTaken():
            return _type_again(state)
        case e.TypingCancelled():
            return leave(state.visit, Ending.CANCELLED, card_present=True)
        case e.TypingTimedOut() | e.TimedOut():
            return leave(state.visit, Ending.TIMED_OUT, card_present=True)
        case e.CardRemoved():
            return AwaitingCard(state.visit), [ReleaseCard()]
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=True)
        case _:
            return state, []


def _type_again(state: TypingAtReader) -> Step:
    again = replace(state, again=not state.again)
    return again, [SignInAtReader(state.visit)]


def on_authenticating(state: Authenticating, event: e.Event) -> Step:
    match event:
        case e.PersonSignedIn(person):
            whole = [offer.refusal for offer in person.offers]
            if whole and all(r is not None and r.kind is RefusalClass.PERSON for r in whole):
                assert whole[0] is not None
                return refuse(state.visit, whole[0], card_present=True)
            return ChoosingCertificate(state.visit, person), []
        case e.PinRejected(tries_left) if tries_left > 0:
            return _ask_for_pin(
                state.visit, replace(state.card, tries_left=tries_left), was_wrong=True
            )
        case e.PinRejected():
            return refuse(state.visit, PIN_LOCKED, card_present=True)
        case e.CardRemoved():
            return refuse(state.visit, CARD_REMOVED, card_present=False)
        case e.TimedOut():
            return refuse(state.visit, TOOK_TOO_LONG, card_present=True)
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=True)
        case e.Pressed(ScreenKey.CANCEL):
            return leave(state.visit, Ending.CANCELLED, card_present=True)
        case _:
            return state, []


def _with_card(visit: Visit, state: ReadingCard | EnteringPin, event: e.Event) -> Step:
    """The card lies there and no PIN has been sent: taking it away is still harmless."""
    match event:
        case e.CardRemoved():
            return AwaitingCard(visit), [ClearPin(), ReleaseCard()]
        case e.CardInserted(CardFault() as fault):
            return AwaitingCard(visit, fault), [ClearPin(), ReleaseCard()]
        case e.ActRefused(refusal):
            return refuse(visit, refusal, card_present=True)
        case e.Pressed(ScreenKey.CANCEL):
            return leave(visit, Ending.CANCELLED, card_present=True)
        case e.TimedOut():
            return refuse(visit, TOOK_TOO_LONG, card_present=True)
        case _:
            return state, []
