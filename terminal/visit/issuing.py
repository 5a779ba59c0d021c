"""From the signed order to paper in hand.

``ask_for_money`` is the only place that builds ``Paying``, ``on_paying`` the only one that builds
``Printing``; from there on nothing cancels (rules 1–3 of the machine).
"""

from __future__ import annotations

from dataclasses import replace

from terminal.link.wire import Refusal
from terminal.visit import events as e
from terminal.visit.commands import (
    Command,
    EndVisit,
    KeepMoney,
    PauseMoney,
    PrepareDocument,
    Print,
    RaiseIncident,
    ReleaseCard,
    TakeMoney,
)
from terminal.visit.endings import (
    give_money_back,
    leave,
    left_behind,
    refuse,
    what_is_left,
)
from terminal.visit.known import CardReturned, CheckedDocument, Ending, Visit
from terminal.visit.screen import ScreenKey
from terminal.visit.states import (
    Farewell,
    HandingOver,
    Ordering,
    Paying,
    Preparing,
    Printing,
    ReturningCard,
    Settling,
)
from terminal.visit.step import (
    PAYMENT_CANCELLED,
    PAYMENT_TIMED_OUT,
    PRINTING_STALLED,
    TOOK_TOO_LONG,
    Moment,
    Step,
)


def on_ordering(state: Ordering, event: e.Event, moment: Moment) -> Step:
    match event:
        case e.OrderTaken():
            preparing = Preparing(state.visit, state.wish.offer.product, state.returned)
            return preparing, [PrepareDocument(state.visit)]
        case e.CardRemoved() | e.CardInserted():
            return replace(state, returned=_returned(event, moment)), []
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=state.returned is None)
        case e.TimedOut():
            return refuse(state.visit, TOOK_TOO_LONG, card_present=state.returned is None)
        case _:
            return state, []


def on_preparing(state: Preparing, event: e.Event, moment: Moment) -> Step:
    match event:
        case e.DocumentReady(document) if state.returned is not None:
            return ask_for_money(state.visit, document, state.returned)
        case e.DocumentReady(document):
            return ReturningCard(state.visit, document), [ReleaseCard()]
        case e.CardRemoved() | e.CardInserted():
            return replace(state, returned=_returned(event, moment)), []
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=state.returned is None)
        case e.TimedOut():
            return refuse(state.visit, TOOK_TOO_LONG, card_present=state.returned is None)
        case _:
            return state, []


def _returned(event: e.CardRemoved | e.CardInserted, moment: Moment) -> CardReturned | None:
    return CardReturned(moment.now) if isinstance(event, e.CardRemoved) else None


def on_returning_card(state: ReturningCard, event: e.Event, moment: Moment) -> Step:
    match event:
        case e.CardRemoved():
            returned = CardReturned(moment.now)
            return ask_for_money(state.visit, state.document, returned, state.held_yen)
        case e.MoneyHeld(held_yen):
            return replace(state, held_yen=held_yen), []
        case e.Pressed(ScreenKey.CANCEL) if state.asked:
            return give_money_back(state.visit, PAYMENT_CANCELLED, Ending.CANCELLED)
        case e.Pressed(ScreenKey.CANCEL):
            return leave(state.visit, Ending.CANCELLED, card_present=True)
        case e.ActRefused(refusal) if state.asked:
            return give_money_back(state.visit, refusal, Ending.FAILED)
        case e.ActRefused(refusal):
            return refuse(state.visit, refusal, card_present=True)
        case e.TimedOut() if state.asked:
            return give_money_back(state.visit, PAYMENT_TIMED_OUT, Ending.TIMED_OUT)
        case e.TimedOut():
            step = left_behind(state.visit, "card_left")
            return step[0], [*step[1], EndVisit(state.visit, Ending.TIMED_OUT)]
        case _:
            return state, []


def ask_for_money(
    visit: Visit, document: CheckedDocument, returned: CardReturned, held_yen: int = 0
) -> Step:
    """The document is checked and the card is back in the person's hand: now, and only now."""
    paying = Paying(visit, document, returned, held_yen)
    return paying, [ReleaseCard(), TakeMoney(visit, document)]


def on_paying(state: Paying, event: e.Event) -> Step:
    match event:
        case e.Paid(payment):
            printing = Printing(state.visit, state.document, payment)
            return printing, [Print(state.visit, state.document, payment)]
        case e.MoneyHeld(held_yen):
            return replace(state, held_yen=held_yen), []
        case e.CardInserted():
            again = ReturningCard(state.visit, state.document, state.held_yen, asked=True)
            return again, [PauseMoney()]
        case e.ActRefused(refusal):
            return give_money_back(state.visit, refusal, Ending.FAILED)
        case e.Pressed(ScreenKey.CANCEL):
            return give_money_back(state.visit, PAYMENT_CANCELLED, Ending.CANCELLED)
        case e.TimedOut():
            return give_money_back(state.visit, PAYMENT_TIMED_OUT, Ending.TIMED_OUT)
        case _:
            return state, []


def on_printing(state: Printing, event: e.Event) -> Step:
    match event:
        case e.SheetOut(sheet):
            return replace(state, printed=max(state.printed, sheet)), []
        case e.Printed():
            handing = HandingOver(state.visit, state.document, state.payment)
            return handing, [KeepMoney(state.visit, state.document, state.payment)]
        case e.PrintFailed(refusal, sheets_out):
            return _print_failed(state, refusal, sheets_out)
        case e.TimedOut():
            return _print_failed(state, PRINTING_STALLED, None)
        case _:
            return state, []


def _print_failed(state: Printing, refusal: Refusal, sheets_out: int | None) -> Step:
    """Money back whole; sheets that came out, or may have, are an incident for staff (decisions d e)."""
    step = give_money_back(state.visit, refusal, Ending.VOID, sheets_out=sheets_out)
    incident: list[Command] = []
    if sheets_out != 0:
        incident = [RaiseIncident(state.visit, "sheets_void" if sheets_out else "sheets_unknown")]
    return step[0], [*incident, *step[1]]


def on_handing_over(state: HandingOver, event: e.Event) -> Step:
    match event:
        case e.MoneyKept():
            return _when_taken(replace(state, kept=True))
        case e.MoneyStuck(reference, owed):
            owing = replace(state, kept=True, owed=reference if owed else None)
            after, ending = _when_taken(owing)
            return after, [RaiseIncident(state.visit, "money_stuck"), *ending]
        case e.BelongingsChanged(belongings):
            return _when_taken(replace(state, belongings=belongings))
        case e.Pressed(ScreenKey.OK) if _nothing_sensed(state):
            return _all_taken(state)
        case e.TimedOut():
            after, incident = left_behind(state.visit, what_is_left(state.belongings))
            stuck = [] if state.kept else [RaiseIncident(state.visit, "money_stuck")]
            return after, [*incident, *stuck, _delivered(state)]
        case _:
            return state, []


def _when_taken(state: HandingOver) -> Step:
    """Goes on by itself only when sensors can tell that nothing lies there."""
    known = state.belongings
    if not state.kept or known is None or known.any_seen or known.any_unknown:
        return state, []
    return _all_taken(state)


def _all_taken(state: HandingOver) -> Step:
    """Who is still owed change must read the number before anything else."""
    if state.owed is not None:
        owing = Settling(state.visit, "settling.change_owed", state.owed)
        return owing, [_delivered(state)]
    return Farewell(state.visit, Ending.DELIVERED), [_delivered(state)]


def _nothing_sensed(state: HandingOver) -> bool:
    return state.kept and state.belongings is not None and not state.belongings.any_seen


def _delivered(state: HandingOver) -> EndVisit:
    return EndVisit(state.visit, Ending.DELIVERED)
