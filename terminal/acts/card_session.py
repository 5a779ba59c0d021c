"""One visit's conversation with one card (R1): identify, verify once, sign twice, power off.

The first look (``identify``) connects and lets go, so that nothing is held while a person types. The
second holds the exclusive connection from VERIFY to the order's signature, because one PIN entry gives
two signatures; whoever leaves, leaves the card unpowered, so the verified state dies with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from drivers.card import jpki
from drivers.card_reader import CardConnection, CardReader
from drivers.errors import (
    CardError,
    DeviceTimeout,
    NoCard,
    PinEntryCancelled,
    PinEntryIncomplete,
    PinEntryTimedOut,
)

SIGNING_LIMIT_S = 15  # a slow contactless card signs in about one second
NOTHING_TYPED = (PinEntryCancelled, PinEntryTimedOut, PinEntryIncomplete, NoCard)
"""The reader's own keys came to no end that a card could have answered."""


class CardSession:
    """Holds at most one connection. All methods may be called again after ``release``."""

    def __init__(self, reader: CardReader) -> None:
        self._reader = reader
        self._stack = AsyncExitStack()
        self._connection: CardConnection | None = None
        self._turn = asyncio.Lock()
        self.card: jpki.CardSummary | None = None

    async def identify(self) -> jpki.CardSummary:
        """What card this is and how many tries are left (R45). Raises CardError, DriverError."""
        async with self._speaking("reading the card"):
            async with self._reader.connect() as connection:
                self.card = await jpki.run(connection, jpki.read_card(connection.atr))
                return self.card

    async def sign_in(self, pin: bytearray, message: bytes) -> bytes:
        """One VERIFY with ``pin`` (wiped here), then the signature of ``message``; stays connected.

        Raises CardExchanged, and sends no PIN, where this is not the card that was identified.
        """
        try:
            async with self._speaking("signing in"):
                return await self._connected(
                    lambda connection: jpki.run(connection, jpki.sign_in(self._read, pin, message))
                )
        finally:
            pin[:] = bytes(len(pin))

    async def sign_in_at_reader(
        self, message: bytes, typing_s: float, typed: Callable[[], None]
    ) -> bytes:
        """The same with a PIN that is typed on the reader's own keys within ``typing_s``.

        ``typed`` is called when the card has answered to it. Raises PinEntryCancelled, PinEntryTimedOut,
        PinEntryIncomplete too.
        """

        async def ask(connection: CardConnection) -> bytes:
            await jpki.run(connection, jpki.meet_again(self._read))
            try:
                await jpki.verify_at_reader(connection, typing_s)
            except NOTHING_TYPED:
                raise
            except CardError:
                typed()
                raise
            typed()
            return await jpki.run(connection, jpki.sign(message, self._read))

        async with self._speaking("signing in", typing_s + SIGNING_LIMIT_S):
            return await self._connected(ask)

    async def _connected(self, sign_in: Callable[[CardConnection], Awaitable[bytes]]) -> bytes:
        """Stay connected if it succeeds: the same PIN entry signs the order, too."""
        try:
            connection = await self._stack.enter_async_context(self._reader.connect())
            signature = await sign_in(connection)
        except BaseException:
            await self._disconnect()
            raise
        self._connection = connection
        return signature

    async def sign(self, message: bytes) -> bytes:
        """A further signature under the same PIN entry. Raises NoCard when the card has left."""
        async with self._speaking("signing the order"):
            if self._connection is None:
                raise NoCard("the card is no longer connected")
            return await jpki.run(self._connection, jpki.sign(message, self._read))

    @asynccontextmanager
    async def _speaking(
        self, doing: str, limit_s: float | None = None
    ) -> AsyncGenerator[None, None]:
        """One conversation at a time, and none for ever. Raises DeviceTimeout."""
        limit_s = limit_s or SIGNING_LIMIT_S
        async with self._turn:
            try:
                async with asyncio.timeout(limit_s):
                    yield
            except DeviceTimeout:
                raise
            except TimeoutError as error:
                raise DeviceTimeout(self._reader.name, doing, limit_s) from error

    @property
    def certificate(self) -> bytes:
        """DER of the card's authentication certificate."""
        return self._read.certificate

    @property
    def _read(self) -> jpki.CardSummary:
        if self.card is None:
            raise NoCard("no card has been read")
        return self.card

    async def release(self) -> None:
        """Power the card off and let go; harmless when nothing is held."""
        async with self._turn:
            await self._disconnect()

    async def _disconnect(self) -> None:
        self._connection = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()
