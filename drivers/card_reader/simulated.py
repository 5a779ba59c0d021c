"""A reader in memory. The card on it is a working card: it answers APDUs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from drivers.card.apdu import Command, Response, converse, exchanges
from drivers.card.software import SoftwareCard
from drivers.card_reader import (
    CardConnection,
    CardInserted,
    CardMuteInserted,
    CardReader,
    CardRemoved,
)
from drivers.device import DeviceState, StateChanged
from drivers.errors import CardMute, DeviceUnavailable, ImpossibleAct, NoCard


class SimulatedCardReader(CardReader):
    """``apdu_s`` is how long the card takes for each command."""

    def __init__(self, name: str = "card reader", *, apdu_s: float = 0.0) -> None:
        super().__init__(name)
        self.apdu_s = apdu_s
        self._card: SoftwareCard | None = None
        self._mute = False
        self._connected = False

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))
        self._notice()

    async def close(self) -> None:
        if self._card is not None:
            self._card.power_off()
        self.publish(StateChanged(DeviceState.OFFLINE))

    @property
    def card_present(self) -> bool:
        return self.state is DeviceState.ONLINE and self._is_occupied

    @property
    def _is_occupied(self) -> bool:
        return self._card is not None or self._mute

    # --- hands -----------------------------------------------------------------------------------

    def insert(self, card: SoftwareCard) -> None:
        self._need_empty()
        self._card = card
        self._notice()

    def insert_mute(self) -> None:
        """A card the wrong way round, or a piece of cardboard."""
        self._need_empty()
        self._mute = True
        self._notice()

    def remove(self) -> None:
        if not self._is_occupied:
            raise ImpossibleAct("there is no card to take away")
        if self._card is not None:
            self._card.power_off()
        self._card, self._mute = None, False
        if self.state is DeviceState.ONLINE:
            self.publish(CardRemoved())

    def unplug(self) -> None:
        """Pull the reader's cable; what lies on it stays there."""
        if self.state is not DeviceState.ONLINE:
            raise ImpossibleAct("the reader is not plugged in")
        if self._card is not None:
            self._card.power_off()
        if self._is_occupied:
            self.publish(CardRemoved())
        self.publish(StateChanged(DeviceState.NO_DEVICE, "unplugged"))

    def plug_in(self) -> None:
        if self.state is DeviceState.ONLINE:
            raise ImpossibleAct("the reader is plugged in already")
        self.publish(StateChanged(DeviceState.ONLINE))
        self._notice()

    def _need_empty(self) -> None:
        if self._is_occupied:
            raise ImpossibleAct("there is a card on the reader already")

    def _notice(self) -> None:
        if self.state is not DeviceState.ONLINE:
            return
        if self._card is not None:
            self.publish(CardInserted())
        elif self._mute:
            self.publish(CardMuteInserted())

    # --- the terminal ----------------------------------------------------------------------------

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[CardConnection, None]:
        self._need_online()
        if self._mute:
            raise CardMute("the card does not answer; is it the right way round?")
        if self._card is None:
            raise NoCard("there is no card on the reader")
        if self._connected:
            raise DeviceUnavailable(
                self.name, self.state, "another connection has the card; leave that one first"
            )
        card = self._card
        self._connected = True
        try:
            yield _Connection(self, card, card.power_on())
        finally:
            self._connected = False
            card.power_off()

    async def exchange(self, card: SoftwareCard, command: Command) -> Response:
        """One command to ``card``, which may be pulled before it is heard or while it answers."""
        await asyncio.sleep(self.apdu_s)
        self._need_still_here(card)
        octets = command.encode()
        try:
            answer = card.transmit(octets)
        finally:
            octets[:] = bytes(len(octets))
        await asyncio.sleep(0)
        self._need_still_here(card)
        return Response.decode(answer)

    def _need_still_here(self, card: SoftwareCard) -> None:
        self._need_online()
        if self._card is not card or not card.is_powered:  # put back, it has forgotten us
            raise NoCard("the card was taken away")

    def _need_online(self) -> None:
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(self.name, self.state, "plug the reader in")


class _Connection(CardConnection):
    def __init__(self, reader: SimulatedCardReader, card: SoftwareCard, atr: bytes) -> None:
        self._reader = reader
        self._card = card
        self._atr = atr

    @property
    def atr(self) -> bytes:
        return self._atr

    async def transmit(self, command: Command) -> Response:
        return await converse(
            exchanges(command), lambda each: self._reader.exchange(self._card, each)
        )
