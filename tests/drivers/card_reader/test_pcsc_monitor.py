"""From what pcscd reports to events, without pcscd."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_reader import CardInserted, CardMuteInserted, CardRemoved
from drivers.card_reader.pcsc_monitor import (
    Observation,
    ReaderMonitor,
    Slot,
    changes,
    chosen,
    is_doubtful,
    no_reader,
    observed,
)
from drivers.card_reader.scard import Context, Scard
from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault

ONLINE = DeviceState.ONLINE
EMPTY = Observation(ONLINE, "", "R", Slot.EMPTY, 0)
CARD = Observation(ONLINE, "", "R", Slot.CARD, 1)
LOST = Observation(DeviceState.OFFLINE, "pcscd is not running")

observations = st.builds(
    Observation,
    st.just(ONLINE),
    st.just(""),
    st.sampled_from("RS"),
    st.sampled_from(Slot),
    st.integers(0, 3),
) | st.sampled_from([LOST, Observation(DeviceState.NO_DEVICE, "no reader")])


@given(st.lists(observations, max_size=20))
def test_arrivals_and_removals_alternate_whatever_is_observed(seen: list[Observation]) -> None:
    before = LOST
    is_occupied = False
    for now in seen:
        for event in changes(before, now):
            if isinstance(event, CardInserted | CardMuteInserted):
                assert not is_occupied
                assert now.state is ONLINE
                is_occupied = True
            elif isinstance(event, CardRemoved):
                assert is_occupied
                is_occupied = False
        before = now
        assert is_occupied is (now.slot is not Slot.EMPTY)


@given(st.lists(observations, max_size=20))
def test_the_told_state_is_the_observed_one(seen: list[Observation]) -> None:
    told = before = LOST
    state = told.state
    for now in seen:
        for event in changes(before, now):
            if isinstance(event, StateChanged):
                assert event.state is not state
                state = event.state
        before = now
        assert state is now.state


def test_a_card_swapped_between_two_looks_is_two_events() -> None:
    swapped = Observation(ONLINE, "", "R", Slot.CARD, 3)
    assert changes(CARD, swapped) == [CardRemoved(), CardInserted()]


def test_nothing_new_is_not_told() -> None:
    assert changes(CARD, CARD) == []


def test_a_reader_that_is_lost_is_empty_first_and_then_gone() -> None:
    assert changes(CARD, LOST) == [CardRemoved(), StateChanged(LOST.state, LOST.detail)]
    assert changes(LOST, CARD) == [StateChanged(ONLINE), CardInserted()]


def test_a_removal_that_was_not_counted_is_looked_at_again() -> None:
    assert is_doubtful(CARD, Observation(ONLINE, "", "R", Slot.EMPTY, CARD.counter))
    assert not is_doubtful(CARD, Observation(ONLINE, "", "R", Slot.EMPTY, CARD.counter + 1))
    assert not is_doubtful(LOST, EMPTY)
    assert not is_doubtful(EMPTY, CARD)
    assert not is_doubtful(CARD, LOST)


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
    assert observed("R", state) == Observation(ONLINE, "", "R", slot, counter)


@pytest.mark.parametrize("state", [0x0006, 0x000A, 0x000E])
def test_a_reader_that_pcscd_no_longer_knows_has_gone(state: int) -> None:
    assert observed("R", state).state is DeviceState.NO_DEVICE


def test_readers_are_chosen_by_pattern() -> None:
    names = ["ACS ACR39U ICC Reader 00 00", "SONY FeliCa RC-S300/S (1234567) 01 00"]
    assert chosen(names, re.compile("RC-S300.*1234567")) == names[1]
    assert chosen(names, re.compile(".")) == names[0]
    assert chosen(names, re.compile("Identiv")) is None


def test_what_to_do_about_a_missing_reader() -> None:
    assert "cable" in no_reader([], re.compile("x")).detail
    detail = no_reader(["ACS 00"], re.compile("SONY")).detail
    assert "SONY" in detail
    assert "ACS 00" in detail


class ScriptedScard(Scard):
    """pcscd as it is on a bad day: each wait takes the next thing from the script."""

    def __init__(self, script: Iterator[dict[str, int] | Exception]) -> None:
        self.device = "card reader"
        self._script = script
        self.calls = None

    def establish(self) -> Context:
        return _ScriptedContext(self, self._script)


class _ScriptedContext(Context):
    def __init__(self, scard: Scard, script: Iterator[dict[str, int] | Exception]) -> None:
        super().__init__(scard, 0)
        self._script = script

    def readers(self) -> list[str]:
        return ["R"]

    def wait(self, known: Mapping[str, int], timeout_s: float) -> dict[str, int]:
        step = next(self._script)
        if isinstance(step, Exception):
            raise step
        return step

    def cancel(self) -> None: ...

    def look_again(self, reader: str) -> None: ...

    def release(self) -> None: ...


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (DeviceUnavailable("r", DeviceState.OFFLINE, "start it"), DeviceState.OFFLINE),
        (DeviceUnavailable("r", DeviceState.NO_DEVICE, "cable"), DeviceState.NO_DEVICE),
        (HardwareFault("r", "PC/SC error 80100001"), DeviceState.HARDWARE_ERROR),
        (TypeError("the library itself"), DeviceState.HARDWARE_ERROR),
    ],
)
async def test_the_monitor_survives_whatever_pcscd_answers(
    error: Exception, state: DeviceState
) -> None:
    told: list[DeviceEvent] = []
    done = threading.Event()
    script: Iterator[dict[str, int] | Exception] = iter(
        [{"R": 0x0001_0022}, error, {"R": 0x0001_0022}, {"R": 0x0002_0012}]
    )

    def publish(event: DeviceEvent) -> None:
        told.append(event)
        if told.count(CardRemoved()) == 2:
            done.set()

    scard = ScriptedScard(_then_quiet(script, done))
    monitor = ReaderMonitor(scard, re.compile("."), publish)
    monitor.start()
    assert done.wait(10)
    await monitor.stop()
    assert [event for event in told if not isinstance(event, StateChanged)] == [
        CardInserted(),
        CardRemoved(),
        CardInserted(),
        CardRemoved(),
    ]
    states = [event.state for event in told if isinstance(event, StateChanged)]
    assert states[:3] == [ONLINE, state, ONLINE]


def _then_quiet(
    script: Iterator[dict[str, int] | Exception], done: threading.Event
) -> Iterator[dict[str, int] | Exception]:
    yield from script
    while True:
        done.wait(0.05)
        yield {}
