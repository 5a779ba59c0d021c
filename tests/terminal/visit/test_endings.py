"""Ends of a visit, one step at a time: what is left, what is owed, and what staff hear of it."""

from __future__ import annotations

import pytest

from terminal.visit import commands as c
from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.known import Belongings, CardFault, Ending, Visit
from terminal.visit.machine import advance
from terminal.visit.states import State
from terminal.visit.step import Moment
from tests.terminal.visit.world import DOCUMENT, NOON, PAYMENT, REFUSAL

VISIT = Visit("v")
NOW = Moment(NOON, "fresh")


def after(state: State, *events: e.Event) -> tuple[State, list[c.Command]]:
    commands: list[c.Command] = []
    for event in events:
        state, more = advance(state, event, NOW)
        commands += more
    return state, commands


def test_R66_a_mute_card_begins_a_visit_and_must_be_taken_back() -> None:
    state, _ = after(s.Idle(), e.CardInserted(CardFault.MUTE))
    assert isinstance(state, s.Consent)
    assert state.card_present
    state, _ = after(state, e.TimedOut())
    assert isinstance(state, s.TakingCardBack)


def test_R66_a_card_of_any_kind_counts_in_consent() -> None:
    state, _ = after(s.Consent(VISIT), e.CardInserted(CardFault.MUTE), e.TimedOut())
    assert isinstance(state, s.TakingCardBack)


@pytest.mark.parametrize(
    ("held", "asked", "kind", "command"),
    [
        (0, False, s.Refused, c.EndVisit),
        (0, True, s.ReturningMoney, c.ReturnMoney),  # the slot may stand open
        (100, True, s.ReturningMoney, c.ReturnMoney),
    ],
)
def test_a_fault_while_the_card_is_given_back_is_heard(
    held: int, asked: bool, kind: type, command: type
) -> None:
    state, commands = after(s.ReturningCard(VISIT, DOCUMENT, held, asked), e.ActRefused(REFUSAL))
    assert isinstance(state, kind)
    assert isinstance(commands[-1], command)


@pytest.mark.parametrize(
    ("there", "kind"),
    [
        (Belongings(card=True, sheets=True), "card_left"),
        (Belongings(sheets=True, receipt=True), "sheets_left"),
        (Belongings(receipt=True, change=True), "receipt_left"),
        (Belongings(change=True), "change_left"),
        (Belongings(sheets=None, receipt=None, change=None), "sheets_left"),
        (None, "sheets_left"),
    ],
)
def test_R68_an_incident_says_what_was_left(there: Belongings | None, kind: str) -> None:
    state = s.HandingOver(VISIT, DOCUMENT, PAYMENT, there, kept=True)
    after_, commands = after(state, e.TimedOut())
    assert isinstance(after_, s.OutOfService)
    assert commands == [c.RaiseIncident(VISIT, kind), c.EndVisit(VISIT, Ending.DELIVERED)]


def test_money_that_was_never_settled_is_an_incident_of_its_own() -> None:
    state = s.HandingOver(VISIT, DOCUMENT, PAYMENT, Belongings(sheets=True))
    _, commands = after(state, e.TimedOut())
    kinds = [command.kind for command in commands if isinstance(command, c.RaiseIncident)]
    assert kinds == ["sheets_left", "money_stuck"]


@pytest.mark.parametrize(("owed", "kind"), [(True, s.Settling), (False, s.Farewell)])
def test_change_that_is_owed_is_said_before_the_farewell(owed: bool, kind: type) -> None:
    state, commands = after(
        s.HandingOver(VISIT, DOCUMENT, PAYMENT),
        e.BelongingsChanged(Belongings(sheets=True)),
        e.MoneyStuck("reference", owed=owed),
        e.BelongingsChanged(Belongings()),
    )
    assert isinstance(state, kind)
    assert commands == [c.RaiseIncident(VISIT, "money_stuck"), c.EndVisit(VISIT, Ending.DELIVERED)]


def test_void_sheets_hold_nobody_who_has_taken_their_money() -> None:
    """They are told to leave them for staff: waiting for the tray to be empty would contradict that."""
    collecting = s.Collecting(VISIT, REFUSAL)
    state, _ = after(collecting, e.BelongingsChanged(Belongings(sheets=True, change=True)))
    assert isinstance(state, s.Collecting)
    left, commands = after(state, e.TimedOut())
    assert isinstance(left, s.OutOfService)
    assert commands == [c.RaiseIncident(VISIT, "change_left")]
    state, _ = after(state, e.BelongingsChanged(Belongings(sheets=True)))
    assert isinstance(state, s.Refused)
