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
from dataclasses import dataclass, field

from drivers.buttons import Button, ButtonPressed
from drivers.card_reader import (
    CardInserted,
    CardMuteInserted,
    CardRemoved,
    SeveralCardsInserted,
)
from drivers.device import Device, DeviceEvent, DeviceState, StateChanged
from drivers.errors import DriverError
from drivers.keypad import Key, KeyPressed
from drivers.printer import PrinterNotReady, PrinterReady, gravest
from drivers.sensors import Sensor, SensorChanged
from terminal.acts.desk import Desk
from terminal.health import Health
from terminal.ids import new_id
from terminal.performer import Answer, Performer
from terminal.presenter import Presenter
from terminal.translation import belongings, visit_event
from terminal.visit import events as e
from terminal.visit import states as s
from terminal.visit.limits import counts_down, limit_of
from terminal.visit.machine import advance
from terminal.visit.screen import Screen, ScreenKey
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from terminal.visit.step import STOPPING, Moment

logger = logging.getLogger(__name__)

NO_VISIT = "-"


@dataclass(frozen=True, slots=True)
class Touch:
    """Something touched on the page while ``screen`` was shown: a key, or the value of a choice."""

    screen: str
    key: Key | None = field(default=None, repr=False)  # it may be a digit of a PIN
    choice: str | None = field(default=None, repr=False)


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
        self._deadline: float | None = None
        self._extensions = 0
        self._supervised = False
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
                await self._begin_resting()
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

    async def _begin_resting(self) -> None:
        for device in self._desk.devices.all():
            self._health.device(device, device.state)
            if device.state is not DeviceState.ONLINE:
                logger.warning("%s is %s", device.name, device.state.value)
        await self._ask_printers()
        self._health.cover(is_open=bool(self._desk.devices.sensors.read(Sensor.COVER_OPEN)))
        if self._belongings().any_seen:
            # What lies there at start belongs to nobody and is never given to the next person (I-12).
            self._performer.raise_incident(NO_VISIT, "found_at_start")
        await self._performer.read_incidents()

    async def _ask_printers(self) -> None:
        """A printer says what becomes wrong, and at start something may have been for long."""
        for printer in (self._desk.devices.document_printer, self._desk.devices.receipt_printer):
            try:
                faults = (await printer.status()).faults
            except DriverError as error:
                logger.warning("%s", error)  # and its state says so
                continue
            self._health.printer_fault(printer, gravest(faults) if faults else None)

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
                return self._touched(item)
            case Answer(event, is_current):
                if is_current():
                    return event
                self.dropped += 1
                return None
            case _:
                return item

    def _advance(self, event: e.Event) -> None:
        before = self.state
        self.state, commands = advance(before, event, Moment(self._desk.clock.now(), new_id()))
        entered = type(self.state) is not type(before)
        if entered:
            logger.info("%s → %s", type(before).__name__, type(self.state).__name__)
            self._extensions = 0
        if isinstance(self.state, s.OutOfService) and self.state != before and self.state.troubles:
            logger.info("out of service: %s", ", ".join(self.state.troubles))
        if self.state != before or self._more_time(event):
            limit = limit_of(self.state, self._desk.config.limits)
            self._deadline = None if limit is None else self._desk.clock.monotonic() + limit
        for command in commands:
            self._performer.perform(command)
        if entered:
            self._tell(before)

    def _more_time(self, event: e.Event) -> bool:
        if event != e.Pressed(ScreenKey.MORE_TIME) or not counts_down(self.state):
            return False
        self._extensions += 1
        return self._extensions <= self._desk.config.limits.more_time

    def _tell(self, before: State) -> None:
        """What a state just entered must be told, because it could not see it happen."""
        match self.state:
            case s.HandingOver() | s.Collecting():
                self._queue.put_nowait(e.BelongingsChanged(self._belongings()))
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
        if self._supervised:
            self._queue.put_nowait(e.SupervisorSwitched(on=True))

    def _find(self, before: State) -> None:
        """Nobody is served over somebody else's things, however they came to lie there (R66, R68)."""
        there = self._belongings()
        found = there.sheets or there.receipt or (there.card and isinstance(before, s.Supervisor))
        if found and not self._health.current().troubles:
            self._performer.raise_incident(NO_VISIT, "found")

    def _show(self) -> None:
        limit, now = self._deadline, self._desk.clock.monotonic()
        remaining = None if limit is None else max(0.0, limit - now)
        for left in self._presenter.show(self.state, self._belongings(), remaining):
            self._performer.call_staff(_visit_of(self.state), left.value)
        if self._watch is not None:
            self._watch(self.state)

    def _belongings(self) -> s.Belongings:
        return belongings(self._desk.devices.card_reader, self._desk.devices.sensors)

    # --- what happens ------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """A key touched on the page means the same as that key on the keypad."""
        self._queue.put_nowait(Touch(_name(screen_of(self.state)), key=Key(key)))

    def choose(self, value: str) -> None:
        """A choice of the page; only what is on the screen can be chosen."""
        self._queue.put_nowait(Touch(_name(screen_of(self.state)), choice=value))

    def health_changed(self) -> None:
        """Something in Health was updated."""
        self._queue.put_nowait(self._health.current())

    def device_failing(self, name: str, *, fails: bool) -> None:
        """A device that is told what to do from beside the loop does not do it, or does it again."""
        self._health.failing(name, fails=fails)
        self.health_changed()

    def _touched(self, touch: Touch) -> e.Event | None:
        screen = screen_of(self.state)
        if _name(screen) != touch.screen:
            return None
        if touch.key is not None:
            return self._pressed(touch.key)
        offered = any(c.value == touch.choice and c.enabled for c in screen.choices)
        return e.Chosen(touch.choice) if offered and touch.choice is not None else None

    def _pressed(self, key: Key) -> e.Event | None:
        """Every key that means something here clicks, and all alike: nobody can hear a PIN."""
        event = visit_event(KeyPressed(key), screen_of(self.state), self._desk.pin)
        if event is not None:
            self._presenter.click()
        return event

    def _noticed(self, device: Device, event: DeviceEvent) -> e.Event | None:
        """What a device's event means: for Health, for the visit, or for nobody."""
        match event:
            case StateChanged(state=state, detail=detail):
                level = logging.INFO if state is DeviceState.ONLINE else logging.WARNING
                logger.log(level, "%s is %s %s", device.name, state.value, detail)
                self._health.device(device, state)
                if state is not DeviceState.ONLINE and device is self._desk.devices.card_reader:
                    self.health_changed()
                    return e.ReaderLost()
                return self._health.current()
            case PrinterNotReady(fault=fault):
                self._health.printer_fault(device, fault)
                return self._health.current()
            case PrinterReady():
                self._health.printer_fault(device, None)
                return self._health.current()
            case SensorChanged(sensor=Sensor.COVER_OPEN, value=is_open):
                self._health.cover(is_open=is_open)
                return self._health.current()
            case ButtonPressed(Button.CALL_STAFF):
                self._presenter.click()
                self._performer.call_staff(_visit_of(self.state), "called")
                return None
            case SensorChanged():
                return e.BelongingsChanged(self._belongings())
            case CardInserted() | CardMuteInserted() | SeveralCardsInserted() | CardRemoved() if (
                isinstance(self.state, s.HandingOver | s.Collecting)
            ):
                return e.BelongingsChanged(self._belongings())
            case KeyPressed(key):
                return self._pressed(key)
            case _:
                translated = visit_event(event, screen_of(self.state), self._desk.pin)
                if isinstance(translated, e.SupervisorSwitched):
                    self._supervised = translated.on
                return translated


def _name(screen: Screen) -> str:
    """Two notices in a row are one kind of screen, and still a touch means one of them."""
    return f"{screen.id}/{screen.title.id}"


def _visit_of(state: State) -> str:
    if isinstance(state, s.Idle | s.Guide | s.Closed | s.OutOfService | s.Supervisor):
        return NO_VISIT
    return state.visit.id
