"""The visit machine, explored: every state with every event, and long histories with faults anywhere."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.link.wire import RefusalClass
from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.known import Belongings, CardFacts, Visit
from terminal.visit.limits import Limits, limit_of
from terminal.visit.machine import LANGUAGES, advance, language_of
from terminal.visit.screen import ScreenKey
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from terminal.visit.step import Moment
from tests.terminal.visit.world import (
    BLIND,
    DOCUMENT,
    EVENTS,
    LYING,
    NOBODY,
    NOON,
    PAYMENT,
    PERSON,
    PLAIN,
    REFUSAL,
    RESTING,
    World,
    step,
)

LIMITS = Limits()
EXPLORED_AT_LEAST = 400
LONGEST_WAY_OUT = 4


def explore() -> dict[tuple[State, World], tuple[tuple[State, World], e.Event] | None]:
    """Every (state, world) that any history of EVENTS reaches, with how it was reached first."""
    start: tuple[State, World] = (s.Idle(), World())
    seen: dict[tuple[State, World], tuple[tuple[State, World], e.Event] | None] = {start: None}
    waiting: deque[tuple[State, World]] = deque([start])
    while waiting:
        node = waiting.popleft()
        for event in EVENTS:
            after = step(*node, event)
            if after not in seen:
                seen[after] = (node, event)
                waiting.append(after)
    return seen


@pytest.fixture(scope="module")
def explored() -> set[tuple[State, World]]:
    return set(explore())


def test_no_history_breaks_a_rule(explored: set[tuple[State, World]]) -> None:
    """Rules 1–5 of the machine hold on every step of every history (checked inside ``step``)."""
    assert len(explored) > EXPLORED_AT_LEAST


def test_every_state_is_reached(explored: set[tuple[State, World]]) -> None:
    assert {type(state) for state, _ in explored} == set(s.State.__args__)


def test_every_state_leaves_by_time_out(explored: set[tuple[State, World]]) -> None:
    """Left alone, every visit ends resting, with nothing owed and the visit closed."""
    for first, before in explored:
        state, world = first, before
        for _ in range(LONGEST_WAY_OUT):
            if limit_of(state, LIMITS) is None:
                break
            state, world = step(state, world, e.TimedOut())
        assert isinstance(state, RESTING), f"{first} is still in {state}"
        if before.open_visit:
            assert not world.open_visit, f"{first} ends without closing the visit"


def test_only_resting_states_have_no_limit(explored: set[tuple[State, World]]) -> None:
    for state, _ in explored:
        unlimited = limit_of(state, LIMITS) is None
        assert not unlimited or isinstance(state, RESTING)


def test_nothing_cancels_after_payment(explored: set[tuple[State, World]]) -> None:
    """Rule 3: neither keys nor the card nor a late refusal move a visit that is printing."""
    harmless: list[e.Event] = [
        *(e.Pressed(key) for key in ScreenKey if key is not ScreenKey.LANGUAGE),
        e.CardInserted(),
        e.CardRemoved(),
        e.ActRefused(REFUSAL),
        e.OrderTaken(),
        e.DocumentReady(DOCUMENT),
        e.Paid(PAYMENT),
    ]
    for state, _ in explored:
        if isinstance(state, s.Printing):
            for event in harmless:
                assert advance(state, event, Moment(NOON, "x")) == (state, [])


def test_R66_no_rest_while_the_card_is_waited_for(explored: set[tuple[State, World]]) -> None:
    """The card on the reader keeps the terminal from becoming idle but by its removal or staff."""
    for state, _ in explored:
        if isinstance(state, s.TakingCardBack | s.ReturningCard):
            for event in EVENTS:
                after, _ = advance(state, event, Moment(NOON, "x"))
                if isinstance(after, s.Idle | s.Farewell):
                    assert isinstance(event, e.CardRemoved)


def test_R68_sheets_keep_the_next_person_out(explored: set[tuple[State, World]]) -> None:
    for state, _ in explored:
        if isinstance(state, s.HandingOver) and state.belongings == LYING:
            for event in EVENTS:
                after, _ = advance(state, event, Moment(NOON, "x"))
                if not isinstance(after, s.HandingOver | s.OutOfService):
                    assert event == e.BelongingsChanged(Belongings()), event


def test_R24_no_confirmation_without_acknowledgement(explored: set[tuple[State, World]]) -> None:
    for state, _ in explored:
        if isinstance(state, s.Confirming | s.Ordering):
            due = set(state.wish.offer.notices)
            due |= {
                i.notice for i in state.wish.offer.items if i.notice and i.item in state.wish.items
            }
            assert state.wish.acknowledged == due


def test_R45_pin_is_sent_once_per_entry_and_never_at_zero_tries() -> None:
    visit = Visit("v")
    entering = s.EnteringPin(visit, CardFacts(1))
    state, _ = advance(entering, e.PinTyped(4), Moment(NOON, "x"))
    assert state == entering, "the last try must be confirmed before a digit counts"
    state, _ = advance(entering, e.Pressed(ScreenKey.OK), Moment(NOON, "x"))
    assert isinstance(state, s.EnteringPin)
    assert state.warned
    state, _ = advance(state, e.PinTyped(4), Moment(NOON, "x"))
    state, commands = advance(state, e.Pressed(ScreenKey.OK), Moment(NOON, "x"))
    assert isinstance(state, s.Authenticating)
    assert len(commands) == 1
    state, _ = advance(state, e.PinRejected(0), Moment(NOON, "x"))
    assert isinstance(state, s.Refused)
    assert state.refusal.reason == "refused.pin_locked"


def test_I17_person_refused_for_everything_sees_one_text() -> None:
    state, _ = advance(
        s.Authenticating(Visit("v"), CardFacts(3)), e.PersonSignedIn(NOBODY), Moment(NOON, "x")
    )
    assert isinstance(state, s.Refused)
    assert state.refusal.kind is RefusalClass.PERSON


def test_a_refused_offer_says_why() -> None:
    choosing = s.ChoosingCertificate(Visit("v"), PLAIN)
    state, _ = advance(choosing, e.Chosen("taxation"), Moment(NOON, "x"))
    assert isinstance(state, s.Refused)


def test_language_changes_nothing_else(explored: set[tuple[State, World]]) -> None:
    for state, _ in explored:
        once, commands = advance(state, e.Pressed(ScreenKey.LANGUAGE), Moment(NOON, "x"))
        assert commands == []
        assert language_of(once) != language_of(state)
        for _ in LANGUAGES[1:]:
            once, _ = advance(once, e.Pressed(ScreenKey.LANGUAGE), Moment(NOON, "x"))
        assert once == state


def test_R59_no_names_in_reprs_nor_after_confirmation(explored: set[tuple[State, World]]) -> None:
    named = s.ChoosingPeople | s.Confirming
    for state, _ in explored:
        assert "甲" not in repr(state)
        if not isinstance(state, named):
            shown = screen_of(state)
            words = [str(v) for text in (shown.title, *shown.lines) for v in text.args.values()]
            assert not any("甲" in word for word in words), type(state)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), max_size=120))
def test_long_histories_keep_the_rules(history: list[e.Event]) -> None:
    state: State = s.Idle()
    world = World()
    for event in history:
        state, world = step(state, world, event)
        screen_of(state)


HAPPY: tuple[e.Event, ...] = (
    e.Chosen("services"),
    e.VisitReady(),
    e.Pressed(ScreenKey.OK),
    e.CardInserted(),
    e.CardRead(CardFacts(3)),
    e.PinTyped(4),
    e.Pressed(ScreenKey.OK),
    e.PersonSignedIn(PERSON),
    e.Chosen("residence"),
    e.Chosen("everyone"),
    e.Pressed(ScreenKey.OK),
    e.Chosen("my_number"),
    e.Pressed(ScreenKey.OK),
    e.Pressed(ScreenKey.OK),
    e.Pressed(ScreenKey.OK),
    e.Pressed(ScreenKey.OK),
    e.OrderTaken(),
    e.DocumentReady(DOCUMENT),
    e.CardRemoved(),
    e.MoneyHeld(100),
    e.Paid(PAYMENT),
    e.SheetOut(1),
    e.SheetOut(2),
    e.Printed(),
    e.BelongingsChanged(LYING),
    e.MoneyKept(),
    e.BelongingsChanged(Belongings()),
    e.TimedOut(),
)


def test_the_happy_path_is_delivered() -> None:
    state: State = s.Idle()
    world = World()
    for event in HAPPY:
        state, world = step(state, world, event)
    assert state == s.Idle()
    assert world.kept
    assert not world.open_visit


def test_without_sensors_the_person_says_that_they_took_it() -> None:
    state: State = s.Idle()
    world = World()
    for event in (*HAPPY[:-4], e.MoneyKept(), e.BelongingsChanged(BLIND)):
        state, world = step(state, world, event)
    assert isinstance(state, s.HandingOver)
    state, world = step(state, world, e.Pressed(ScreenKey.OK))
    assert isinstance(state, s.Farewell)


@settings(max_examples=300, deadline=None)
@given(
    at=st.integers(0, len(HAPPY) - 1),
    faults=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6),
)
def test_faults_at_every_step_of_a_visit_end_well(at: int, faults: list[e.Event]) -> None:
    """Whatever happens wherever: afterwards, left alone, the terminal rests and owes nothing."""
    state: State = s.Idle()
    world = World()
    for event in (*HAPPY[:at], *faults, *HAPPY[at:]):
        state, world = step(state, world, event)
    for _ in range(LONGEST_WAY_OUT):
        if limit_of(state, LIMITS) is not None:
            state, world = step(state, world, e.TimedOut())
    assert isinstance(state, RESTING)
    assert not world.open_visit
