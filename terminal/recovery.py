"""What must happen after a restart, from the journal and the printer's counter alone. Pure.

A restart never prints: the person may be gone and the sheets are personal. Money that is still held goes
back, or is kept where the paper certainly came out; what cannot be known is a person's to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

STEPS_OF_MONEY = {"paying", "paid", "returning"}


class Money(Enum):
    NOTHING = "nothing"
    GIVE_BACK = "give back"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Fact:
    """One journal row, as far as recovery needs it."""

    step: str
    order: str | None = None
    impressions_before: int | None = None
    sheets: int | None = None
    yen: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """``outcome`` is the order's result for the centre (None: there was no order).

    ``yen``: what is due where money is kept, what was held where it goes back."""

    order: str | None
    outcome: str | None
    money: Money
    yen: int = 0
    incident: str | None = None


def decide(facts: Sequence[Fact], impressions_now: int | None) -> Decision:
    """For one unfinished visit, its rows in order. Total over every prefix of a visit."""
    steps = {fact.step for fact in facts}
    order = next((fact.order for fact in reversed(facts) if fact.order), None)
    due = max((fact.yen for fact in facts if fact.step == "paying"), default=0)
    held = max((fact.yen for fact in facts if fact.step == "paid"), default=due)
    if order is None:
        return Decision(None, None, Money.NOTHING)
    if "printed" in steps:
        money = Money.NOTHING if "kept" in steps else Money.KEEP
        return Decision(order, "printed", money, due)
    if "returned" in steps:
        return Decision(order, "void", Money.NOTHING)
    if "returning" in steps:
        return Decision(order, "void", Money.GIVE_BACK, held, "interrupted")
    if "printing" in steps:
        return _while_printing(facts, order, due, held, impressions_now)
    if steps & STEPS_OF_MONEY:
        return Decision(order, "void", Money.GIVE_BACK, held, "interrupted")
    return Decision(order, "void", Money.NOTHING)


def _while_printing(
    facts: Sequence[Fact], order: str, due: int, held: int, impressions_now: int | None
) -> Decision:
    """The page counter tells how many sheets came out since the intent was written."""
    printing = next(fact for fact in reversed(facts) if fact.step == "printing")
    before, sheets = printing.impressions_before, printing.sheets
    out = None if before is None or impressions_now is None else impressions_now - before
    if out == 0:
        return Decision(order, "void", Money.GIVE_BACK, held, "interrupted")
    if out is not None and out == sheets:
        return Decision(order, "printed", Money.KEEP, due, "interrupted")
    return Decision(order, "suspect", Money.NOTHING, held, "interrupted")
