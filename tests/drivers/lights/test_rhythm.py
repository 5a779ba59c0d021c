"""The rhythm in virtual time: nothing flashes above 2 Hz, whatever is asked and however late we wake."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drivers.lights import FlashRate, Light
from drivers.lights.rhythm import Rhythm

EARLIEST_AGAIN_S = 0.5 - 1e-4


class Watched:
    """A rhythm, woken when it asks to be (``late`` seconds after), and every onset of every light."""

    def __init__(self) -> None:
        self.rhythm = Rhythm()
        self.now = 1000.0
        self.lit: frozenset[Light] = frozenset()
        self.onsets: dict[Light, list[float]] = {light: [] for light in Light}
        self.history: list[tuple[float, frozenset[Light]]] = []

    def show(self, pattern: dict[Light, FlashRate]) -> None:
        self._see(self.rhythm.show(pattern, self.now))

    def run(self, seconds: float, *, late: float = 0.0) -> None:
        end = self.now + seconds
        while (due := self.rhythm.next_change() + late) <= end:
            self.now = max(self.now, due)
            self._see(self.rhythm.advance(self.now))
        self.now = end

    def _see(self, lit: frozenset[Light]) -> None:
        for light in lit - self.lit:
            self.onsets[light].append(self.now)
        self.lit = lit
        self.history.append((self.now, lit))


def test_a_flashing_light_is_lit_at_once_and_keeps_its_rate() -> None:
    for rate, hz in ((FlashRate.SLOW, 0.5), (FlashRate.QUICK, 2.0)):
        watched = Watched()
        watched.show({Light.CARD_READER: rate})
        assert watched.lit == {Light.CARD_READER}
        watched.run(20.01)
        assert len(watched.onsets[Light.CARD_READER]) == 20 * hz + 1


def test_a_steady_light_stays_lit_and_needs_no_waking() -> None:
    watched = Watched()
    watched.show({Light.STATUS: FlashRate.STEADY})
    assert watched.lit == {Light.STATUS}
    assert watched.rhythm.next_change() == float("inf")


def test_off_is_off_at_once() -> None:
    watched = Watched()
    watched.show(dict.fromkeys(Light, FlashRate.QUICK))
    watched.run(0.1)
    watched.show({Light.STATUS: FlashRate.OFF})
    assert watched.lit == frozenset()
    assert watched.rhythm.next_change() == float("inf")


def test_a_light_that_joins_is_lit_at_once_and_then_falls_in_step() -> None:
    watched = Watched()
    watched.show({Light.CARD_READER: FlashRate.SLOW})
    watched.run(1.3)  # in its dark half
    watched.show({Light.CARD_READER: FlashRate.SLOW, Light.PRINTER_TRAY: FlashRate.SLOW})
    assert watched.lit == {Light.PRINTER_TRAY}
    watched.run(4)
    before = len(watched.history)
    watched.run(10)
    together = {frozenset(), frozenset({Light.CARD_READER, Light.PRINTER_TRAY})}
    assert {lit for _, lit in watched.history[before:]} == together


def test_slow_becomes_quick_without_a_dark_pause() -> None:
    watched = Watched()
    watched.show({Light.CARD_READER: FlashRate.SLOW})
    watched.run(9.99)
    asked = watched.now
    watched.show({Light.CARD_READER: FlashRate.QUICK})
    watched.run(5)
    first = next(onset for onset in watched.onsets[Light.CARD_READER] if onset >= asked)
    assert first - asked <= 0.5


def test_a_light_that_joins_just_before_the_dark_half_is_still_seen() -> None:
    for rate in (FlashRate.SLOW, FlashRate.QUICK):
        watched = Watched()
        watched.show({Light.STATUS: rate})
        watched.run(2 * rate.value + 0.9 * rate.value)  # the others go dark in a moment
        joined = watched.now
        watched.show({Light.STATUS: rate, Light.RECEIPT: rate})
        watched.run(5)
        dark = next(at for at, lit in watched.history if at > joined and Light.RECEIPT not in lit)
        assert dark - joined >= 0.25 - 1e-4


RATES = st.sampled_from(FlashRate)
PATTERNS = st.dictionaries(st.sampled_from(Light), RATES)
ACTS = st.lists(
    st.tuples(
        PATTERNS,
        st.floats(min_value=0, max_value=3),  # until the next pattern
        st.sampled_from([0.0, 0.0, 0.001, 0.02, 0.24, 0.3, 1.7]),  # how late each waking is
    ),
    max_size=30,
)


@given(ACTS)
def test_no_light_ever_flashes_above_2_hz(
    acts: list[tuple[dict[Light, FlashRate], float, float]],
) -> None:
    watched = Watched()
    for pattern, seconds, late in acts:
        watched.show(pattern)
        watched.run(seconds, late=late)
    for onsets in watched.onsets.values():
        assert all(after - before >= EARLIEST_AGAIN_S for before, after in pairwise(onsets))


@given(ACTS, PATTERNS)
def test_whatever_came_before_each_light_soon_does_what_was_asked_in_step(
    acts: list[tuple[dict[Light, FlashRate], float, float]],
    pattern: dict[Light, FlashRate],
) -> None:
    watched = Watched()
    for earlier, seconds, late in acts:
        watched.show(earlier)
        watched.run(seconds, late=late)
    watched.show(pattern)
    watched.run(4)  # two slow cycles to fall in step
    settled = len(watched.history)
    asked = watched.now
    watched.run(8.1)
    wanted = {rate: {li for li in Light if pattern.get(li) is rate} for rate in FlashRate}
    for _, lit in [*watched.history[settled:], (0.0, watched.lit)]:
        assert wanted[FlashRate.STEADY] <= lit
        for rate in (FlashRate.SLOW, FlashRate.QUICK):
            assert not wanted[rate] & lit or wanted[rate] <= lit
    for rate, onsets in ((FlashRate.SLOW, 4), (FlashRate.QUICK, 16)):
        for light in wanted[rate]:
            counted = sum(onset >= asked for onset in watched.onsets[light])
            assert abs(counted - onsets) <= 1
    dark = set(Light) - set().union(*(wanted[rate] for rate in FlashRate if rate.value))
    assert not dark & watched.lit
