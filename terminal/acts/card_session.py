"""One visit's conversation with one card (R1): identify, verify once, sign twice, power off.

The first look (``identify``) connects and lets go, so that nothing is held while a person types. The
second holds the exclusive connection from VERIFY to the order's signature, because one PIN entry gives
two signatures; whoever leaves, leaves the card unpowered, so the verified state dies with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from drivers.card import jpki
from drivers.card_reader import CardConnection, CardReader
from drivers.errors import DeviceTimeout, NoCard

SIGNING_LIMIT_S = 15  # a slow contactless card signs in about one second


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
        """One VERIFY with ``pin`` (wiped here), then the signature of ``message``; stays connected."""
        async with self._speaking("signing in"):
            try:
                connection = await self._stack.enter_async_context(self._reader.connect())
                await jpki.run(connection, jpki.meet_again(self._read))
                await jpki.run(connection, jpki.verify_pin(pin))
                self._connection = connection
                return await jpki.run(connection, jpki.sign(message, self._read))
            except BaseException:
                await self._disconnect()
                raise
            finally:
                pin[:] = bytes(len(pin))

    async def sign(self, message: bytes) -> bytes:
        """A further signature under the same PIN entry. Raises NoCard when the card has left."""
        async with self._speaking("signing the order"):
            if self._connection is None:
                raise NoCard("the card is no longer connected")
            return await jpki.run(self._connection, jpki.sign(message, self._read))

    @asynccontextmanager
    async def _speaking(self, doing: str) -> AsyncGenerator[None, None]:
        """One conversation at a time, and none for ever. Raises DeviceTimeout."""
        async with self._turn:
            try:
                async with asyncio.timeout(SIGNING_LIMIT_S):
                    yield
            except DeviceTimeout:
                raise
            except TimeoutError as error:
                raise DeviceTimeout(self._reader.name, doing, SIGNING_LIMIT_S) from error

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
