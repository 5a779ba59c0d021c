"""How a state looks and sounds: one scene for all faces; and the calls to whoever left something behind.

``show`` only works out what is wanted, from the tables of ``signals`` and ``attention``. Every face has a
device of its own and brings it there, latest wins, so that a slow or broken one holds up neither the loop nor
another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from drivers.speaker import Speech
from terminal.attention import Call, Left, next_change_s, signals
from terminal.clock import Clock
from terminal.config import Config
from terminal.devices import Devices
from terminal.faces import Scene, veiled
from terminal.faces.bringing import Failing
from terminal.faces.buzzer import Buzzer
from terminal.faces.lamps import Lamps
from terminal.faces.page import Page
from terminal.faces.small_display import SmallDisplay
from terminal.faces.voice import Hearing, Voice
from terminal.left_behind import left_behind
from terminal.loudness import loudness
from terminal.panel.server import Panel
from terminal.signals import signals_of
from terminal.strings.catalogue import catalogue
from terminal.switches import Stop
from terminal.visit.known import Belongings
from terminal.visit.limits import counts_down
from terminal.visit.machine import language_of
from terminal.visit.screens import screen_of
from terminal.visit.states import Idle, State
from terminal.voice.composing import Source

LONGEST_WAIT_S = 5.0  # the clock on the page, and a lost event, are never older than this


class Presenter:
    """``panel`` is None for a terminal without a touch screen; ``hotline`` is asked for its number."""

    def __init__(
        self,
        devices: Devices,
        config: Config,
        clock: Clock,
        recordings: Source,
        panel: Panel | None = None,
        failing: Failing = lambda _name, _fails: None,
        hotline: Callable[[], str] = str,
    ) -> None:
        self._config = config
        self._clock = clock
        self._hotline = hotline
        self.voice = Voice(
            devices.speaker, recordings, self._loudness, failing, always_by_ear=panel is None
        )
        self._lamps = Lamps(devices.lights, failing)
        self._buzzer = Buzzer(devices.sounder, self._loudness, failing)
        self._display = SmallDisplay(devices.display, failing)
        spoken = ("repeat", "volume") if devices.speaker is not None else ("volume",)
        self._page = Page(panel, config.name, (*spoken, "call_staff"))
        self._veils = config.hide_with_headphones
        self._since: dict[Left, float] = {}
        self._called: set[Left] = set()
        self._scene: Scene | None = None

    # --- what is wanted ----------------------------------------------------------------------

    def show(
        self, state: State, there: Belongings, remaining_s: float | None, stop: Stop | None = None
    ) -> frozenset[Left]:
        """Show a state; returns what staff must newly be called for (decision i)."""
        now = self._clock.monotonic()
        left = left_behind(state, there)
        self._since = {each: self._since.get(each, now) for each in left}
        call = signals({left: now - since for left, since in self._since.items()})
        scene = self._scene = self._next_scene(state, call, remaining_s, stop, now)
        if isinstance(state, Idle) and scene.entered:
            self.voice.hearing = Hearing()  # somebody else may come
        self._lamps.show(scene)
        self._buzzer.show(scene, with_voice=self.voice.works)
        self.voice.show(scene)
        seen = veiled(scene) if self._veils and self.voice.private else scene
        self._display.show(seen)
        self._page.show(seen, self._clock.now(), heard_alone=self.voice.headphones)
        due = call.call_staff - self._called
        self._called = (self._called & left) | due
        return due

    def _next_scene(
        self, state: State, call: Call, remaining_s: float | None, stop: Stop | None, now: float
    ) -> Scene:
        screen = screen_of(state)
        warning_s = self._config.limits.warning_s
        return Scene(
            state,
            screen,
            signals_of(screen),
            catalogue(language_of(state)).knowing(self._hotline()),
            call,
            now,
            remaining_s,
            warning=counts_down(state) and remaining_s is not None and remaining_s <= warning_s,
            stop=stop,
            last=None if self._scene is None else replace(self._scene, last=None),
        )

    def next_change_s(self, now: float) -> float:
        """Seconds until ``show`` should be called again although nothing happened."""
        nexts = [next_change_s(now - since) for since in self._since.values()]
        nexts += [self.voice.next_change_s(now), self._display.next_change_s(now), LONGEST_WAIT_S]
        return max(0.0, min(n for n in nexts if n is not None))

    def click(self) -> None:
        """A key was taken. The same for every key."""
        self._buzzer.click()

    def speech_ended(self, speech: Speech) -> None:
        """The voice has said it: a call goes into its next round."""
        if self.voice.ended(speech, self._clock.monotonic()):
            self._buzzer.again()

    def _loudness(self) -> float:
        asked = self.voice.hearing.quiet
        return loudness(self._config.volume, self._clock.now().time(), asked=asked)

    # --- getting there -----------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for face in (self._lamps, self._buzzer, self.voice, self._display):
                tasks.create_task(face.run())
