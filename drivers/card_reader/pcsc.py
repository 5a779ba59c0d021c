"""A contact or contactless reader at pcscd.

Two threads, two lines to pcscd: the monitor's (``pcsc_monitor``), which mostly waits, and the one that
talks to cards. A connection is exclusive, so that no other program sees a verified PIN, and every way out
of it cuts the card's power, so that nobody after us does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from drivers.card.apdu import Command, Response, converse, exchanges
from drivers.card_reader import CardConnection, CardReader
from drivers.card_reader.call_thread import CallThread
from drivers.card_reader.choice import ReaderChoice, compiled
from drivers.card_reader.observation import observed
from drivers.card_reader.pcsc_monitor import ReaderMonitor
from drivers.card_reader.pin_pad import PinPad, pin_pad_of
from drivers.card_reader.scard import CardHandle, Context, ReaderHeld, Scard
from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceTimeout, DeviceUnavailable, NoCard, SeveralCards

logger = logging.getLogger(__name__)

TRAFFIC = 5
"""Below DEBUG: one line a command, without the bytes of PINs and answers."""

FIRST_LOOK_S = 2.0
CLOSE_LIMIT_S = 1.0
POWER_LIMIT_S = 5.0  # a contactless card is polled for and activated within one second
HELD_LIMIT_S = 2.0  # programs that look at every card that is laid down are done by then
_HELD_AGAIN_S = 0.05
PIN_PAD_MARGIN_S = 5.0  # the reader counts the time for typing by itself, and begins later than we

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
        self._opening: Future[_Session] | None = None

    async def open(self) -> None:
        self._thread = CallThread(self.name)
        self._monitor = ReaderMonitor(self._scard, self._choice, self.publish)
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
        opening = self._opening = thread.submit(self._power_on)
        try:
            session = await self._within(POWER_LIMIT_S, opening, "connecting to the card")
            yield _PcscConnection(self, session)
        finally:
            self._opening = None
            await self._leave(thread, opening)

    async def exchange(self, session: _Session, command: Command) -> Response:
        """One command on the thread for cards, within the time limit."""
        octets = command.encode()
        answering = self._on_card_thread(lambda: session.card.transmit(octets))
        # Also when it is cancelled before it has begun.
        answering.add_done_callback(lambda _: _wipe(octets))
        return await self._answered(self._apdu_timeout_s, answering, f"{command!r}")

    async def verify_at_reader(
        self, session: _Session, command: Command, typing_s: float
    ) -> Response:
        """The reader fills the PIN into ``command`` itself. Raises also what ``PinPad`` raises."""
        limit_s = typing_s + PIN_PAD_MARGIN_S
        asking = self._on_card_thread(lambda: self._pin_pad(session).verify(command, typing_s))
        return await self._answered(limit_s, asking, "typing a PIN at the reader")

    def _pin_pad(self, session: _Session) -> PinPad:
        pad = pin_pad_of(session.card)
        if pad is None:
            advice = "this reader has no keys for a PIN: set pin_at_reader = false, or use another"
            raise DeviceUnavailable(self.name, self.state, advice)
        return pad

    def _on_card_thread(self, call: Callable[[], _T]) -> Future[_T]:
        if self._thread is None:
            raise DeviceUnavailable(self.name, DeviceState.OFFLINE, "it has been closed")
        return self._thread.submit(call)

    async def _answered(self, limit_s: float, answer: Future[bytes], doing: str) -> Response:
        response = Response.decode(await self._within(limit_s, answer, doing))
        logger.log(TRAFFIC, "%s: %s %r", self.name, doing, response)
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
        faces = self._choice.faces(names)
        if not faces:
            advice = self._choice.advice(names)
            raise DeviceUnavailable(self.name, DeviceState.NO_DEVICE, advice)
        card = _connected(context, faces[0] if len(faces) == 1 else _face_with_card(context, faces))
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

    async def verify_at_reader(self, command: Command, typing_s: float) -> Response:
        return await self._reader.verify_at_reader(self._session, command, typing_s)


def _face_with_card(context: Context, faces: tuple[str, ...]) -> str:
    """Where the one card lies. Raises NoCard, SeveralCards."""
    seen = observed(context.wait(dict.fromkeys(faces, 0), 0))
    match seen.occupied:
        case (face,):
            return face.name
        case ():
            raise NoCard("there is no card on any face of the reader")
        case _:
            raise SeveralCards("there are cards on more than one face of the reader")


def _connected(context: Context, face: str) -> CardHandle:
    """Ours alone. A program that holds the card gets a moment to end: many look at every new card."""
    deadline = time.monotonic() + HELD_LIMIT_S
    while True:
        try:
            return context.connect(face)
        except ReaderHeld:
            if time.monotonic() > deadline:
                raise
        time.sleep(_HELD_AGAIN_S)


def _power_off(opening: Future[_Session]) -> None:
    if opening.cancelled() or opening.exception() is not None:
        return
    session = opening.result()
    session.card.unpower()
    session.context.release()


def _wipe(octets: bytearray) -> None:
    octets[:] = bytes(len(octets))
