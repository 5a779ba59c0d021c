"""What must happen after a restart, from the journal and the devices' counters alone. Pure.

A restart never prints: the person may be gone and the sheets are personal. Money that is still held goes
back, or is kept where the paper certainly came out; what cannot be known is a person's to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Money(Enum):
    NOTHING = "nothing"
    GIVE_BACK = "give back"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Fact:
    """One journal row, as far as recovery needs it. ``kept_before`` is the coin acceptor's counter."""

    step: str
    order: str | None = None
    impressions_before: int | None = None
    sheets: int | None = None
    yen: int = 0
    kept_before: int | None = None
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """``outcome`` is the order's result for the centre (None: there was no order).

    ``due_yen`` is the price, ``held_yen`` what was in escrow as far as the journal knows,
    ``returned_yen`` what went back before the interruption."""

    order: str | None
    outcome: str | None
    money: Money
    due_yen: int = 0
    held_yen: int = 0
    returned_yen: int = 0
    incident: str | None = None
    serials: tuple[str, ...] = ()
    impressions_before: int | None = None
    sheets_out: int | None = None


def decide(
    facts: Sequence[Fact], impressions_now: int | None, kept_now: int | None = None
) -> Decision:
    """For one unfinished visit, its rows in order. Total over every prefix of a visit."""
    order = next((fact.order for fact in reversed(facts) if fact.order), None)
    if order is None:
        return Decision(None, None, Money.NOTHING)
    outcome, sheets_out = _paper(facts, impressions_now)
    money = _money(facts, outcome, kept_now)
    due = max((fact.yen for fact in facts if fact.step == "paying"), default=0)
    printing = _last(facts, "printing")
    returned = _last(facts, "returned")
    return Decision(
        order=order,
        outcome=outcome,
        money=money,
        due_yen=due,
        held_yen=max((fact.yen for fact in facts if fact.step == "paid"), default=due),
        returned_yen=returned.yen if returned is not None else 0,
        incident=None if _is_settled(facts, outcome, money) else "interrupted",
        serials=next((fact.serials for fact in facts if fact.serials), ()),
        impressions_before=printing.impressions_before if printing is not None else None,
        sheets_out=sheets_out,
    )


def _paper(facts: Sequence[Fact], impressions_now: int | None) -> tuple[str, int | None]:
    """The outcome and how many sheets are out. The printer's counter tells what no row could."""
    steps = {fact.step for fact in facts}
    printed, printing = _last(facts, "printed"), _last(facts, "printing")
    if printed is not None:
        # Paper out and money back contradict each other: a person must look.
        return ("suspect" if steps & {"returning", "returned"} else "printed"), printed.sheets
    if printing is None:
        return "void", 0
    before = printing.impressions_before
    out = None if before is None or impressions_now is None else impressions_now - before
    if steps & {"returning", "returned"}:
        return ("suspect" if out is None else "void"), out
    if out == 0:
        return "void", 0
    return ("printed" if out is not None and out == printing.sheets else "suspect"), out


def _money(facts: Sequence[Fact], outcome: str, kept_now: int | None) -> Money:
    steps = {fact.step for fact in facts}
    if "paying" not in steps or steps & {"returned", "kept"} or _was_kept(facts, kept_now):
        return Money.NOTHING
    if "returning" in steps:
        return Money.GIVE_BACK
    match outcome:
        case "printed":
            return Money.KEEP
        case "void":
            return Money.GIVE_BACK
        case _:
            return Money.NOTHING


def _was_kept(facts: Sequence[Fact], kept_now: int | None) -> bool:
    """The power went after the money was kept and before the row could say so."""
    paying = next((fact for fact in facts if fact.step == "paying"), None)
    if paying is None or paying.kept_before is None or kept_now is None:
        return False
    return kept_now - paying.kept_before >= paying.yen > 0


def _is_settled(facts: Sequence[Fact], outcome: str, money: Money) -> bool:
    """Is there nothing that a person must look at? Paper and money agree, and rows say so."""
    steps = {fact.step for fact in facts}
    if outcome == "suspect" or money is Money.GIVE_BACK:
        return False
    return "printed" in steps or "printing" not in steps or "returned" in steps


def _last(facts: Sequence[Fact], step: str) -> Fact | None:
    return next((fact for fact in reversed(facts) if fact.step == step), None)
