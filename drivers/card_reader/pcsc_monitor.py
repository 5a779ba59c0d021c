"""Watches one PC/SC reader from its own thread, through everything that happens to pcscd and USB.

pcscd counts what is put in and taken out of each reader. That counter, not the flag "present", is what
is compared: a card swapped between two looks is a removal and an insertion.

One case escapes the counter. A card that is pulled while we speak to it is missed by pcscd only at its next
look, up to 0.4 s later at readers that cannot notify, and one that is laid down before that is never told to
anybody: pcscd 1.9 says that the reader is empty, without counting it, and pcscd 2.3 that the first card is
there still. So what is said to lie there is doubted after a removal that stays uncounted, and when whoever
speaks to cards found none (``doubt``); if pcscd has nothing new to say of it, the reader is looked at again.

Nobody can tell what lies in a reader that cannot be seen, so nothing is told of cards until it is back.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from drivers.card_reader.choice import ReaderChoice
from drivers.card_reader.observation import (
    Observation,
    after,
    changes,
    doubtful,
    forgotten,
    observed,
)
from drivers.card_reader.scard import CHANGED, PLUG_AND_PLAY, Context, Scard
from drivers.device import DeviceEvent, DeviceState
from drivers.errors import DeviceUnavailable, DriverError

logger = logging.getLogger(__name__)

RESYNC_S = 5.0  # at most this long is a lost notification believed
FIRST_BACK_OFF_S = 0.1  # a restarted pcscd answers again after some 10 ms
MAX_BACK_OFF_S = 5.0
UNCOUNTED_S = 1.0  # pcscd looks at a reader that cannot notify every 0.4 s
STOP_LIMIT_S = 2.0
_BREATH_S = 0.02  # a reader that reports without end must not take the whole processor


class ReaderMonitor:
    """Calls ``publish`` from its thread. ``latest`` may be read from any."""

    def __init__(
        self, scard: Scard, choice: ReaderChoice, publish: Callable[[DeviceEvent], None]
    ) -> None:
        self.latest = Observation(DeviceState.OFFLINE)
        self.first_look: Future[None] = Future()
        self._scard = scard
        self._choice = choice
        self._publish = publish
        self._context: Context | None = None
        self._plugged = 0
        """What pcscd last said of how many readers there are: 2.3 counts fewer than it lists."""
        self._back_off_s = FIRST_BACK_OFF_S
        self._stopping = threading.Event()
        self._doubted = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"{scard.device} monitor", daemon=True
        )

    @property
    def is_online(self) -> bool:
        return self.latest.state is DeviceState.ONLINE

    def start(self) -> None:
        """``first_look`` is done when ``latest`` has been seen."""
        self._thread.start()

    def doubt(self) -> None:
        """Somebody spoke to the card that is said to lie there, and found none. From the card's thread."""
        context = self._context
        if self.latest.occupied and context is not None:
            self._doubted.set()
            context.cancel()

    async def stop(self) -> None:
        """Return when the thread has ended; one that hangs in pcscd is left behind, silent."""
        self._stopping.set()
        # Not from the loop: a pcscd that hangs holds up whoever asks it for anything.
        threading.Thread(target=self._end_wait, name="end of a wait", daemon=True).start()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                while self._thread.is_alive():  # noqa: ASYNC110 - a thread's end is no event
                    await asyncio.sleep(_BREATH_S)
        except TimeoutError:
            logger.warning("%s: pcscd did not end the monitor's wait", self._scard.device)

    def _end_wait(self) -> None:
        while self._thread.is_alive():
            context = self._context
            if context is not None:
                context.cancel()  # again and again: it ends only a wait that has begun
            time.sleep(_BREATH_S)

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
        self._plugged = 0
        try:
            self._context = context
            while not self._stopping.is_set():
                names = context.readers()
                self._back_off_s = FIRST_BACK_OFF_S
                faces = self._choice.faces(names)
                if faces:
                    self._follow(context, faces)
                else:
                    self._observe(Observation(DeviceState.NO_DEVICE, self._choice.advice(names)))
                    self._wait(context, {}, RESYNC_S)
                self._stopping.wait(_BREATH_S)
        finally:
            self._context = None
            context.release()

    def _wait(
        self, context: Context, known: Mapping[str, int], limit_s: float
    ) -> tuple[dict[str, int], bool]:
        """States that differ, and whether readers have come or gone since this was last asked."""
        states = context.wait({**known, PLUG_AND_PLAY: self._plugged}, limit_s)
        told = states.pop(PLUG_AND_PLAY, None)
        if told is not None:
            self._plugged = told & ~CHANGED
        return states, told is not None

    def _follow(self, context: Context, faces: tuple[str, ...]) -> None:
        """Until readers come or go, or it is time to look at everything again."""
        known = dict.fromkeys(faces, 0)
        in_doubt: list[str] = []
        while not self._stopping.is_set():
            states, others = self._wait(context, known, UNCOUNTED_S if in_doubt else RESYNC_S)
            if self._doubted.is_set():
                self._doubted.clear()
                in_doubt = [face.name for face in self.latest.occupied]
                continue
            if not states and in_doubt:
                in_doubt = self._looked_again(context, in_doubt)
                if in_doubt:
                    continue  # while we speak to the card, it is not in doubt for long
            in_doubt = []
            seen = {face: states[face] & ~CHANGED for face in faces if face in states}
            known |= seen
            if seen:
                before = self.latest
                self._observe(observed(known))
                in_doubt = doubtful(before, self.latest)
            if not seen or not self.is_online or others:
                return
            self._stopping.wait(_BREATH_S)

    def _looked_again(self, context: Context, faces: list[str]) -> list[str]:
        """Those that could not be looked at now. Of the others nothing is known any more."""
        left = [face for face in faces if not context.look_again(face)]
        self.latest = forgotten(self.latest, set(faces) - set(left))
        return left

    def _observe(self, now: Observation) -> None:
        before = self.latest
        self.latest = now = after(before, now)
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
