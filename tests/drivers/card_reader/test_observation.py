"""From what pcscd reports to events, without pcscd."""

from __future__ import annotations

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
    for now in history:
        for event in changes(before, now):
            if isinstance(event, CardRemoved):
                assert told is not Slot.EMPTY
                told = Slot.EMPTY
            elif type(event) in ARRIVALS:
                assert now.state is ONLINE
                told = ARRIVALS[type(event)]
        before = now
        assert told is now.slot


@given(st.lists(observations, max_size=20))
def test_R66_a_removal_is_told_when_nothing_is_left_of_what_lay_there(
    history: list[Observation],
) -> None:
    before = LOST
    for now in history:
        is_told = CardRemoved() in changes(before, now)
        assert is_told is (bool(before.occupied) and not set(before.occupied) & set(now.occupied))
        before = now


@given(st.lists(observations, max_size=20))
def test_the_told_state_is_the_observed_one(history: list[Observation]) -> None:
    before = LOST
    state = before.state
    for now in history:
        for event in changes(before, now):
            if isinstance(event, StateChanged):
                assert event.state is not state
                state = event.state
        before = now
        assert state is now.state


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


def test_a_reader_that_is_lost_is_empty_first_and_then_gone() -> None:
    lost: list[DeviceEvent] = [CardRemoved(), StateChanged(LOST.state, LOST.detail)]
    assert changes(CARD, LOST) == lost
    assert changes(LOST, CARD) == [StateChanged(ONLINE), CardInserted()]


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
