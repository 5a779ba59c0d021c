"""When the card reader is lost: its cable, its driver, pcscd.

A card in it can neither be read nor be seen to leave, so no visit goes on that still needs either. Where
the card has been taken already, nothing is amiss.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from terminal.visit.endings import give_money_back, refuse
from terminal.visit.known import Ending
from terminal.visit.states import (
    Authenticating,
    AwaitingCard,
    ChoosingCertificate,
    ChoosingItems,
    ChoosingPeople,
    ChoosingYear,
    Confirming,
    Consent,
    EnteringPin,
    Notices,
    Ordering,
    OutOfService,
    Preparing,
    ReadingCard,
    Refused,
    ReturningCard,
    State,
    TakingCardBack,
    TypingAtReader,
)
from terminal.visit.step import READER_LOST, Step

NEEDS_READER = (
    Consent,
    AwaitingCard,
    ReadingCard,
    EnteringPin,
    TypingAtReader,
    Authenticating,
    ChoosingCertificate,
    ChoosingYear,
    ChoosingPeople,
    ChoosingItems,
    Notices,
    Confirming,
)


def on_reader_lost(state: State) -> Step:
    match state:
        case Ordering(returned=None) | Preparing(returned=None):
            return refuse(state.visit, READER_LOST, card_present=False)
        case ReturningCard() if state.asked:
            return give_money_back(state.visit, READER_LOST, Ending.FAILED)
        case ReturningCard():
            lost = msgspec.structs.replace(READER_LOST, reference=state.document.order[-12:])
            return refuse(state.visit, lost, card_present=False)
        case TakingCardBack():
            return OutOfService(state.visit.language, ("trouble.card_reader",)), []
        case Refused():
            return replace(state, card_present=False), []
        case _ if isinstance(state, NEEDS_READER):
            return refuse(state.visit, READER_LOST, card_present=False)
        case _:
            return state, []
