"""State → what the person sees, in visiting order. Words are ids of the catalogue (terminal/strings)."""

from __future__ import annotations

from typing import assert_never

from terminal.visit import states as s
from terminal.visit.screen import Screen
from terminal.visit.screens import choosing, endings, issuing, resting, signing_in
from terminal.visit.screens.waiting import take_card, working
from terminal.visit.states import State


def screen_of(state: State) -> Screen:
    """The one screen of a state. Never raises; names appear only where people choose people."""
    match state:
        case s.Idle():
            return resting.idle()
        case s.Guide():
            return resting.guide()
        case s.Consent():
            return signing_in.consent(state)
        case s.AwaitingCard():
            return signing_in.awaiting_card(state)
        case s.ReadingCard():
            return working("reading_card", "reading_card")
        case s.EnteringPin():
            return signing_in.entering_pin(state)
        case s.TypingAtReader():
            return signing_in.typing_at_reader(state)
        case s.Authenticating():
            return working("authenticating", "reading_card")
        case s.ChoosingCertificate():
            return choosing.choosing_certificate(state)
        case s.ChoosingYear():
            return choosing.choosing_year(state)
        case s.ChoosingPeople():
            return choosing.choosing_people(state)
        case s.ChoosingItems():
            return choosing.choosing_items(state)
        case s.Notices():
            return choosing.notices(state)
        case s.Confirming():
            return choosing.confirming(state)
        case s.Ordering():
            return working("ordering", "reading_card")
        case s.Preparing():
            return working("preparing", "document")
        case _:
            return _after_ordering(state)


AfterOrdering = (
    s.ReturningCard
    | s.Paying
    | s.Printing
    | s.HandingOver
    | s.Farewell
    | s.Refused
    | s.TakingCardBack
    | s.ReturningMoney
    | s.Collecting
    | s.Settling
    | s.Closed
    | s.OutOfService
    | s.Supervisor
)


def _after_ordering(state: AfterOrdering) -> Screen:
    match state:
        case s.ReturningCard():
            return take_card("returning_card", pay=state.document.total_yen)
        case s.Paying():
            return issuing.paying(state)
        case s.Printing():
            return issuing.printing(state)
        case s.HandingOver():
            return issuing.handing_over(state)
        case s.Farewell():
            return issuing.farewell(state)
        case s.Refused():
            return endings.refused(state)
        case s.TakingCardBack():
            return take_card("taking_card_back")
        case s.ReturningMoney():
            return working("returning_money", "take_money")
        case s.Collecting():
            return endings.collecting(state)
        case s.Settling():
            return endings.settling(state)
        case s.Closed():
            return resting.closed(state)
        case s.OutOfService():
            return resting.out_of_service(state)
        case s.Supervisor():
            return resting.supervisor(state)
        case _:
            assert_never(state)
