"""Recovery decides for every prefix of every visit, and never by printing."""

from __future__ import annotations

import pytest

from terminal.recovery import Decision, Fact, Money, decide

ORDERED = Fact("ordered", order="o")
READY = Fact("ready", order="o", sheets=2)
PAYING = Fact("paying", order="o", yen=250)
PAID = Fact("paid", order="o", yen=300)
PRINTING = Fact("printing", order="o", impressions_before=10, sheets=2)
PRINTED = Fact("printed", order="o", sheets=2)
KEPT = Fact("kept", order="o", yen=250)
RETURNING = Fact("returning", order="o", yen=300)
RETURNED = Fact("returned", order="o", yen=300)
VISIT = (Fact("opened"), ORDERED, READY, PAYING, PAID, PRINTING, PRINTED, KEPT)


@pytest.mark.parametrize(
    ("steps", "impressions", "decision"),
    [
        (1, 10, Decision(None, None, Money.NOTHING)),
        (2, 10, Decision("o", "void", Money.NOTHING)),
        (3, 10, Decision("o", "void", Money.NOTHING)),
        (4, 10, Decision("o", "void", Money.GIVE_BACK, 250, "interrupted")),
        (5, 10, Decision("o", "void", Money.GIVE_BACK, 300, "interrupted")),
        (6, 10, Decision("o", "void", Money.GIVE_BACK, 300, "interrupted")),
        (6, 12, Decision("o", "printed", Money.KEEP, 250, "interrupted")),
        (6, 11, Decision("o", "suspect", Money.NOTHING, 300, "interrupted")),
        (6, None, Decision("o", "suspect", Money.NOTHING, 300, "interrupted")),
        (7, 12, Decision("o", "printed", Money.KEEP, 250)),
        (8, 12, Decision("o", "printed", Money.NOTHING, 250)),
    ],
)
def test_every_prefix_of_a_visit(steps: int, impressions: int | None, decision: Decision) -> None:
    assert decide(VISIT[:steps], impressions) == decision


def test_money_that_was_going_back_goes_back_and_what_went_back_is_done() -> None:
    going = (*VISIT[:5], RETURNING)
    assert decide(going, 10).money is Money.GIVE_BACK
    assert decide((*going, RETURNED), 10) == Decision("o", "void", Money.NOTHING)


def test_after_a_failed_print_the_money_goes_back_and_nothing_is_kept() -> None:
    """A print that stopped at one of two sheets, then the power went while money was returned."""
    assert decide((*VISIT[:6], RETURNING), 11).money is Money.GIVE_BACK
