"""The only loop: takes what happens, advances the visit, performs the commands, shows the new state.

Two kinds of things arrive in its one queue: device events, and events of the visit (from acts, the page
and Health). How a command is done is ``performer`` and ``acts``; how a state looks and sounds is
``presenter``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from drivers.card_reader import CardInserted, CardRemoved
from drivers.device import Device, DeviceEvent, DeviceState, StateChanged
from drivers.keypad import Key, KeyPressed
from drivers.printer import PrinterNotReady, PrinterReady
from drivers.sensors import SensorChanged
from terminal.acts.desk import Desk
from terminal.health import Health
from terminal.ids import new_id
from terminal.performer import Performer
from terminal.presenter import Presenter
from terminal.translation import belongings, visit_event
from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.limits import limit_of
from terminal.visit.machine import advance
from terminal.visit.screen import ScreenKey
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from terminal.visit.step import Moment

logger = logging.getLogger(__name__)

Happening = e.Event | tuple[Device, DeviceEvent]
Watch = Callable[[State], None]


class Conductor:
    """Owns the state. ``watch`` is called after every step (watchdog, narrator, tests)."""

    def __init__(
        self, desk: Desk, health: Health, presenter: Presenter, watch: Watch | None = None
    ) -> None:
        self.state: State = s.OutOfService("ja", ("trouble.starting",))
        self._desk = desk
        self._health = health
        self._presenter = presenter
        self._watch = watch
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()
        self._performer = Performer(desk, health, self._queue.put_nowait, self.health_changed)
        self._deadline: float | None = None
        self._extensions = 0
        self._supervised = False

    @property
    def dropped(self) -> int:
        """How many late answers of ended visits were dropped (I-7)."""
        return self._performer.dropped

    @property
    def busy(self) -> bool:
        """Is anything still being done for a visit?"""
        return self._performer.busy

    async def run(self) -> None:
        """Until cancelled; leaves no act running and no worker alive."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for device in self._desk.devices.all():
                    tasks.create_task(self._pump(device))
                self._performer.prepare_spare()
                await self._begin_resting()
                self._show()
                while True:
                    self._step(await self._next())
        finally:
            await self._performer.close()

    async def _begin_resting(self) -> None:
        for device in self._desk.devices.all():
            self._health.device(device, device.state)
        if self._belongings().any_seen:
            await self._performer.found_at_start()
        await self._performer.read_incidents()

    async def _pump(self, device: Device) -> None:
        async for event in device.events():
            self._queue.put_nowait((device, event))

    async def _next(self) -> Happening:
        """The next thing that happens, a time-out included; refreshes what is shown meanwhile."""
        while True:
            now = self._desk.clock.monotonic()
            if self._deadline is not None and now >= self._deadline:
                return e.TimedOut()
            wait = self._presenter.next_change_s(now)
            if self._deadline is not None:
                wait = min(wait, self._deadline - now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    return await self._queue.get()
            self._show()

    def _step(self, item: Happening) -> None:
        event = self._noticed(*item) if isinstance(item, tuple) else item
        if event is not None:
            self._advance(event)
        self._show()

    def _advance(self, event: e.Event) -> None:
        before = self.state
        self.state, commands = advance(before, event, Moment(self._desk.clock.now(), new_id()))
        entered = type(self.state) is not type(before)
        if entered:
            logger.info("%s → %s", type(before).__name__, type(self.state).__name__)
            self._extensions = 0
        if self.state != before or self._more_time(event):
            limit = limit_of(self.state, self._desk.config.limits)
            self._deadline = None if limit is None else self._desk.clock.monotonic() + limit
        for command in commands:
            self._performer.perform(command)
        if entered:
            self._tell()

    def _more_time(self, event: e.Event) -> bool:
        if event != e.Pressed(ScreenKey.MORE_TIME):
            return False
        self._extensions += 1
        return self._extensions <= self._desk.config.limits.more_time

    def _tell(self) -> None:
        """What a state just entered must be told, because it could not see it happen."""
        match self.state:
            case s.HandingOver() | s.Collecting():
                self._queue.put_nowait(e.BelongingsChanged(self._belongings()))
            case s.AwaitingCard() if self._desk.devices.card_reader.card_present:
                self._queue.put_nowait(e.CardInserted())
            case s.Idle():
                self._queue.put_nowait(self._health.current())
                if self._supervised:
                    self._queue.put_nowait(e.SupervisorSwitched(on=True))
            case _:
                pass

    def _show(self) -> None:
        limit, now = self._deadline, self._desk.clock.monotonic()
        remaining = None if limit is None else max(0.0, limit - now)
        self._presenter.show(self.state, self._belongings(), remaining)
        if self._watch is not None:
            self._watch(self.state)

    def _belongings(self) -> s.Belongings:
        return belongings(self._desk.devices.card_reader, self._desk.devices.sensors)

    # --- what happens ------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """A key touched on the page means the same as that key on the keypad."""
        event = visit_event(KeyPressed(Key(key)), screen_of(self.state), self._desk.pin)
        if event is not None:
            self._queue.put_nowait(event)

    def choose(self, value: str) -> None:
        """A choice of the page; only what is on the screen can be chosen."""
        shown = screen_of(self.state).choices
        if any(choice.value == value and choice.enabled for choice in shown):
            self._queue.put_nowait(e.Chosen(value))

    def health_changed(self) -> None:
        """Something in Health was updated."""
        self._queue.put_nowait(self._health.current())

    def _noticed(self, device: Device, event: DeviceEvent) -> e.Event | None:
        """What a device's event means: for Health, for the visit, or for nobody."""
        match event:
            case StateChanged(state=state, detail=detail):
                level = logging.INFO if state is DeviceState.ONLINE else logging.WARNING
                logger.log(level, "%s is %s %s", device.name, state.value, detail)
                self._health.device(device, state)
                return self._health.current()
            case PrinterNotReady(fault=fault):
                self._health.printer_fault(device, fault)
                return self._health.current()
            case PrinterReady():
                self._health.printer_fault(device, None)
                return self._health.current()
            case SensorChanged():
                return e.BelongingsChanged(self._belongings())
            case CardInserted() | CardRemoved() if isinstance(self.state, s.HandingOver):
                return e.BelongingsChanged(self._belongings())
            case _:
                translated = visit_event(event, screen_of(self.state), self._desk.pin)
                if isinstance(translated, e.SupervisorSwitched):
                    self._supervised = translated.on
                return translated
