"""How long each state lasts when nobody does anything (decision h). Pure; the numbers are the config's."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from terminal.visit import states as s
from terminal.visit.states import State

Seconds = Annotated[float, Meta(gt=0, le=3600)]


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In seconds. ``warning_s`` is the spoken countdown added to what a person may need longer for."""

    screen_s: Seconds = 60
    warning_s: Seconds = 20
    pin_s: Seconds = 30
    payment_s: Seconds = 120
    working_s: Seconds = 60
    printing_s: Seconds = 60
    sheet_s: Seconds = 30
    left_behind_s: Seconds = 120
    farewell_s: Seconds = 6
    more_time: Annotated[int, Meta(ge=0, le=50)] = 10


def limit_of(state: State, limits: Limits) -> float | None:
    """Seconds until TimedOut; None where the terminal rests and nobody is being served."""
    match state:
        case s.Idle() | s.Closed() | s.OutOfService() | s.Supervisor():
            return None
        case s.EnteringPin() | s.TypingAtReader():  # the reader ends it by itself after pin_s
            return limits.pin_s + limits.warning_s
        case s.Paying():
            return limits.payment_s + limits.warning_s
        case s.ReadingCard() | s.Authenticating() | s.Ordering() | s.Preparing():
            return limits.working_s
        case s.ReturningMoney():
            return limits.working_s
        case s.Printing():
            return limits.printing_s + limits.sheet_s * state.document.sheets
        case s.ReturningCard() | s.TakingCardBack() | s.HandingOver() | s.Collecting():
            return limits.left_behind_s
        case s.Farewell():
            return limits.farewell_s
        case _:
            return limits.screen_s + limits.warning_s


def counts_down(state: State) -> bool:
    """Does the last ``warning_s`` ask the person whether they need more time?"""
    return isinstance(
        state,
        s.Consent
        | s.AwaitingCard
        | s.EnteringPin
        | s.ChoosingCertificate
        | s.ChoosingYear
        | s.ChoosingPeople
        | s.ChoosingItems
        | s.Notices
        | s.Confirming
        | s.Paying,
    )
