"""Where a card is laid or inserted: notices it, and lends one exclusive connection at a time."""

from __future__ import annotations

import abc
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar

from drivers.card.apdu import Command, Response
from drivers.card.files import Steps, single
from drivers.device import Device, DeviceEvent

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CardInserted(DeviceEvent):
    """A card that answers lies in the reader."""


@dataclass(frozen=True, slots=True)
class CardRemoved(DeviceEvent):
    """The reader is empty again."""


@dataclass(frozen=True, slots=True)
class CardMuteInserted(DeviceEvent):
    """Something lies in the reader and gives no answer to reset."""


@dataclass(frozen=True, slots=True)
class SeveralCardsInserted(DeviceEvent):
    """More than one card lies there: on both faces of a dual-interface reader, or one upon the other."""


class CardConnection(abc.ABC):
    """An exclusive, powered conversation with one card."""

    @property
    @abc.abstractmethod
    def atr(self) -> bytes:
        """The answer to reset of the card this connection belongs to."""

    @abc.abstractmethod
    async def perform(self, steps: Steps[_T]) -> _T:
        """A whole protocol: its commands one after the other, 61xx and 6Cxx resolved, none ever repeated.

        Raises what the steps raise, NoCard when the card is gone, DeviceTimeout, DeviceUnavailable. Where
        it is cancelled, no further command is sent.
        """

    async def transmit(self, command: Command) -> Response:
        """One command, one answer. Raises like ``perform``."""
        return await self.perform(single(command))

    @abc.abstractmethod
    async def verify_at_reader(self, command: Command, typing_s: float) -> Response:
        """The reader takes a PIN of four digits from its own keys, and sends VERIFY with it.

        ``command`` is that VERIFY without its body; the PIN never enters this computer. ``typing_s``
        is how long the person may take. Raises DeviceUnavailable for a reader without keys,
        PinEntryCancelled, PinEntryTimedOut, PinEntryIncomplete, and what ``transmit`` raises.
        """


class CardReader(Device):
    """Publishes CardInserted, CardMuteInserted, SeveralCardsInserted, CardRemoved and StateChanged.

    CardRemoved is told when nothing of what was told before lies there any more, and only then; what
    lies there now, if something does, is told after it. A second card beside the first is
    SeveralCardsInserted, and when one of the two is left again, CardInserted: no removal between.

    While the reader is lost (StateChanged) nothing is told of cards. When it is back, whatever lay there
    counts as removed, and what lies there as laid down anew.
    """

    @property
    @abc.abstractmethod
    def card_present(self) -> bool:
        """True while anything, answering or mute, is seen to lie in the reader (R66)."""

    @property
    @abc.abstractmethod
    def pin_at_reader(self) -> bool:
        """Whether PINs are to be typed on the reader's own keys."""

    @abc.abstractmethod
    def connect(self) -> AbstractAsyncContextManager[CardConnection]:
        """Exclusive connection; leaving it always powers the card off, so a verified PIN dies.

        Raises NoCard, CardMute, SeveralCards, DeviceUnavailable (reader gone, held by another program).
        """
