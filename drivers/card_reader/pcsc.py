"""A contact or contactless reader at pcscd.

Two threads, two lines to pcscd: the monitor's (``pcsc_monitor``), which mostly waits, and the one that
talks to cards (``pcsc_session``). A connection is exclusive, so that no other program sees a verified PIN,
and every way out of it cuts the card's power, so that nobody after us does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import TypeVar

from drivers.call_thread import CallThread
from drivers.card.apdu import Command, Response
from drivers.card.files import Steps
from drivers.card_reader import CardConnection, CardReader
from drivers.card_reader.choice import ReaderChoice, compiled
from drivers.card_reader.pcsc_monitor import ReaderMonitor
from drivers.card_reader.pcsc_session import Performance, Session
from drivers.card_reader.scard import Context, ReaderHeld, Scard
from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceTimeout, DeviceUnavailable, DriverError, NoCard

logger = logging.getLogger(__name__)

FIRST_LOOK_S = 2.0
CLOSE_LIMIT_S = 1.0
POWER_LIMIT_S = 5.0  # a contactless card is polled for and activated within one second
PIN_PAD_MARGIN_S = 15.0  # the reader counts by itself: until the first key, then ten seconds more

_T = TypeVar("_T")


class PcscCardReader(CardReader):
    """``pattern`` is a regular expression found in the reader's PC/SC name, ``serial`` the number in it;
    the first such reader is used, with all its faces (``drivers.card_reader.choice``).

    ``pin_at_reader``: PINs are typed on the reader's own keys and never enter this computer.

    Raises DeviceUnavailable where pyscard is missing or the pattern is none. A missing pcscd or reader is
    a state, not an error: both come back by themselves.
    """

    def __init__(
        self,
        name: str,
        pattern: str = ".",
        serial: str = "",
        *,
        apdu_timeout_s: float = 5.0,
        pin_at_reader: bool = False,
    ) -> None:
        super().__init__(name)
        self._choice = ReaderChoice(compiled(name, pattern), serial)
        self._apdu_timeout_s = apdu_timeout_s
        self._pin_at_reader = pin_at_reader
        self._scard = Scard(name)
        self._monitor: ReaderMonitor | None = None
        self._thread: CallThread | None = None
        self._opening: Future[Session] | None = None
        self._ahead: Context | None = None
        """A line to pcscd made ahead of need. Of the thread for cards only, like every session."""

    async def open(self) -> None:
        self._thread = CallThread(self.name)
        self._thread.submit(self._prepare)
        self._monitor = ReaderMonitor(self._scard, self._choice, self.publish)
        self._monitor.start()
        await asyncio.wait({asyncio.wrap_future(self._monitor.first_look)}, timeout=FIRST_LOOK_S)

    async def close(self) -> None:
        if self._monitor is not None:
            await self._monitor.stop()
        if self._thread is not None:
            if self._opening is not None:
                await self._leave(self._thread, self._opening)
            self._thread.submit(self._release_ahead)
            await self._thread.close(CLOSE_LIMIT_S)
        self._monitor = self._thread = None
        self.publish(StateChanged(DeviceState.OFFLINE))

    @property
    def card_present(self) -> bool:
        seen = self._monitor.latest if self._monitor is not None else None
        return seen is not None and seen.state is DeviceState.ONLINE and bool(seen.occupied)

    @property
    def pin_at_reader(self) -> bool:
        return self._pin_at_reader

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[CardConnection, None]:
        if self._thread is None:
            raise DeviceUnavailable(self.name, DeviceState.OFFLINE, "it has not been opened")
        if self._opening is not None:
            raise DeviceUnavailable(
                self.name, self.state, "another connection has the card; leave that one first"
            )
        thread = self._thread
        opening = self._opening = thread.submit(lambda: self._doubting(self._power_on))
        try:
            session = await self._within(POWER_LIMIT_S, opening, "connecting to the card")
            yield _PcscConnection(self, session)
        finally:
            self._opening = None
            await self._leave(thread, opening)
            thread.submit(self._prepare)

    async def perform(self, session: Session, steps: Steps[_T]) -> _T:
        """On the thread for cards, each command within the time limit; cancelled, nothing more is sent."""
        performance = Performance(session, steps)
        result = asyncio.wrap_future(self._on_card_thread(lambda: self._doubting(performance.run)))
        try:
            while True:
                left_s = performance.since + self._apdu_timeout_s - time.monotonic()
                done, _ = await asyncio.wait({result}, timeout=max(0.0, left_s))
                if done:
                    return result.result()
                if time.monotonic() >= performance.since + self._apdu_timeout_s:
                    raise DeviceTimeout(self.name, performance.doing, self._apdu_timeout_s)
        finally:
            performance.stop()
            if not result.cancel() and not result.cancelled():
                result.exception()  # of what ended just as it was given up, nobody need hear

    async def verify_at_reader(
        self, session: Session, command: Command, typing_s: float
    ) -> Response:
        """The reader fills the PIN into ``command`` itself."""
        asking = self._on_card_thread(lambda: session.verify_at_reader(command, typing_s))
        limit_s = typing_s + PIN_PAD_MARGIN_S
        return await self._within(limit_s, asking, "typing a PIN at the reader")

    def _on_card_thread(self, call: Callable[[], _T]) -> Future[_T]:
        if self._thread is None:
            raise DeviceUnavailable(self.name, DeviceState.OFFLINE, "it has been closed")
        return self._thread.submit(call)

    def _doubting(self, call: Callable[[], _T]) -> _T:
        """On the thread for cards: where no card is found, what pcscd says of the reader may be old."""
        try:
            return call()
        except NoCard:
            if self._monitor is not None:
                self._monitor.doubt()
            raise

    def _power_on(self) -> Session:
        session = self._session()
        try:
            if self._pin_at_reader:
                session.pin_pad()  # said before anybody is asked to type
        except BaseException:
            session.end()
            raise
        return session

    def _session(self) -> Session:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            try:
                return Session.begun(self.name, ahead, self._choice)
            except ReaderHeld:
                raise
            except DeviceUnavailable:
                pass  # pcscd may have been restarted since: then a new line is of use, and this one is not
        return Session.begun(self.name, self._scard.establish(), self._choice)

    def _prepare(self) -> None:
        """Make the next line to pcscd while nobody waits for it."""
        if self._ahead is None:
            with contextlib.suppress(DriverError):  # the monitor says what is wrong
                self._ahead = self._scard.establish()

    def _release_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.release()
            self._ahead = None

    async def _leave(self, thread: CallThread, opening: Future[Session]) -> None:
        """Cut the power behind whatever the thread is still doing; if that takes long, without us."""
        leaving = thread.submit(lambda: _power_off(opening))
        _, late = await asyncio.wait({asyncio.wrap_future(leaving)}, timeout=POWER_LIMIT_S)
        if late:
            logger.warning("%s: the card's power is still not off", self.name)

    async def _within(self, limit_s: float, future: Future[_T], doing: str) -> _T:
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise DeviceTimeout(self.name, doing, limit_s) from error


class _PcscConnection(CardConnection):
    def __init__(self, reader: PcscCardReader, session: Session) -> None:
        self._reader = reader
        self._session = session

    @property
    def atr(self) -> bytes:
        return self._session.atr

    async def perform(self, steps: Steps[_T]) -> _T:
        return await self._reader.perform(self._session, steps)

    async def verify_at_reader(self, command: Command, typing_s: float) -> Response:
        return await self._reader.verify_at_reader(self._session, command, typing_s)


def _power_off(opening: Future[Session]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().end()
