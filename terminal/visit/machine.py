"""A visit, in the order a person meets it: ``advance(state, event, moment) -> (state, commands)``.

Pure: no clock, no randomness, no I/O. One function per state, in visiting order, in three rooms:
``signing_in`` (consent to PIN), ``choosing`` (certificate to confirmation), ``issuing`` (order to paper);
``endings`` and ``between`` are the side ways. An event that a state does not know is ignored there, so a
late answer can never move a visit that has gone on (I-7).

The rules, because they are the point:

1. Money is asked for only with a checked document and a returned card: ``Paying`` is built in one place.
2. Paper moves only after money is in escrow: ``Printing`` is built in one place, from ``Paid``.
3. Before ``Printing`` everything cancels cleanly; from it on nothing cancels, and the visit ends
   delivered, or void with the money back, or as an incident that a person settles. Never in silence.
4. A card, sheets, a receipt or change that still lie there keep the next person out (R66–R68).
5. Every visit ends by exactly one ``EndVisit``; what is still shown after it is only about taking
   one's things.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.between import on_resting
from terminal.visit.choosing import on_choosing
from terminal.visit.endings import (
    on_collecting,
    on_farewell,
    on_refused,
    on_returning_money,
    on_settling,
    on_taking_card_back,
)
from terminal.visit.issuing import (
    on_handing_over,
    on_ordering,
    on_paying,
    on_preparing,
    on_printing,
    on_returning_card,
)
from terminal.visit.reader_lost import on_reader_lost
from terminal.visit.screen import ScreenKey
from terminal.visit.signing_in import (
    on_authenticating,
    on_awaiting_card,
    on_consent,
    on_entering_pin,
    on_reading_card,
    on_typing_at_reader,
)
from terminal.visit.states import State
from terminal.visit.step import Moment, Step

LANGUAGES = ("ja", "en", "zh", "ko", "vi", "pt", "ja-x-easy")
"""In the order in which the language key goes through them."""


def advance(state: State, event: e.Event, moment: Moment) -> Step:
    """The next state and what to do now. Total: every state accepts every event."""
    if event == e.Pressed(ScreenKey.LANGUAGE):
        following = LANGUAGES[(LANGUAGES.index(language_of(state)) + 1) % len(LANGUAGES)]
        return _in_language(state, following), []
    if isinstance(event, e.LanguageChosen):
        return _in_language(state, event.language), []
    if event == e.ReaderLost():
        return on_reader_lost(state)
    return _advance(state, event, moment)


def _advance(state: State, event: e.Event, moment: Moment) -> Step:
    match state:
        case s.Idle() | s.Guide() | s.Closed() | s.OutOfService() | s.Supervisor():
            return on_resting(state, event, moment)
        case s.Consent():
            return on_consent(state, event)
        case s.AwaitingCard():
            return on_awaiting_card(state, event)
        case s.ReadingCard():
            return on_reading_card(state, event)
        case s.EnteringPin():
            return on_entering_pin(state, event)
        case s.TypingAtReader():
            return on_typing_at_reader(state, event)
        case s.Authenticating():
            return on_authenticating(state, event)
        case (
            s.ChoosingCertificate()
            | s.ChoosingYear()
            | s.ChoosingPeople()
            | s.ChoosingItems()
            | s.Notices()
            | s.Confirming()
        ):
            return on_choosing(state, event)
        case s.Ordering():
            return on_ordering(state, event, moment)
        case s.Preparing():
            return on_preparing(state, event, moment)
        case s.ReturningCard():
            return on_returning_card(state, event, moment)
        case s.Paying():
            return on_paying(state, event)
        case s.Printing():
            return on_printing(state, event)
        case s.HandingOver():
            return on_handing_over(state, event)
        case s.Farewell():
            return on_farewell(state, event)
        case s.Refused():
            return on_refused(state, event)
        case s.TakingCardBack():
            return on_taking_card_back(state, event)
        case s.ReturningMoney():
            return on_returning_money(state, event)
        case s.Collecting():
            return on_collecting(state, event)
        case s.Settling():
            return on_settling(state, event)
        case _:
            assert_never(state)


def _in_language(state: State, language: str) -> State:
    if isinstance(state, s.Idle | s.Guide | s.Closed | s.OutOfService | s.Supervisor):
        return replace(state, language=language)
    return replace(state, visit=replace(state.visit, language=language))


def language_of(state: State) -> str:
    """The language the person at the terminal chose."""
    if isinstance(state, s.Idle | s.Guide | s.Closed | s.OutOfService | s.Supervisor):
        return state.language
    return state.visit.language
