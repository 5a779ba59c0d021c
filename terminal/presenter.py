"""How a state looks and sounds: guide lights, sounds and the page, and the calls to who left something.

``show`` only works out what is wanted; a face of its own for lights and for sounder brings them there,
latest wins, so that a slow or broken device never holds up the loop, nor the other one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from drivers.device import Device
from drivers.errors import DriverError
from drivers.lights import FlashRate, Light, Lights
from drivers.sounder import Sound, Sounder, Tone
from terminal.attention import SOUNDS, Call, Left, next_change_s, signals
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
FACE_LIMIT_S = 1.0  # a lamp that is not lit by then is a lamp that does not work
RETRY_S = 1.0
VOID_SHEETS = frozenset({"trouble.void_sheets", "trouble.found_at_start"})

_T = TypeVar("_T")


class Face(Generic[_T]):
    """Brings one device to what is wanted, the latest first, and tries again where it fails."""

    def __init__(
        self,
        device: Device,
        bring: Callable[[_T], Awaitable[None]],
        failing: Callable[[str, bool], None],
    ) -> None:
        self._name = device.name
        self._bring = bring
        self._failing = failing
        self._fails = False
        self._wanted: list[_T] = []
        self._changed = asyncio.Event()

    def want(self, what: _T) -> None:
        """From now on this; returns at once."""
        self._wanted = [what]
        self._changed.set()

    async def run(self) -> None:
        """For ever. A failure is told once, and so is its end."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                async with asyncio.timeout(FACE_LIMIT_S):
                    await self._bring(self._wanted[0])
            except (DriverError, TimeoutError) as error:
                self._tell(fails=True, why=str(error) or "no answer")
                self._changed.set()
                await asyncio.sleep(RETRY_S)
            else:
                self._tell(fails=False)

    def _tell(self, *, fails: bool, why: str = "") -> None:
        if fails == self._fails:
            return
        self._fails = fails
        if fails:
            logger.error("%s: %s", self._name, why)
        else:
            logger.info("%s: works again", self._name)
        self._failing(self._name, fails)


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
        failing: Callable[[str, bool], None] = lambda _name, _fails: None,
        hotline: Callable[[], str] = str,
    ) -> None:
        self.panel = panel
        self._sounder = sounder
        self._lamps: Face[dict[Light, FlashRate]] = Face(lights, lights.show, failing)
        self._voice: Face[Sound | None] = Face(sounder, self._sound, failing)
        self._clock = clock
        self._limits = limits
        self._name = name
        self._hotline = hotline
        self._since: dict[Left, float] = {}
        self._called: set[Left] = set()
        self._screen: tuple[str, str] | None = None
        self._pattern: dict[Light, FlashRate] | None = None
        self._tune: tuple[str, bool] | None = None

    # --- what is wanted ----------------------------------------------------------------------

    def show(self, state: State, there: Belongings, remaining_s: float | None) -> frozenset[Left]:
        """Show a state; returns what staff must newly be called for (decision i)."""
        now = self._clock.monotonic()
        screen = screen_of(state)
        self._keep_time(left_behind(state, there), now)
        call = signals({left: now - since for left, since in self._since.items()})
        name = (screen.id, screen.title.id)
        entered, self._screen = name != self._screen, name
        self._light(call, screen)
        self._call(call, screen, entered=entered)
        if self.panel is not None:
            self._show_page(self.panel, state, screen, call.words, remaining_s)
        due = call.call_staff - self._called
        self._called |= due
        return due

    def click(self) -> None:
        """A key was taken. The same for every key; a call to somebody is never interrupted by it."""
        if self._tune is None:
            self._voice.want(_sound("key"))

    def _keep_time(self, left: frozenset[Left], now: float) -> None:
        self._since = {each: self._since.get(each, now) for each in left}
        self._called &= left

    def _light(self, call: Call, screen: Screen) -> None:
        pattern = {Light(name): FlashRate[flash.upper()] for name, flash in call.lights.items()}
        if screen.guide is not None:
            pattern.setdefault(Light(screen.guide), FlashRate.SLOW)
        pattern[Light.STATUS] = _status_light(screen)
        if pattern != self._pattern:
            self._pattern = pattern
            self._lamps.want(pattern)

    def _call(self, call: Call, screen: Screen, *, entered: bool) -> None:
        """A call goes before what a screen has to say; when nobody is called any more it ends."""
        tune = (call.sound, call.repeat) if call.sound is not None else None
        before, self._tune = self._tune, tune
        if tune is not None:
            if tune != before or (entered and not call.repeat):
                self._voice.want(_sound(*tune))
        elif entered and screen.sound is not None:
            self._voice.want(_sound(screen.sound))
        elif before is not None:
            self._voice.want(None)

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
            catalogue(language).knowing(self._hotline()),
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
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lamps.run())
            tasks.create_task(self._voice.run())

    async def _sound(self, sound: Sound | None) -> None:
        if sound is None:
            await self._sounder.stop()
        else:
            await self._sounder.play(sound)


def _sound(name: str, repeat: bool = False) -> Sound:
    return Sound(name, tuple(Tone(hz, ms, loud) for hz, ms, loud in SOUNDS[name]), repeat=repeat)


def left_behind(state: State, there: Belongings) -> frozenset[Left]:
    """What lies there although the state asks for it to be taken."""
    lying = {
        Left.CARD: there.card,
        Left.SHEETS: bool(there.sheets),
        Left.RECEIPT: bool(there.receipt),
        Left.CHANGE: bool(there.change),
    }
    return frozenset(left for left in _asked_for(state) if lying[left])


def _asked_for(state: State) -> frozenset[Left]:
    """What each state calls for. Void sheets, and sheets of nobody known, are for staff alone."""
    everything = frozenset(Left)
    match state:
        case s.ReturningCard() | s.TakingCardBack() | s.Guide() | s.Closed():
            return frozenset({Left.CARD})
        case s.HandingOver() | s.Farewell():
            return everything
        case s.OutOfService() if VOID_SHEETS.isdisjoint(state.troubles):
            return everything
        case s.Collecting() | s.Settling() | s.OutOfService():
            return everything - {Left.SHEETS}
        case s.Refused():
            return everything - {Left.SHEETS, Left.CARD}
        case _:
            return frozenset()


def _status_light(screen: Screen) -> FlashRate:
    """Steady while all is well, slow when staff are needed, off when closed."""
    if screen.id == "closed":
        return FlashRate.OFF
    return FlashRate.SLOW if screen.tone is ScreenTone.FAULT else FlashRate.STEADY
