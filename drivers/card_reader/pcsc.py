"""A contact or contactless reader at pcscd.

Two threads, two lines to pcscd: the monitor's (``pcsc_monitor``), which mostly waits, and the one that
talks to cards. A connection is exclusive, so that no other program sees a verified PIN, and every way out
of it cuts the card's power, so that nobody after us does.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from drivers.card.apdu import Command, Response, converse, exchanges
from drivers.card_reader import CardConnection, CardReader
from drivers.card_reader.call_thread import CallThread
from drivers.card_reader.pcsc_monitor import ReaderMonitor, Slot, chosen, no_reader
from drivers.card_reader.scard import CardHandle, Context, Scard
from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceTimeout, DeviceUnavailable

logger = logging.getLogger(__name__)

TRAFFIC = 5
"""Below DEBUG: one line a command, without the bytes of PINs and answers."""

FIRST_LOOK_S = 2.0
CLOSE_LIMIT_S = 1.0
POWER_LIMIT_S = 5.0  # a contactless card is polled for and activated within one second

_T = TypeVar("_T")


class PcscCardReader(CardReader):
    """``pattern`` is a regular expression found in the reader's PC/SC name; the first such reader is used.

    Raises DeviceUnavailable where pyscard is missing or the pattern is none. A missing pcscd or reader is
    a state, not an error: both come back by themselves.
    """

    def __init__(self, name: str, pattern: str = ".", apdu_timeout_s: float = 5.0) -> None:
        super().__init__(name)
        self._pattern = _compiled(name, pattern)
        self._apdu_timeout_s = apdu_timeout_s
        self._scard = Scard(name)
        self._monitor: ReaderMonitor | None = None
        self._thread: CallThread | None = None
        self._opening: Future[_Session] | None = None

    async def open(self) -> None:
        self._thread = CallThread(self.name)
        self._monitor = ReaderMonitor(self._scard, self._pattern, self.publish)
        self._monitor.start()
        await asyncio.wait({asyncio.wrap_future(self._monitor.first_look)}, timeout=FIRST_LOOK_S)

    async def close(self) -> None:
        if self._monitor is not None:
            await self._monitor.stop()
        if self._thread is not None:
            if self._opening is not None:
                await self._leave(self._thread, self._opening)
            await self._thread.close(CLOSE_LIMIT_S)
        self._monitor = self._thread = None
        self.publish(StateChanged(DeviceState.OFFLINE))

    @property
    def card_present(self) -> bool:
        return self._monitor is not None and self._monitor.latest.slot is not Slot.EMPTY

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[CardConnection, None]:
        if self._thread is None:
            raise DeviceUnavailable(self.name, DeviceState.OFFLINE, "it has not been opened")
        if self._opening is not None:
            raise DeviceUnavailable(
                self.name, self.state, "another connection has the card; leave that one first"
            )
        thread = self._thread
        opening = self._opening = thread.submit(self._power_on)
        try:
            session = await self._within(POWER_LIMIT_S, opening, "connecting to the card")
            yield _PcscConnection(self, session)
        finally:
            self._opening = None
            await self._leave(thread, opening)

    async def exchange(self, session: _Session, command: Command) -> Response:
        """One command on the thread for cards, within the time limit."""
        if self._thread is None:
            raise DeviceUnavailable(self.name, DeviceState.OFFLINE, "it has been closed")
        octets = command.encode()
        answering = self._thread.submit(lambda: session.card.transmit(octets))
        # Also when it is cancelled before it has begun.
        answering.add_done_callback(lambda _: _wipe(octets))
        response = Response.decode(
            await self._within(self._apdu_timeout_s, answering, f"{command!r}")
        )
        logger.log(TRAFFIC, "%s: %r %r", self.name, command, response)
        return response

    def _power_on(self) -> _Session:
        context = self._scard.establish()
        try:
            return self._power_on_at(context)
        except BaseException:
            context.release()
            raise

    def _power_on_at(self, context: Context) -> _Session:
        names = context.readers()
        reader = chosen(names, self._pattern)
        if reader is None:
            missing = no_reader(names, self._pattern)
            raise DeviceUnavailable(self.name, missing.state, missing.detail)
        card = context.connect(reader)
        try:
            return _Session(context, card, card.atr())
        except BaseException:
            card.unpower()
            raise

    async def _leave(self, thread: CallThread, opening: Future[_Session]) -> None:
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


@dataclass(frozen=True, slots=True)
class _Session:
    """A card with a line to pcscd of its own. Used on the thread for cards only."""

    context: Context
    card: CardHandle
    atr: bytes


class _PcscConnection(CardConnection):
    def __init__(self, reader: PcscCardReader, session: _Session) -> None:
        self._reader = reader
        self._session = session

    @property
    def atr(self) -> bytes:
        return self._session.atr

    async def transmit(self, command: Command) -> Response:
        return await converse(
            exchanges(command), lambda each: self._reader.exchange(self._session, each)
        )


def _power_off(opening: Future[_Session]) -> None:
    if opening.cancelled() or opening.exception() is not None:
        return
    session = opening.result()
    session.card.unpower()
    session.context.release()


def _wipe(octets: bytearray) -> None:
    octets[:] = bytes(len(octets))


def _compiled(device: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        advice = f"“{pattern}” is not a regular expression: {error}"
        raise DeviceUnavailable(device, DeviceState.NO_DEVICE, advice) from error
