"""How a state looks and sounds: guide lights, sounds and the page, and the calls to who left something.

``show`` only works out what is wanted; a task of its own brings lights and sounder there, latest wins, so
that a slow device never holds up the loop.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from drivers.errors import DriverError
from drivers.lights import FlashRate, Light, Lights
from drivers.sounder import Sound, Sounder, Tone
from terminal.attention import SOUNDS, Left, next_change_s, signals
from terminal.clock import Clock
from terminal.panel.server import Panel
from terminal.panel.view import render
from terminal.strings.catalogue import NAMES, catalogue
from terminal.visit import states as s
from terminal.visit.limits import Limits, counts_down
from terminal.visit.machine import language_of
from terminal.visit.screen import Screen, Text
from terminal.visit.screen import Tone as ScreenTone
from terminal.visit.screens import screen_of
from terminal.visit.states import Belongings, State

logger = logging.getLogger(__name__)

LONGEST_WAIT_S = 5.0  # the clock on the page, and a lost event, are never older than this


@dataclass(frozen=True, slots=True)
class Wanted:
    """What lights and sounder shall do; ``turn`` makes a sound that repeats on request play anew."""

    lights: tuple[tuple[Light, FlashRate], ...]
    sound: str | None
    repeat: bool


class Presenter:
    """Faces of the terminal. ``panel`` is None for a terminal without a touch screen."""

    def __init__(
        self,
        lights: Lights,
        sounder: Sounder,
        clock: Clock,
        limits: Limits,
        name: str,
        panel: Panel | None = None,
    ) -> None:
        self.panel = panel
        self._lights = lights
        self._sounder = sounder
        self._clock = clock
        self._limits = limits
        self._name = name
        self._since: dict[Left, float] = {}
        self._called: set[Left] = set()
        self._screen: Screen | None = None
        self._wanted = Wanted((), None, repeat=False)
        self._changed = asyncio.Event()

    # --- what is wanted ----------------------------------------------------------------------

    def show(self, state: State, there: Belongings, remaining_s: float | None) -> frozenset[Left]:
        """Show a state; returns what staff must newly be called for (decision i)."""
        now = self._clock.monotonic()
        screen = screen_of(state)
        self._keep_time(left_behind(state, there), now)
        elapsed = {left: now - since for left, since in self._since.items()}
        call = signals(elapsed)
        pattern = {Light(name): FlashRate[flash.upper()] for name, flash in call.lights.items()}
        if screen.guide is not None and Light(screen.guide) not in pattern:
            pattern[Light(screen.guide)] = FlashRate.SLOW
        pattern[Light.STATUS] = _status_light(screen)
        entered = self._screen is None or screen.id != self._screen.id
        sound = call.sound or (screen.sound if entered else None)
        self._want(Wanted(tuple(pattern.items()), sound, call.repeat), entered=entered)
        self._screen = screen
        if self.panel is not None:
            self._show_page(self.panel, state, screen, call.words, remaining_s)
        due = frozenset(call.call_staff) - self._called
        self._called |= due
        return due

    def _keep_time(self, left: frozenset[Left], now: float) -> None:
        self._since = {each: self._since.get(each, now) for each in left}
        self._called &= left

    def _want(self, wanted: Wanted, *, entered: bool) -> None:
        if wanted != self._wanted or entered:
            self._wanted = wanted
            self._changed.set()

    def _show_page(
        self,
        panel: Panel,
        state: State,
        screen: Screen,
        words: tuple[str, ...],
        remaining_s: float | None,
    ) -> None:
        language = language_of(state)
        warning = (
            remaining_s is not None and counts_down(state) and remaining_s <= self._limits.warning_s
        )
        view = render(
            screen,
            catalogue(language),
            language=language,
            languages=NAMES.items(),
            clock=self._clock.now().strftime("%H:%M"),
            terminal=self._name,
            attention=[Text(word) for word in words],
            remaining_s=remaining_s if counts_down(state) else None,
            warning=warning,
        )
        panel.show(view)

    def next_change_s(self, now: float) -> float:
        """Seconds until ``show`` should be called again although nothing happened."""
        nexts = [next_change_s(now - since) for since in self._since.values()]
        return max(0.0, min([LONGEST_WAIT_S, *(n for n in nexts if n is not None)]))

    # --- getting there -----------------------------------------------------------------------

    async def run(self) -> None:
        """Bring lights and sounder to what is wanted, for ever. A failing one is logged, not fatal."""
        shown: Wanted | None = None
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = self._wanted
            try:
                if shown is None or wanted.lights != shown.lights:
                    await self._lights.show(dict(wanted.lights))
                await self._sound(wanted, shown)
            except DriverError as error:
                logger.error("lights or sounder: %s", error)
            shown = wanted

    async def _sound(self, wanted: Wanted, shown: Wanted | None) -> None:
        if wanted.sound is not None:
            same = shown is not None and shown.repeat and wanted == shown
            if not same:
                tones = tuple(Tone(hz, ms, loud) for hz, ms, loud in SOUNDS[wanted.sound])
                await self._sounder.play(Sound(wanted.sound, tones, repeat=wanted.repeat))
        elif shown is not None and shown.repeat:
            await self._sounder.stop()


def left_behind(state: State, there: Belongings) -> frozenset[Left]:
    """What lies there although the state asks for it to be taken."""
    if isinstance(state, s.ReturningCard | s.TakingCardBack):
        return frozenset({Left.CARD})
    if isinstance(state, s.HandingOver | s.Collecting | s.Farewell | s.OutOfService | s.Refused):
        lying = {
            Left.CARD: there.card and not isinstance(state, s.Refused),
            Left.SHEETS: bool(there.sheets),
            Left.RECEIPT: bool(there.receipt),
            Left.CHANGE: bool(there.change),
        }
        return frozenset(left for left, is_there in lying.items() if is_there)
    return frozenset()


def _status_light(screen: Screen) -> FlashRate:
    """Steady while all is well, slow when staff are needed, off when closed."""
    if screen.id == "closed":
        return FlashRate.OFF
    return FlashRate.SLOW if screen.tone is ScreenTone.FAULT else FlashRate.STEADY
