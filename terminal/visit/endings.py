"""How a visit ends without paper: refusals, the card and the money back, and what staff must settle."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from terminal.link.wire import Refusal, RefusalClass
from terminal.visit import events as e
from terminal.visit.commands import ClearPin, EndVisit, RaiseIncident, ReleaseCard, ReturnMoney
from terminal.visit.known import Belongings, Ending, Visit
from terminal.visit.screen import ScreenKey
from terminal.visit.states import (
    Collecting,
    Farewell,
    Idle,
    OutOfService,
    Refused,
    ReturningMoney,
    Settling,
    TakingCardBack,
)
from terminal.visit.step import Step


def refuse(visit: Visit, refusal: Refusal, *, card_present: bool) -> Step:
    """Say why and what to do next; nothing was paid. The visit's work is over here (I-7)."""
    if refusal.kind is RefusalClass.OURS and not refusal.reference:
        refusal = msgspec.structs.replace(refusal, reference=visit.reference)
    state = Refused(visit, refusal, card_present=card_present, no_charge=True)
    return state, [ClearPin(), ReleaseCard(), EndVisit(visit, Ending.REFUSED)]


def leave(visit: Visit, ending: Ending, *, card_present: bool) -> Step:
    """Cancelled or timed out before money: the card goes back if it is here (R66)."""
    state = TakingCardBack(visit, ending) if card_present else Farewell(visit, ending)
    return state, [ClearPin(), ReleaseCard(), EndVisit(visit, ending)]


def give_money_back(
    visit: Visit, refusal: Refusal, ending: Ending, *, sheets_out: int | None = 0
) -> Step:
    """What is held goes back whole (decision d); the visit ends when it has."""
    state = ReturningMoney(visit, refusal, ending, sheets_out)
    return state, [ReturnMoney(visit)]


def on_refused(state: Refused, event: e.Event) -> Step:
    match event:
        case e.CardRemoved():
            return replace(state, card_present=False), []
        case e.CardInserted() if _asked_for_another_card(state):
            return Idle(state.visit.language), []  # where a card that lies there begins a visit
        case e.CardInserted():
            return replace(state, card_present=True), []
        case e.Pressed(ScreenKey.OK | ScreenKey.CANCEL) | e.TimedOut():
            if state.card_present:
                return TakingCardBack(state.visit, Ending.REFUSED), []
            return Idle(), []
        case _:
            return state, []


def _asked_for_another_card(state: Refused) -> bool:
    """The wrong one has been taken: whoever lays down the right one is served at once (R42)."""
    return state.refusal.kind is RefusalClass.CARD and not state.card_present


def on_taking_card_back(state: TakingCardBack, event: e.Event) -> Step:
    match event:
        case e.CardRemoved():
            return Farewell(state.visit, state.ending), []
        case e.TimedOut():
            return (
                OutOfService(state.visit.language, ("trouble.card_left",)),
                [RaiseIncident(state.visit, "card_left")],
            )
        case _:
            return state, []


def on_returning_money(state: ReturningMoney, event: e.Event) -> Step:
    match event:
        case e.MoneyReturned():
            collecting = Collecting(state.visit, state.refusal)
            return collecting, [EndVisit(state.visit, state.ending)]
        case e.MoneyStuck(reference):
            return _settle(state.visit, "settling.money_stuck", reference)
        case e.TimedOut():
            return _settle(state.visit, "settling.money_stuck", state.visit.reference)
        case _:
            return state, []


def _settle(visit: Visit, reason: str, reference: str) -> Step:
    return (
        Settling(visit, reason, reference),
        [RaiseIncident(visit, "money_stuck"), EndVisit(visit, Ending.INCIDENT)],
    )


def on_collecting(state: Collecting, event: e.Event) -> Step:
    match event:
        case e.BelongingsChanged(belongings):
            # Void sheets stay for staff, who were called when they came out.
            if belongings.card or belongings.receipt or belongings.change:
                return replace(state, belongings=belongings), []
            return Refused(state.visit, state.refusal, card_present=False, no_charge=True), []
        case e.TimedOut():
            there = state.belongings
            without_sheets = replace(there, sheets=False) if there is not None else None
            return left_behind(state.visit, what_is_left(without_sheets))
        case _:
            return state, []


def what_is_left(there: Belongings | None) -> str:
    """The incident's kind, the most urgent first; sheets where no sensor can tell."""
    if there is not None and there.card:
        return "card_left"
    if there is not None and not there.sheets and there.receipt:
        return "receipt_left"
    if there is not None and not there.sheets and there.change:
        return "change_left"
    return "sheets_left"


def left_behind(visit: Visit, kind: str) -> Step:
    """Something personal lies there and nobody takes it: the next person is not served (R68)."""
    return OutOfService(visit.language, ("trouble.left_behind",)), [RaiseIncident(visit, kind)]


def on_settling(state: Settling, event: e.Event) -> Step:
    match event:
        case e.TimedOut():
            return OutOfService(state.visit.language, ("trouble.incident",)), []
        case _:
            return state, []


def on_farewell(state: Farewell, event: e.Event) -> Step:
    match event:
        case e.TimedOut() | e.Pressed(ScreenKey.OK):
            return Idle(), []
        case _:
            return state, []
