"""What lies there although the state asks for it to be taken (R66–R68). Pure."""

from __future__ import annotations

from terminal.attention import Left
from terminal.visit import states as s
from terminal.visit.known import Belongings
from terminal.visit.states import State

VOID_SHEETS = frozenset({"trouble.void_sheets", "trouble.found_sheets"})


def left_behind(state: State, there: Belongings) -> frozenset[Left]:
    """What is called for now."""
    lying = {
        Left.CARD: there.card,
        Left.SHEETS: bool(there.sheets),
        Left.RECEIPT: bool(there.receipt),
        Left.CHANGE: bool(there.change),
    }
    return frozenset(left for left in _asked_for(state) if lying[left])


def _asked_for(state: State) -> frozenset[Left]:
    """What each state calls for. Void sheets, and sheets of nobody known, are for staff alone."""
    everything = frozenset(Left)
    match state:
        case s.ReturningCard() | s.TakingCardBack() | s.Guide() | s.Closed():
            return frozenset({Left.CARD})
        case s.HandingOver() | s.Farewell():
            return everything
        case s.OutOfService() if VOID_SHEETS.isdisjoint(state.troubles):
            return everything
        case s.Collecting() | s.Settling() | s.OutOfService():
            return everything - {Left.SHEETS}
        case s.Refused():
            return everything - {Left.SHEETS, Left.CARD}
        case _:
            return frozenset()
