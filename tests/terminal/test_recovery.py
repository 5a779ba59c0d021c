"""Recovery decides for every prefix of every visit, and never by printing."""

from __future__ import annotations

from itertools import product

import pytest

from terminal.recovery import Decision, Fact, Money, decide

ORDERED = Fact("ordered", order="o")
READY = Fact("ready", order="o", sheets=2, serials=("1", "2"))
PAYING = Fact("paying", order="o", yen=250, kept_before=1000)
PAID = Fact("paid", order="o", yen=300)
PRINTING = Fact("printing", order="o", impressions_before=10, sheets=2)
PRINTED = Fact("printed", order="o", sheets=2)
KEPT = Fact("kept", order="o", yen=250)
RETURNING = Fact("returning", order="o", yen=300)
RETURNED = Fact("returned", order="o", yen=300)
VISIT = (Fact("opened"), ORDERED, READY, PAYING, PAID, PRINTING, PRINTED, KEPT)


@pytest.mark.parametrize(
    ("steps", "impressions", "outcome", "money", "incident"),
    [
        (1, 10, None, Money.NOTHING, False),
        (2, 10, "void", Money.NOTHING, False),
        (3, 10, "void", Money.NOTHING, False),
        (4, 10, "void", Money.GIVE_BACK, True),
        (5, 10, "void", Money.GIVE_BACK, True),
        (6, 10, "void", Money.GIVE_BACK, True),
        (6, 12, "printed", Money.KEEP, True),
        (6, 11, "suspect", Money.NOTHING, True),
        (6, None, "suspect", Money.NOTHING, True),
        (7, 12, "printed", Money.KEEP, False),
        (8, 12, "printed", Money.NOTHING, False),
    ],
)
def test_every_prefix_of_a_visit(
    steps: int, impressions: int | None, outcome: str | None, money: Money, incident: bool
) -> None:
    decision = decide(VISIT[:steps], impressions, 1000)
    assert (decision.outcome, decision.money) == (outcome, money)
    assert decision.incident == ("interrupted" if incident else None)


def test_what_the_centre_must_hear_is_all_there() -> None:
    """Without the serials it would take a printed order for a suspect one."""
    assert decide(VISIT, 12) == Decision(
        order="o",
        outcome="printed",
        money=Money.NOTHING,
        due_yen=250,
        held_yen=300,
        serials=("1", "2"),
        impressions_before=10,
        sheets_out=2,
    )


def test_money_that_was_going_back_goes_back_and_what_went_back_is_told() -> None:
    going = (*VISIT[:5], RETURNING)
    assert decide(going, 10).money is Money.GIVE_BACK
    gone = decide((*going, RETURNED), 10)
    assert (gone.outcome, gone.money, gone.returned_yen) == ("void", Money.NOTHING, 300)
    assert gone.incident is None


def test_after_a_failed_print_the_money_goes_back_and_nothing_is_kept() -> None:
    """A print that stopped at one of two sheets, then the power went while money was returned."""
    decision = decide((*VISIT[:6], RETURNING), 11)
    assert (decision.outcome, decision.money, decision.sheets_out) == ("void", Money.GIVE_BACK, 1)


def test_paper_out_and_money_going_back_is_for_a_person_to_judge() -> None:
    """The last sheet fell while the time-out was giving up on it."""
    decision = decide((*VISIT[:7], RETURNING), 12)
    assert (decision.outcome, decision.money) == ("suspect", Money.GIVE_BACK)
    assert decision.incident == "interrupted"


@pytest.mark.parametrize(("kept", "money"), [(1250, Money.NOTHING), (1000, Money.KEEP)])
def test_the_coin_counter_tells_what_the_power_cut_left_unwritten(kept: int, money: Money) -> None:
    assert decide(VISIT[:7], 12, kept).money is money


@pytest.mark.parametrize("counters", list(product((None, 10, 11, 12, 9), (None, 1000, 1250))))
def test_no_prefix_gives_back_what_was_kept_nor_keeps_what_went_back(
    counters: tuple[int | None, int | None],
) -> None:
    for end in range(len(VISIT) + 1):
        for tail in ((), (RETURNING,), (RETURNING, RETURNED)):
            if tail and not 4 <= end <= 7:
                continue
            facts = (*VISIT[:end], *tail)
            decision = decide(facts, *counters)
            steps = {fact.step for fact in facts}
            if steps & {"kept", "returned"}:
                assert decision.money is Money.NOTHING, facts
            if decision.money is Money.KEEP:
                assert decision.outcome == "printed", facts
            if decision.outcome == "suspect":
                assert decision.incident == "interrupted", facts
