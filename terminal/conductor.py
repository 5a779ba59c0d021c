"""The only loop: takes what happens, advances the visit, performs the commands, shows the new state.

Everything arrives in its one queue: device events, touches of the page, what acts have to say, and events
of the visit itself. What a thing means is decided when its turn comes, by the state that is then. How a
command is done is ``performer`` and ``acts``; how a state looks and sounds is ``presenter``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from drivers.buttons import Button, ButtonPressed
from drivers.device import Device, DeviceEvent
from drivers.keypad import Key, KeyPressed
from terminal.acts.desk import Desk
from terminal.hands import Hands, Touch, name_of
from terminal.health import Health
from terminal.ids import new_id
from terminal.performer import Answer, Performer
from terminal.presenter import Presenter
from terminal.senses import Senses, found
from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.limits import counts_down, limit_of
from terminal.visit.machine import advance
from terminal.visit.screen import ScreenKey
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from terminal.visit.step import STOPPING, Moment

logger = logging.getLogger(__name__)

NO_VISIT = "-"
CALL_AGAIN_S = 60.0


Happening = e.Event | Answer | Touch | tuple[Device, DeviceEvent]
Watch = Callable[[State], None]


class Conductor:
    """Owns the state. ``watch`` is called after every step (watchdog, narrator, tests)."""

    def __init__(
        self, desk: Desk, health: Health, presenter: Presenter, watch: Watch | None = None
    ) -> None:
        self.state: State = s.OutOfService("ja", ("trouble.starting",))
        self.dropped = 0
        """How many late answers were dropped (I-7)."""
        self._desk = desk
        self._health = health
        self._presenter = presenter
        self._watch = watch
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()
        self._performer = Performer(desk, health, self._queue.put_nowait, self.health_changed)
        self._senses = Senses(desk, health, presenter, self._raise_incident)
        self._hands = Hands(desk.pin, presenter, self._call_staff)
        self._deadline: float | None = None
        self._deadline_is_new = False
        self._extensions = 0
        self._staff_called_at: float | None = None
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Is anything still being done for a visit?"""
        return self._performer.busy

    async def run(self) -> None:
        """Until cancelled or stopped; leaves no act running and no worker alive."""
        try:
            async with asyncio.TaskGroup() as tasks:
                pumps = [
                    tasks.create_task(self._pump(device)) for device in self._desk.devices.all()
                ]
                self._performer.prepare_spare()
                await self._senses.begin()
                await self._performer.read_incidents()
                self._show()
                while self._performer.serving or not self._stopping:
                    self._step(await self._next())
                for pump in pumps:
                    pump.cancel()
        finally:
            await self._performer.close()

    def stop(self) -> None:
        """Serve nobody any more. Before payment the visit ends now, after it when it has ended."""
        self._stopping = True
        self._queue.put_nowait(e.ActRefused(STOPPING))

    async def _pump(self, device: Device) -> None:
        async for event in device.events():
            self._queue.put_nowait((device, event))

    async def _next(self) -> Happening:
        """The next thing that happens, a time-out included; refreshes what is shown meanwhile."""
        while True:
            await asyncio.sleep(0)  # whoever keeps us busy must not keep everybody else from it
            if not self._queue.empty():
                # Before the time-out: an answer that came in time is not late because we are.
                return self._queue.get_nowait()
            now = self._desk.clock.monotonic()
            if self._deadline is not None and now >= self._deadline:
                self._deadline = None  # said once: a state that stays must not be told for ever
                return e.TimedOut()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._wait_s(now)):
                    return await self._queue.get()
            self._show()

    def _wait_s(self, now: float) -> float:
        """Until what is shown would change although nothing happens."""
        waits = [self._presenter.next_change_s(now)]
        if self._deadline is not None:
            left = self._deadline - now
            warning = left - self._desk.config.limits.warning_s
            waits.append(warning if warning > 0 and counts_down(self.state) else left)
        return min(waits)

    def _step(self, item: Happening) -> None:
        event = self._meaning(item)
        if event is not None:
            self._advance(event)
        self._show()

    def _meaning(self, item: Happening) -> e.Event | None:
        match item:
            case (device, event):
                return self._noticed(device, event)
            case Touch():
                return self._hands.touch(item, screen_of(self.state))
            case Answer(event, is_current):
                if is_current():
                    return event
                self.dropped += 1
                return None
            case _:
                return item

    def _advance(self, event: e.Event) -> None:
        before = self.state
        after, commands = advance(before, event, Moment(self._desk.clock.now(), new_id()))
        if isinstance(before, s.Idle) and isinstance(after, s.Consent) and self._find(before):
            return
        self.state = after
        entered = type(self.state) is not type(before)
        if entered:
            logger.info("%s → %s", type(before).__name__, type(self.state).__name__)
            self._extensions = 0
            if isinstance(self.state, s.Consent):
                self._staff_called_at = None  # whoever comes now has not called yet
        if isinstance(self.state, s.OutOfService) and self.state != before and self.state.troubles:
            logger.info("out of service: %s", ", ".join(self.state.troubles))
        if self.state != before or self._more_time(event):
            self._begin_time()
        for command in commands:
            self._performer.perform(command)
        if entered:
            self._tell(before)

    def _begin_time(self) -> None:
        limit = limit_of(self.state, self._desk.config.limits)
        self._deadline = None if limit is None else self._desk.clock.monotonic() + limit
        self._deadline_is_new = True

    def _more_time(self, event: e.Event) -> bool:
        if event != e.Pressed(ScreenKey.MORE_TIME) or not counts_down(self.state):
            return False
        self._extensions += 1
        return self._extensions <= self._desk.config.limits.more_time

    def _tell(self, before: State) -> None:
        """What a state just entered must be told, because it could not see it happen."""
        match self.state:
            case s.HandingOver() | s.Collecting() | s.Supervisor():
                self._queue.put_nowait(e.BelongingsChanged(self._desk.belongings()))
            case s.Consent(card_present=False) if self._desk.devices.card_reader.card_present:
                self._queue.put_nowait(e.CardInserted())
            case s.Idle():
                self._find(before)
                self._tell_resting()
                if self._desk.devices.card_reader.card_present:
                    self._queue.put_nowait(e.CardInserted())
            case s.OutOfService() | s.Closed():
                self._tell_resting()
            case _:
                pass

    def _tell_resting(self) -> None:
        self._queue.put_nowait(self._health.current())
        if self._senses.supervised:
            self._queue.put_nowait(e.SupervisorSwitched(on=True))

    def _find(self, before: State) -> bool:
        """Nobody is served over somebody else's things, however they came to lie there (R66, R68).

        Looked for where a visit ends and where one begins: between them somebody may have put back what
        was not theirs. True: something lies there, and staff are told."""
        there = self._desk.belongings()
        if not isinstance(before, s.Supervisor):
            there = replace(there, card=False)  # it begins a visit
        kinds = found(replace(there, change=False))
        if not self._health.current().troubles:
            for kind in kinds:
                self._raise_incident(kind)
        return bool(kinds)

    def _show(self) -> None:
        limit, now = self._deadline, self._desk.clock.monotonic()
        remaining = None if limit is None else max(0.0, limit - now)
        self._hands.screen_shown(screen_of(self.state))
        there, stop = self._desk.belongings(), self._hands.focus.at
        for left in self._presenter.show(self.state, there, remaining, stop):
            self._performer.call_staff(_visit_of(self.state), left.value)
        self._give_time_to_listen()
        if self._watch is not None:
            self._watch(self.state)

    def _give_time_to_listen(self) -> None:
        """Who listens has as long as who reads: their time begins when all has been said."""
        voice, is_new = self._presenter.voice, self._deadline_is_new
        self._deadline_is_new = False
        if is_new and self._deadline is not None and counts_down(self.state):
            self._deadline += voice.saying_s if voice.listener.by_ear else 0.0

    def _raise_incident(self, kind: str) -> None:
        self._performer.raise_incident(_visit_of(self.state), kind)

    # --- what happens ------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """A key touched on the page means the same as that key on the keypad."""
        self._touch(key=Key(key))

    def choose(self, value: str) -> None:
        """A choice of the page; only what is on the screen can be chosen."""
        self._touch(choice=value)

    def speak(self, language: str) -> None:
        """A language chosen on the page."""
        self._touch(language=language)

    def _touch(
        self, key: Key | None = None, choice: str | None = None, language: str | None = None
    ) -> None:
        touch = Touch(name_of(screen_of(self.state)), key, choice, language)
        self._queue.put_nowait(touch)

    def health_changed(self) -> None:
        """Something in Health was updated."""
        self._queue.put_nowait(self._health.current())

    def device_failing(self, name: str, *, fails: bool) -> None:
        """A device that is told what to do from beside the loop does not do it, or does it again."""
        self._health.failing(name, fails=fails)
        self.health_changed()

    def _noticed(self, device: Device, event: DeviceEvent) -> e.Event | None:
        screen = screen_of(self.state)
        match event:
            case KeyPressed(key):
                return self._hands.key(key, screen)
            case ButtonPressed(Button.SUPERVISOR):
                return self._senses.notice(device, event, self.state)
            case ButtonPressed(button):
                if button is Button.NEXT and counts_down(self.state):
                    self._begin_time()  # two switches take many presses to say one thing
                return self._hands.button(button, screen)
            case _:
                meaning = self._senses.notice(device, event, self.state)
        if meaning == e.ReaderLost():
            self.health_changed()
        return meaning

    def _call_staff(self) -> None:
        """Once in a while: a key that is stuck, or a child, must not flood the operator."""
        now = self._desk.clock.monotonic()
        if self._staff_called_at is None or now - self._staff_called_at >= CALL_AGAIN_S:
            self._staff_called_at = now
            self._performer.call_staff(_visit_of(self.state), "called")


def _visit_of(state: State) -> str:
    if isinstance(state, s.Idle | s.Guide | s.Closed | s.OutOfService | s.Supervisor):
        return NO_VISIT
    return state.visit.id
