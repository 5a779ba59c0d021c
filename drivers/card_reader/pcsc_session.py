"""One card at pcscd from power-on to power-off. Everything here happens on the thread for cards.

A session has a line to pcscd of its own, which ends with it: pcscd keeps the last command of each line in
memory, and it may have been a VERIFY that a pulled card never answered.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Generic, Self, TypeVar

from drivers.card.apdu import Command, Response, resolved
from drivers.card.files import Steps
from drivers.card_reader.choice import ReaderChoice
from drivers.card_reader.observation import observed
from drivers.card_reader.pin_pad import PinPad, pin_pad_of
from drivers.card_reader.scard import CardHandle, Context, ReaderHeld
from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable, NoCard, SeveralCards

logger = logging.getLogger(__name__)

TRAFFIC = 5
"""Below DEBUG: one line a command, without the bytes of PINs and answers."""

HELD_LIMIT_S = 2.0  # programs that look at every card that is laid down are done by then
_HELD_AGAIN_S = 0.05

_T = TypeVar("_T")


class Session:
    """A powered card that is ours alone. ``device`` is the name that errors bear."""

    def __init__(self, device: str, context: Context, card: CardHandle, atr: bytes) -> None:
        self.device = device
        self.atr = atr
        self.card = card
        self._context = context

    @classmethod
    def begun(cls, device: str, context: Context, choice: ReaderChoice) -> Self:
        """Raises NoCard, CardMute, SeveralCards, DeviceUnavailable; the context is released then."""
        try:
            card = _connected(context, _face(device, context, choice))
            try:
                return cls(device, context, card, card.atr())
            except BaseException:
                card.unpower()
                raise
        except BaseException:
            context.release()
            raise

    def end(self) -> None:
        """Power off; harmless when card, reader or pcscd have gone."""
        self.card.unpower()
        self._context.release()

    def pin_pad(self) -> PinPad:
        """Raises DeviceUnavailable for a reader without keys."""
        pad = pin_pad_of(self.card)
        if pad is None:
            advice = "this reader has no keys for a PIN: set pin_at_reader = false, or use another"
            raise DeviceUnavailable(self.device, DeviceState.ONLINE, advice)
        return pad

    def verify_at_reader(self, command: Command, typing_s: float) -> Response:
        """Raises what ``pin_pad`` and ``PinPad.verify`` raise."""
        return Response.decode(self.pin_pad().verify(command, typing_s))


class Performance(Generic[_T]):
    """``steps`` on a session's card, all on the one thread: a hop to another costs as much as a command.

    ``stop`` may be called from any thread: what has not been sent by then never is.
    """

    def __init__(self, session: Session, steps: Steps[_T]) -> None:
        self.since = time.monotonic()
        """When the command that is being waited for was sent."""
        self.doing = "waiting for its turn"
        self._session = session
        self._steps = steps
        self._lock = threading.Lock()
        self._is_stopped = False

    def run(self) -> _T:
        """Raises what the steps raise, NoCard, DeviceUnavailable, HardwareFault."""
        steps = resolved(self._steps)
        try:
            command = next(steps)
            while True:
                command = steps.send(self._exchange(command))
        except StopIteration as done:
            result: _T = done.value
            return result
        finally:
            steps.close()

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True

    def _exchange(self, command: Command) -> Response:
        # Whoever stops us wipes the PIN next: either it is in ``octets`` by then, or it is not sent.
        with self._lock:
            if self._is_stopped:
                raise NoCard("nobody waits for the card any more")
            octets = command.encode()
            self.since, self.doing = time.monotonic(), repr(command)
        try:
            response = Response.decode(self._session.card.transmit(octets))
        finally:
            octets[:] = bytes(len(octets))
        logger.log(TRAFFIC, "%s: %r %r", self._session.device, command, response)
        return response


def _face(device: str, context: Context, choice: ReaderChoice) -> str:
    """The name under which the one card can be reached. Raises NoCard, SeveralCards, DeviceUnavailable."""
    names = context.readers()
    faces = choice.faces(names)
    if not faces:
        raise DeviceUnavailable(device, DeviceState.NO_DEVICE, choice.advice(names))
    if len(faces) == 1:
        return faces[0]
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
