"""One card in one slot of vsmartcard's virtual reader (vpcd), from being laid down to being gone.

One connection is one card in the slot, and each message a length (two bytes, big-endian) and that many
bytes. A message of one byte is an order of the reader's (power off, on, reset, answer to reset); any other
is a command for the card. The driver sends length and bytes apart, so that Nagle's algorithm and a
delayed acknowledgement would cost 40 ms a command; TCP_QUICKACK after every read takes them away.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from drivers.card.apdu_log import Exchange
from drivers.card.odd_card import OddCard
from drivers.card.oddities import Oddities
from drivers.card.software import SoftwareCard
from drivers.errors import NoCard

_POWER_ON, _RESET, _ASK_ATR = 1, 2, 4  # 0 is power off
_COMPUTE_SIGNATURE = b"\x2a"
_RECONNECT_S = 0.05
_LOCALHOST = "127.0.0.1"

# The driver asks for an answer to reset to see whether anything lies in the slot, so a mute thing must
# have one until it is powered; one that is longer than ISO 7816-3 allows then makes powering it fail.
_UNPOWERED_MUTE = bytes.fromhex("3B8001")
_POWERED_MUTE = bytes(64)


class ListenerFailed(Exception):
    """Nobody could be told of an exchange, as with a full disk under a log; the cause says why."""


class Stay:
    """On a thread of its own; connects again whenever the line is lost. ``card`` None is a mute thing."""

    def __init__(
        self,
        port: int,
        card: SoftwareCard | None,
        oddities: Oddities,
        listener: Callable[[Exchange], None] | None,
        sign_delay_s: Callable[[], float],
    ) -> None:
        self.noticed: Future[None] = Future()
        self.gone: Future[ListenerFailed | None] = Future()
        """With why, where the card did not leave by a hand."""
        self._port = port
        self._ended = threading.Event()
        self._card = None if card is None else OddCard(card, oddities, self._ended.set)
        self._listener = listener
        self._sign_delay_s = sign_delay_s
        self._powered = False
        self._line: socket.socket | None = None

    @property
    def commands(self) -> int:
        return 0 if self._card is None else self._card.commands

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"card at {self._port}", daemon=True).start()

    def end(self) -> None:
        """Pull the card, in the middle of whatever it is doing; harmless when it has gone."""
        self._ended.set()
        line = self._line
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        failure: ListenerFailed | None = None
        try:
            while not self._ended.is_set():
                with contextlib.suppress(OSError, NoCard):
                    self._lie_in_reader()
                self._powered = False
                if self._card is not None:
                    self._card.power_off()
                self._ended.wait(_RECONNECT_S)
        except ListenerFailed as error:
            failure = error
        finally:
            self.gone.set_result(failure)

    def _lie_in_reader(self) -> None:
        """Until pulled or until pcscd ends. Raises OSError where nobody listens, NoCard when pulled."""
        with socket.create_connection((_LOCALHOST, self._port), timeout=1.0) as line:
            line.settimeout(None)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line = line
            try:
                while not self._ended.is_set():
                    answer = self._answer(_received_message(line))
                    if answer is not None:
                        line.sendall(len(answer).to_bytes(2, "big") + answer)
            finally:
                self._line = None

    def _answer(self, message: bytes) -> bytes | None:
        if not self.noticed.done():
            self.noticed.set_result(None)
        if len(message) == 1:
            return self._obey(message[0])
        if self._card is None or not self._powered:
            return b""
        number, began, answer = self._card.commands + 1, time.perf_counter(), b""
        try:
            answer = self._spoken(self._card, message)
        finally:
            if self._listener is not None:
                seconds = time.perf_counter() - began
                self._tell(Exchange.of(number, message, answer, seconds))
        return answer

    def _tell(self, exchange: Exchange) -> None:
        assert self._listener is not None
        try:
            self._listener(exchange)
        except Exception as error:
            raise ListenerFailed(str(error)) from error

    def _spoken(self, card: OddCard, message: bytes) -> bytes:
        seconds = card.seconds_for(message)
        if message[1:2] == _COMPUTE_SIGNATURE:
            seconds += self._sign_delay_s()
        if self._ended.wait(None if math.isinf(seconds) else seconds):
            raise NoCard("pulled before it answered")
        return card.transmit(message)

    def _obey(self, order: int) -> bytes | None:
        if order == _ASK_ATR:
            return self._atr()
        self._powered = order in {_POWER_ON, _RESET}
        if self._card is not None:
            if self._powered:
                self._card.power_on()
            else:
                self._card.power_off()
        return None

    def _atr(self) -> bytes:
        if self._card is not None:
            return self._card.atr
        return _POWERED_MUTE if self._powered else _UNPOWERED_MUTE


def _received_message(line: socket.socket) -> bytes:
    return _received(line, int.from_bytes(_received(line, 2), "big"))


def _received(line: socket.socket, count: int) -> bytes:
    """Exactly ``count`` bytes. Raises ConnectionError at the end of the line."""
    octets = b""
    while len(octets) < count:
        part = line.recv(count - len(octets))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # the kernel forgets it
        if not part:
            raise ConnectionError("pcscd has closed the slot")
        octets += part
    return octets
