"""Puts a virtual card into a real pcscd, through the TCP port of vsmartcard's virtual reader.

One connection is one card in the slot, and each message a length (two bytes, big-endian) and that many
bytes. A message of one byte is an order of the reader's (power off, on, reset, answer to reset); any other
is a command for the card. The driver sends length and bytes apart, so that Nagle's algorithm and a
delayed acknowledgement would cost 40 ms a command; TCP_QUICKACK after every read takes them away.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from drivers.card.software import SoftwareCard
from drivers.card.virtual import VirtualCard
from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable, ImpossibleAct

DEFAULT_PORT = 35963

_POWER_ON, _RESET, _ASK_ATR = 1, 2, 4  # 0 is power off
_COMPUTE_SIGNATURE = b"\x2a"
_NOTICED_LIMIT_S = 5.0  # the driver looks for a card every 0.4 s
_RECONNECT_S = 0.05
_PULLED_LIMIT_S = 2.0
_LOCALHOST = "127.0.0.1"

# The driver asks for an answer to reset to see whether anything lies in the slot, so a mute thing must
# have one until it is powered; one that is longer than ISO 7816-3 allows then makes powering it fail.
_UNPOWERED_MUTE = bytes.fromhex("3B8001")
_POWERED_MUTE = bytes(64)


class VpcdSlot:
    """A slot of a running pcscd. ``async with`` it, or ``close`` it; the card lives on its own thread.

    A card stays in the slot through restarts of pcscd. ``sign_delay_s`` is how long it takes to sign.
    """

    def __init__(self, port: int = DEFAULT_PORT, *, sign_delay_s: float = 0.0) -> None:
        self.port = port
        self.sign_delay_s = sign_delay_s
        self._inserted: _Inserted | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def occupied(self) -> bool:
        return self._inserted is not None

    async def insert(self, card: SoftwareCard) -> None:
        """Return when the reader has noticed. Raises ImpossibleAct, DeviceUnavailable (no pcscd there)."""
        await self._put(_Inserted(self.port, card, lambda: self.sign_delay_s))

    async def insert_mute(self) -> None:
        """Something that gives no answer to reset."""
        await self._put(_Inserted(self.port, None, lambda: 0.0))

    async def remove(self) -> None:
        """The reader notices within 0.4 s, or with the next command."""
        if self._inserted is None:
            raise ImpossibleAct("there is no card in the slot")
        await self.close()

    async def close(self) -> None:
        inserted, self._inserted = self._inserted, None
        if inserted is not None:
            inserted.pull()
            await asyncio.wait({asyncio.wrap_future(inserted.gone)}, timeout=_PULLED_LIMIT_S)

    async def _put(self, inserted: _Inserted) -> None:
        if self._inserted is not None:
            raise ImpossibleAct("there is a card in the slot already")
        self._inserted = inserted
        inserted.start()
        noticed = asyncio.wrap_future(inserted.noticed)
        done, _ = await asyncio.wait({noticed}, timeout=_NOTICED_LIMIT_S)
        if not done:
            await self.close()
            advice = (
                f"no virtual reader took a card at port {self.port}: is pcscd running, with vpcd?"
            )
            raise DeviceUnavailable("virtual card reader", DeviceState.OFFLINE, advice)


class _Inserted:
    """A card between being put in and being pulled: connects again whenever the line is lost."""

    def __init__(
        self, port: int, card: SoftwareCard | None, sign_delay_s: Callable[[], float]
    ) -> None:
        self.noticed: Future[None] = Future()
        self.gone: Future[None] = Future()
        self._port = port
        self._card = card
        self._sign_delay_s = sign_delay_s
        self._powered = False
        self._pulled = threading.Event()
        self._line: socket.socket | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"card at {self._port}", daemon=True).start()

    def pull(self) -> None:
        """In the middle of whatever the card is doing."""
        self._pulled.set()
        line = self._line
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        while not self._pulled.is_set():
            with contextlib.suppress(OSError):
                self._lie_in_reader()
            self._powered = False
            if self._card is not None:
                self._card.power_off()
            self._pulled.wait(_RECONNECT_S)
        self.gone.set_result(None)

    def _lie_in_reader(self) -> None:
        """Until pulled or until pcscd ends. Raises OSError where nobody listens."""
        with socket.create_connection((_LOCALHOST, self._port), timeout=1.0) as line:
            line.settimeout(None)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line = line
            try:
                while not self._pulled.is_set():
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
        is_to_sign = message[1:2] == _COMPUTE_SIGNATURE
        if is_to_sign and self._pulled.wait(self._sign_delay_s()):
            raise ConnectionError("pulled while it signed")
        return self._card.transmit(message)

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


@click.command()
@click.option(
    "--card",
    "path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A card file (drivers/card/cardfile.py); wrong PINs are counted in it.",
)
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="The slot's TCP port.")
@click.option("--sign-delay", default=0, metavar="MS", help="How long the card takes to sign.")
def main(path: Path, port: int, sign_delay: int) -> None:
    """Put a virtual card into a running pcscd, until Ctrl-C."""
    try:
        card = VirtualCard.from_file(path)
        asyncio.run(_hold(card, port, sign_delay / 1000))
    except (ValueError, OSError, DeviceUnavailable) as error:
        raise click.ClickException(str(error)) from error


async def _hold(card: VirtualCard, port: int, sign_delay_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with VpcdSlot(port, sign_delay_s=sign_delay_s) as slot:
        await slot.insert(card)
        click.echo(f"The card lies in the reader at port {port}. Ctrl-C takes it out.")
        await stop.wait()


if __name__ == "__main__":
    main()
