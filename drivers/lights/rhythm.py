"""When each light is lit: sans-I/O, in seconds of any one clock that never goes back.

All flashing lights follow one beat, so they flash in step. A beat comes no sooner than BEAT_S after
the one before it *really* came, and a light changes at most once a beat: however late a busy loop
wakes us, a cycle never takes less than two beats, which is 2 Hz. What does not come from the beat
(a light newly called for is lit at once, in the middle of a beat if need be) is held to the same
limit: no light goes on twice within ONSET_S, however often patterns are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from drivers.lights import FlashRate, Light

BEAT_S = FlashRate.QUICK.value
ONSET_S = 2 * BEAT_S
_EARLY_S = 1e-6  # timers may fire this much too early; sums of floats are off by less

_BEATS_LIT = {
    rate: round(rate.value / BEAT_S)
    for rate in FlashRate
    if rate not in (FlashRate.OFF, FlashRate.STEADY)
}
if ONSET_S < 0.5 or any(beats < 1 for beats in _BEATS_LIT.values()):
    raise ValueError("FlashRate: no light may flash above 2 Hz (decision i)")


@dataclass(slots=True)
class _Lamp:
    rate: FlashRate = FlashRate.OFF
    lit: bool = False
    onset: float = -inf
    eager: bool = False  # lit as soon as allowed, without waiting for its beat

    @property
    def flashing(self) -> bool:
        return self.rate in _BEATS_LIT

    def follow(self, rate: FlashRate) -> None:
        newly = self.rate is FlashRate.OFF or rate is FlashRate.STEADY
        self.eager = not self.lit and rate is not FlashRate.OFF and (newly or self.eager)
        self.rate = rate

    def move(self, now: float, *, beat: int | None) -> None:
        if self.rate is FlashRate.OFF:
            self.lit = False
        elif self.rate is FlashRate.STEADY:
            self._light(now)
        else:
            in_lit_half = beat is not None and (beat // _BEATS_LIT[self.rate]) % 2 == 0
            if in_lit_half or self.eager:
                self._light(now)
            elif beat is not None and now >= self.onset + BEAT_S - _EARLY_S:
                self.lit = False

    def _light(self, now: float) -> None:
        if self.lit or now < self.onset + ONSET_S - _EARLY_S:
            return
        self.lit, self.onset, self.eager = True, now, False


class Rhythm:
    """Which lights are lit now, and when to ask again."""

    def __init__(self) -> None:
        self._lamps = {light: _Lamp() for light in Light}
        self._beat = 0
        self._next_beat = inf

    def show(self, pattern: Mapping[Light, FlashRate], now: float) -> frozenset[Light]:
        """Replace the pattern; the lights lit now."""
        for light, lamp in self._lamps.items():
            lamp.follow(pattern.get(light, FlashRate.OFF))
        if not any(lamp.flashing for lamp in self._lamps.values()):
            self._next_beat = inf
        elif self._next_beat == inf:
            self._beat, self._next_beat = 0, now + BEAT_S
        return self.advance(now)

    def advance(self, now: float) -> frozenset[Light]:
        """Let time pass; the lights lit now."""
        beat = None
        if now >= self._next_beat - _EARLY_S:
            self._beat += 1
            self._next_beat = now + BEAT_S
            beat = self._beat
        for lamp in self._lamps.values():
            lamp.move(now, beat=beat)
        return frozenset(light for light, lamp in self._lamps.items() if lamp.lit)

    def next_change(self) -> float:
        """When something may change next; infinity if nothing will."""
        waiting = (lamp.onset + ONSET_S for lamp in self._lamps.values() if lamp.eager)
        return min(self._next_beat, *waiting, inf)
