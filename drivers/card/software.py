"""What every card in software is for a reader: something that is powered, answers, and forgets."""

from __future__ import annotations

import abc

from drivers.card.apdu import SW, Command, Response
from drivers.card.kinds import CardKind
from drivers.errors import ImpossibleAct

ATR_OF_KIND = {
    CardKind.MY_NUMBER: bytes.fromhex("3BE000FF8131FE4514"),  # by contact; OpenSC's table has it
    CardKind.JUKI: bytes.fromhex("3B888001000014E0B38191005E"),
    CardKind.ANDROID: bytes.fromhex("3B80800101"),
    CardKind.IPHONE: bytes.fromhex("3B80800101"),
    CardKind.LICENCE: bytes.fromhex("3B88800100000000009181C100D8"),
    CardKind.TRANSIT: bytes.fromhex("3B8F8001804F0CA00000030611003B0000000042"),  # PC/SC 3: FeliCa
    CardKind.BANK: bytes.fromhex("3B80800101"),
    CardKind.OTHER: bytes.fromhex("3B8180018080"),
}
CONTACTLESS_ATR = bytes.fromhex("3B888001000005E0B381A1007F")
"""A My Number Card on a contactless reader: one of several that are known."""


class SoftwareCard(abc.ABC):
    """Not thread-safe: a card lies in one reader at a time."""

    def __init__(self) -> None:
        self._is_powered = False

    @property
    @abc.abstractmethod
    def kind(self) -> CardKind: ...

    @property
    def atr(self) -> bytes:
        return ATR_OF_KIND[self.kind]

    @property
    def is_powered(self) -> bool:
        return self._is_powered

    def power_on(self) -> bytes:
        """The answer to reset. Done to a powered card it is a warm reset."""
        self._is_powered = True
        return self.atr

    def power_off(self) -> None:
        self._is_powered = False

    def transmit(self, octets: bytes | bytearray) -> bytes:
        """One command, one answer. Raises ImpossibleAct without power."""
        if not self._is_powered:
            raise ImpossibleAct("a card without power cannot answer")
        try:
            command = Command.decode(octets)
        except ValueError:
            return just(SW.WRONG_LENGTH).encode()
        return self._answer(command).encode()

    @abc.abstractmethod
    def _answer(self, command: Command) -> Response: ...


def just(sw: int) -> Response:
    """A status word without data."""
    return Response(b"", sw)
