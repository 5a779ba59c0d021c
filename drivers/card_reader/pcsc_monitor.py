"""Watches one PC/SC reader from its own thread, through everything that happens to pcscd and USB.

pcscd counts what is put in and taken out of each reader. That counter, not the flag "present", is what
is compared: a card swapped between two looks is a removal and an insertion.

One case escapes the counter. Where a card is pulled while we speak to it, pcscd marks the reader as empty
when we let go, but counts the removal only at its next look, up to 0.4 s later. A card that is laid down
before that is never told to anybody. So after a removal that stays uncounted the reader is looked at again.

A reader that cannot be seen any more is reported as empty first, since nobody can tell what lies in it;
when it is back, whatever lies in it is reported as inserted. So insertions and removals always alternate.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum, auto

from drivers.card_reader import CardInserted, CardMuteInserted, CardRemoved
from drivers.card_reader.scard import (
    CHANGED,
    COUNTER_SHIFT,
    MUTE,
    PLUG_AND_PLAY,
    PRESENT,
    UNAVAILABLE,
    Context,
    Scard,
)
from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, DriverError

logger = logging.getLogger(__name__)

RESYNC_S = 5.0  # at most this long is a lost notification believed
FIRST_BACK_OFF_S = 0.1  # a restarted pcscd answers again after some 10 ms
MAX_BACK_OFF_S = 5.0
UNCOUNTED_S = 1.0  # pcscd looks at a reader that cannot notify every 0.4 s
STOP_LIMIT_S = 2.0
_BREATH_S = 0.02  # a reader that reports without end must not take the whole processor


class Slot(Enum):
    """What lies in a reader."""

    EMPTY = auto()
    CARD = auto()
    MUTE = auto()


@dataclass(frozen=True, slots=True)
class Observation:
    """A reader at one moment; ``counter`` is pcscd's, of insertions and removals."""

    state: DeviceState
    detail: str = ""
    reader: str = ""
    slot: Slot = Slot.EMPTY
    counter: int = 0


def observed(reader: str, state: int) -> Observation:
    """From the bits of PC/SC."""
    if state & UNAVAILABLE:
        return Observation(DeviceState.NO_DEVICE, f"{reader} has gone: check its cable")
    slot = Slot.EMPTY
    if state & PRESENT:
        slot = Slot.MUTE if state & MUTE else Slot.CARD
    return Observation(DeviceState.ONLINE, "", reader, slot, state >> COUNTER_SHIFT)


def changes(before: Observation, now: Observation) -> list[DeviceEvent]:
    """The events that lead from one observation to the next, in the order they are told."""
    told: list[DeviceEvent] = []
    is_same = (before.reader, before.slot, before.counter) == (now.reader, now.slot, now.counter)
    if before.slot is not Slot.EMPTY and not is_same:
        told.append(CardRemoved())
    if before.state is not now.state:
        told.append(StateChanged(now.state, now.detail))
    if now.slot is not Slot.EMPTY and not is_same:
        told.append(CardMuteInserted() if now.slot is Slot.MUTE else CardInserted())
    return told


def is_doubtful(before: Observation, now: Observation) -> bool:
    """Whether a reader that is said to be empty may not be: a card went, and pcscd has not counted it."""
    is_same_reader = (before.reader, before.counter) == (now.reader, now.counter)
    return is_same_reader and before.slot is not Slot.EMPTY and now.slot is Slot.EMPTY


def chosen(names: Iterable[str], pattern: re.Pattern[str]) -> str | None:
    """The first reader, in pcscd's order, in whose name the pattern is found."""
    return next((name for name in names if pattern.search(name)), None)


def no_reader(names: list[str], pattern: re.Pattern[str]) -> Observation:
    """What to do depends on whether pcscd sees other readers."""
    if not names:
        advice = "pcscd sees no reader: check its cable"
    else:
        seen = ", ".join(f"“{name}”" for name in names)
        advice = f"no reader's name matches “{pattern.pattern}”; pcscd sees {seen}"
    return Observation(DeviceState.NO_DEVICE, advice)


class ReaderMonitor:
    """Calls ``publish`` from its thread. ``latest`` may be read from any."""

    def __init__(
        self, scard: Scard, pattern: re.Pattern[str], publish: Callable[[DeviceEvent], None]
    ) -> None:
        self.latest = Observation(DeviceState.OFFLINE)
        self.first_look: Future[None] = Future()
        self._scard = scard
        self._pattern = pattern
        self._publish = publish
        self._context: Context | None = None
        self._back_off_s = FIRST_BACK_OFF_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"{scard.device} monitor", daemon=True
        )

    def start(self) -> None:
        """``first_look`` is done when ``latest`` has been seen."""
        self._thread.start()

    async def stop(self) -> None:
        """Return when the thread has ended; one that hangs in pcscd is left behind, silent."""
        self._stopping.set()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                while self._thread.is_alive():
                    context = self._context
                    if context is not None:
                        context.cancel()  # again and again: it ends only a wait that has begun
                    await asyncio.sleep(_BREATH_S)
        except TimeoutError:
            logger.warning("%s: pcscd did not end the monitor's wait", self._scard.device)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._watch()
            except DriverError as error:
                self._lose(_lost(error))
            except (
                Exception
            ):  # a thread that died here would leave a reader that looks well and sees nothing
                if self._stopping.is_set():
                    return
                logger.exception("%s: watching it failed", self._scard.device)
                self._lose(Observation(DeviceState.HARDWARE_ERROR, "the log says why"))

    def _lose(self, seen: Observation) -> None:
        self._observe(seen)
        self._stopping.wait(self._back_off_s)
        self._back_off_s = min(self._back_off_s * 2, MAX_BACK_OFF_S)

    def _watch(self) -> None:
        """Until stopped. Raises DriverError when the line to pcscd is of no more use."""
        context = self._scard.establish()
        try:
            self._context = context
            while not self._stopping.is_set():
                names = context.readers()
                self._back_off_s = FIRST_BACK_OFF_S
                reader = chosen(names, self._pattern)
                if reader is None:
                    self._observe(no_reader(names, self._pattern))
                    context.wait({PLUG_AND_PLAY: len(names) << COUNTER_SHIFT}, RESYNC_S)
                else:
                    self._follow(context, reader, len(names))
                self._stopping.wait(_BREATH_S)
        finally:
            self._context = None
            context.release()

    def _follow(self, context: Context, reader: str, readers: int) -> None:
        """Until readers come or go, or it is time to look at everything again."""
        known = 0
        in_doubt = False
        while not self._stopping.is_set():
            states = context.wait(
                {reader: known, PLUG_AND_PLAY: readers << COUNTER_SHIFT},
                UNCOUNTED_S if in_doubt else RESYNC_S,
            )
            if in_doubt and not states:
                context.look_again(reader)
            in_doubt = False
            if reader in states:
                known = states[reader] & ~CHANGED
                before = self.latest
                self._observe(observed(reader, known))
                in_doubt = is_doubtful(before, self.latest)
            if reader not in states or known & UNAVAILABLE or PLUG_AND_PLAY in states:
                return
            self._stopping.wait(_BREATH_S)

    def _observe(self, now: Observation) -> None:
        before, self.latest = self.latest, now
        if (before.state, before.detail) != (now.state, now.detail):
            logger.info("%s is %s %s", self._scard.device, now.state.value, now.detail)
        for event in changes(before, now):
            if not self._stopping.is_set():
                self._publish(event)
        if not self.first_look.done():
            self.first_look.set_result(None)


def _lost(error: DriverError) -> Observation:
    if isinstance(error, DeviceUnavailable):
        return Observation(error.state, error.advice)
    return Observation(DeviceState.HARDWARE_ERROR, str(error))
