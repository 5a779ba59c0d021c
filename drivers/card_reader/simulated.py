"""A reader in memory. The card on it is a working card: it answers APDUs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

from drivers.card.apdu import Command, Response, converse, resolved
from drivers.card.files import Steps
from drivers.card.jpki import PIN_LENGTH
from drivers.card.software import SoftwareCard
from drivers.card_reader import (
    CardConnection,
    CardInserted,
    CardMuteInserted,
    CardReader,
    CardRemoved,
    SeveralCardsInserted,
)
from drivers.device import DeviceState, StateChanged
from drivers.errors import (
    CardMute,
    DeviceUnavailable,
    ImpossibleAct,
    NoCard,
    PinEntryCancelled,
    PinEntryIncomplete,
    PinEntryTimedOut,
    SeveralCards,
)

_T = TypeVar("_T")


class SimulatedCardReader(CardReader):
    """``apdu_s`` is how long the card takes for each command. ``pin_at_reader``: it has keys for a PIN."""

    def __init__(
        self, name: str = "card reader", *, apdu_s: float = 0.0, pin_at_reader: bool = False
    ) -> None:
        super().__init__(name)
        self.apdu_s = apdu_s
        self._pin_at_reader = pin_at_reader
        self._typing: asyncio.Future[bytearray] | None = None
        self._card: SoftwareCard | None = None
        self._others = 0
        self._lay_there = False
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
    def pin_at_reader(self) -> bool:
        return self._pin_at_reader

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

    def insert_another(self) -> None:
        """A second card on the first: nobody can tell any more which is meant."""
        if not self._is_occupied:
            raise ImpossibleAct("there is no card to lay another one on")
        self._others += 1
        self._notice()

    def remove_another(self) -> None:
        if not self._others:
            raise ImpossibleAct("there is only one card")
        self._others -= 1
        self._notice()

    def type_pin(self, digits: str) -> None:
        """On the reader's own keys, and OK. "" is its cancel key."""
        if self._typing is None or self._typing.done():
            raise ImpossibleAct("the reader does not ask for a PIN")
        self._typing.set_result(bytearray(digits.encode()))

    def remove(self) -> None:
        """All that lies there."""
        if not self._is_occupied:
            raise ImpossibleAct("there is no card to take away")
        self._others = 0
        self._lose_contact()
        self._card, self._mute = None, False
        if self.state is DeviceState.ONLINE:
            self.publish(CardRemoved())

    def unplug(self) -> None:
        """Pull the reader's cable; what lies on it stays there."""
        if self.state is not DeviceState.ONLINE:
            raise ImpossibleAct("the reader is not plugged in")
        self._lose_contact()
        self._lay_there = self._is_occupied
        self.publish(StateChanged(DeviceState.NO_DEVICE, "unplugged"))

    def plug_in(self) -> None:
        if self.state is DeviceState.ONLINE:
            raise ImpossibleAct("the reader is plugged in already")
        self.publish(StateChanged(DeviceState.ONLINE))
        if self._lay_there:
            self.publish(CardRemoved())
        self._notice()

    def _lose_contact(self) -> None:
        if self._card is not None:
            self._card.power_off()
        if self._typing is not None and not self._typing.done():
            self._typing.set_exception(NoCard("the card was taken away while a PIN was typed"))

    def _need_empty(self) -> None:
        if self._is_occupied:
            raise ImpossibleAct("there is a card on the reader already")

    def _notice(self) -> None:
        if self.state is not DeviceState.ONLINE:
            return
        if self._others:
            self.publish(SeveralCardsInserted())
        elif self._card is not None:
            self.publish(CardInserted())
        elif self._mute:
            self.publish(CardMuteInserted())

    # --- the terminal ----------------------------------------------------------------------------

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[CardConnection, None]:
        self._need_online()
        if self._others:
            raise SeveralCards("there is more than one card on the reader")
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

    async def verify_at_reader(
        self, card: SoftwareCard, command: Command, typing_s: float
    ) -> Response:
        """Wait for ``type_pin``, then VERIFY with what was typed."""
        if not self._pin_at_reader:
            raise DeviceUnavailable(self.name, self.state, "this reader has no keys for a PIN")
        self._typing = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(typing_s):
                pin = await self._typing
        except TimeoutError as error:
            raise PinEntryTimedOut("no PIN was typed on the reader in time") from error
        finally:
            self._typing = None
        if not pin:
            raise PinEntryCancelled("typing a PIN on the reader was cancelled there")
        if len(pin) != PIN_LENGTH:
            raise PinEntryIncomplete("the PIN typed on the reader has not four digits")
        filled = Command(command.cla, command.ins, command.p1, command.p2, pin)
        try:
            return await self.exchange(card, filled)
        finally:
            pin[:] = bytes(len(pin))

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

    async def perform(self, steps: Steps[_T]) -> _T:
        return await converse(resolved(steps), lambda each: self._reader.exchange(self._card, each))

    async def verify_at_reader(self, command: Command, typing_s: float) -> Response:
        return await self._reader.verify_at_reader(self._card, command, typing_s)
