"""From what pcscd reports to events, without pcscd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_reader import (
    CardInserted,
    CardMuteInserted,
    CardRemoved,
    SeveralCardsInserted,
)
from drivers.card_reader.observation import (
    Face,
    Observation,
    Slot,
    after,
    changes,
    doubtful,
    observed,
)
from drivers.device import DeviceEvent, DeviceState, StateChanged

ONLINE = DeviceState.ONLINE
LOST = Observation(DeviceState.OFFLINE, "pcscd is not running")
ARRIVALS: dict[type[DeviceEvent], Slot] = {
    CardInserted: Slot.CARD,
    CardMuteInserted: Slot.MUTE,
    SeveralCardsInserted: Slot.SEVERAL,
}


def seen(*faces: Face) -> Observation:
    return Observation(ONLINE, "", faces)


EMPTY = seen(Face("R", Slot.EMPTY, 0))
CARD = seen(Face("R", Slot.CARD, 1))

slots = st.sampled_from([Slot.EMPTY, Slot.CARD, Slot.MUTE])
counters = st.integers(0, 3)
one_face = st.builds(seen, st.builds(Face, st.just("R"), slots, counters))
two_faces = st.builds(
    seen,
    st.builds(Face, st.just("R"), slots, counters),
    st.builds(Face, st.just("S"), slots, counters),
)
readers = one_face | two_faces
observations = readers | st.sampled_from([LOST, Observation(DeviceState.NO_DEVICE, "no reader")])


@given(st.lists(observations, max_size=20))
def test_R66_whoever_listens_knows_what_lies_there(history: list[Observation]) -> None:
    before, told = LOST, Slot.EMPTY
    for now in known(history):
        for event in changes(before, now):
            if isinstance(event, CardRemoved):
                assert told is not Slot.EMPTY
                told = Slot.EMPTY
            elif type(event) in ARRIVALS:
                told = ARRIVALS[type(event)]
        before = now
        assert told is now.slot or now.state is not ONLINE


@given(st.lists(observations, max_size=20))
def test_R66_a_removal_is_told_when_nothing_is_left_of_what_lay_there(
    history: list[Observation],
) -> None:
    before = LOST
    for now in known(history):
        is_gone = bool(before.occupied) and not set(before.occupied) & set(now.occupied)
        is_told = CardRemoved() in changes(before, now)
        assert is_told is (is_gone and now.state is ONLINE)
        before = now


@given(st.lists(observations, max_size=20))
def test_R66_nothing_is_told_of_cards_in_a_reader_that_nobody_can_see(
    history: list[Observation],
) -> None:
    before = LOST
    for now in known(history):
        if now.state is not ONLINE:
            assert all(isinstance(event, StateChanged) for event in changes(before, now))
        before = now


@given(st.lists(observations, max_size=20))
def test_the_told_state_is_the_observed_one(history: list[Observation]) -> None:
    before = LOST
    state = before.state
    for now in known(history):
        for event in changes(before, now):
            if isinstance(event, StateChanged):
                assert event.state is not state
                state = event.state
        before = now
        assert state is now.state


def known(history: list[Observation]) -> Iterator[Observation]:
    """As the monitor knows them."""
    before = LOST
    for now in history:
        before = after(before, now)
        yield before


def test_a_card_swapped_between_two_looks_is_two_events() -> None:
    swapped = seen(Face("R", Slot.CARD, 3))
    assert changes(CARD, swapped) == [CardRemoved(), CardInserted()]


def test_a_card_beside_another_is_told_and_its_leaving_too() -> None:
    one = seen(Face("R", Slot.CARD, 1), Face("S"))
    two = seen(Face("R", Slot.CARD, 1), Face("S", Slot.CARD, 1))
    assert changes(one, two) == [SeveralCardsInserted()]
    assert changes(two, one) == [CardInserted()]
    assert changes(two, seen(Face("R"), Face("S"))) == [CardRemoved()]


def test_a_card_that_moves_to_the_other_face_is_two_events() -> None:
    one = seen(Face("R", Slot.CARD, 1), Face("S", Slot.EMPTY, 0))
    other = seen(Face("R", Slot.EMPTY, 2), Face("S", Slot.CARD, 1))
    assert changes(one, other) == [CardRemoved(), CardInserted()]


def test_nothing_new_is_not_told() -> None:
    assert changes(CARD, CARD) == []


def test_R66_a_card_in_a_lost_reader_is_not_told_to_be_taken() -> None:
    """It lies there still, for all anybody knows; when the reader is back, it counts as laid down anew."""
    lost = after(CARD, LOST)
    assert changes(CARD, lost) == [StateChanged(LOST.state, LOST.detail)]
    assert changes(lost, CARD) == [StateChanged(ONLINE), CardRemoved(), CardInserted()]
    assert changes(lost, EMPTY) == [StateChanged(ONLINE), CardRemoved()]
    assert changes(after(EMPTY, LOST), CARD) == [StateChanged(ONLINE), CardInserted()]
    assert changes(lost, after(lost, Observation(DeviceState.NO_DEVICE, "no reader"))) == [
        StateChanged(DeviceState.NO_DEVICE, "no reader")
    ]


def test_a_removal_that_was_not_counted_is_looked_at_again() -> None:
    assert doubtful(CARD, seen(Face("R", Slot.EMPTY, 1))) == ["R"]
    assert doubtful(CARD, seen(Face("R", Slot.EMPTY, 2))) == []
    assert doubtful(LOST, EMPTY) == []
    assert doubtful(EMPTY, CARD) == []
    assert doubtful(CARD, LOST) == []


@pytest.mark.parametrize(
    ("state", "slot", "counter"),
    [
        (0x0003_0022, Slot.CARD, 3),
        (0x0003_0122, Slot.CARD, 3),  # in use by somebody
        (0x0003_0222, Slot.MUTE, 3),
        (0xFFFF_0012, Slot.EMPTY, 0xFFFF),
    ],
)
def test_the_bits_of_a_reader(state: int, slot: Slot, counter: int) -> None:
    assert observed({"R": state}) == seen(Face("R", slot, counter))


@pytest.mark.parametrize("state", [0x0006, 0x000A, 0x000E])
def test_a_reader_that_pcscd_no_longer_knows_has_gone(state: int) -> None:
    assert observed({"R": 0x22, "S": state}).state is DeviceState.NO_DEVICE
