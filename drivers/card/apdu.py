"""What a card is asked and what it answers: short command and response APDUs (ISO/IEC 7816-3, -4).

Short only: 255 bytes there, 256 back. Several contactless readers carry no more, and two extended
ones would save a visit 60 ms.

A PIN travels in ``Command.data`` as the caller's own bytearray, so that wiping it there wipes it here;
``encode`` gives one more bytearray, for the reader to wipe. What the libraries below copy while they
send it cannot be wiped from here: see ``drivers.card.jpki.verify_pin`` for what is done about that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from enum import IntEnum
from typing import Self, TypeVar

from drivers.errors import CardProtocolError

MAX_DATA = 255
MAX_LE = 256

SECRET_INS = frozenset({0x20, 0x24, 0x2C})
"""VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER: their bodies are PINs."""

_MAX_CONTINUATIONS = 256  # 64 KiB in one answer: no card that means well sends more

_SHOWN = 32

_Ask = TypeVar("_Ask")
_Answer = TypeVar("_Answer")
_Result = TypeVar("_Result")


class SW(IntEnum):
    """Status words that mean something to us. A card may send any other."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    PIN_BLOCKED_NOW = 0x63C0
    WRONG_LENGTH = 0x6700
    SECURITY_NOT_SATISFIED = 0x6982
    AUTHENTICATION_BLOCKED = 0x6983
    REFERENCE_DATA_BLOCKED = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    NO_CURRENT_EF = 0x6986
    FILE_NOT_FOUND = 0x6A82
    WRONG_P1_P2 = 0x6A86
    REFERENCE_DATA_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    UNKNOWN_INS = 0x6D00
    UNKNOWN_CLA = 0x6E00
    NO_DIAGNOSIS = 0x6F00


@dataclass(frozen=True, slots=True)
class Command:
    """``le`` is how many bytes are expected back, 1 to 256; None where none are."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes | bytearray = b""
    le: int | None = None

    def __post_init__(self) -> None:
        if not all(0 <= octet <= 0xFF for octet in (self.cla, self.ins, self.p1, self.p2)):
            raise ValueError("CLA, INS, P1 and P2 are one byte each")
        if len(self.data) > MAX_DATA:
            raise ValueError(f"{len(self.data)} bytes of data do not fit into a short command")
        if self.le is not None and not 1 <= self.le <= MAX_LE:
            raise ValueError(f"Le of a short command is 1 to {MAX_LE}, not {self.le}")

    @property
    def is_secret(self) -> bool:
        """Whether the body is a PIN: never shown, never sent twice."""
        return self.ins in SECRET_INS and len(self.data) > 0

    def encode(self) -> bytearray:
        """As it goes over the line. The caller wipes it when ``is_secret``.

        Raises ValueError for a PIN that has been wiped meanwhile: it would cost its owner a try.
        """
        if self.is_secret and not any(self.data):
            raise ValueError("a PIN that has been wiped is not sent")
        octets = bytearray((self.cla, self.ins, self.p1, self.p2))
        if self.data:
            octets.append(len(self.data))
            octets += self.data
        if self.le is not None:
            octets.append(self.le % MAX_LE)
        return octets

    @classmethod
    def decode(cls, octets: bytes | bytearray) -> Self:
        """The card's side of ``encode``. Raises ValueError for what is no short command."""
        if len(octets) < 4:
            raise ValueError("a command has at least four bytes")
        cla, ins, p1, p2 = octets[:4]
        body = bytes(octets[4:])
        if len(body) == 0:
            return cls(cla, ins, p1, p2)
        if len(body) == 1:
            return cls(cla, ins, p1, p2, le=body[0] or MAX_LE)
        length, rest = body[0], body[1:]
        if length == 0 or not length <= len(rest) <= length + 1:
            raise ValueError("Lc and the number of bytes that follow disagree")
        le = (rest[length] or MAX_LE) if len(rest) > length else None
        return cls(cla, ins, p1, p2, rest[:length], le)

    def __repr__(self) -> str:
        head = f"{self.cla:02X} {self.ins:02X} {self.p1:02X} {self.p2:02X}"
        if self.data:
            shown = "[secret]" if self.ins in SECRET_INS else _shortened(self.data)
            head += f" ({len(self.data)}) {shown}"
        return f"<{head}{'' if self.le is None else f' Le={self.le}'}>"


def _shortened(data: bytes | bytearray) -> str:
    return data[:_SHOWN].hex().upper() + ("…" if len(data) > _SHOWN else "")


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. Its ``repr`` leaves the data out: a certificate names a person."""

    data: bytes
    sw: int

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Raises CardProtocolError where not even a status word came."""
        if len(octets) < 2:
            raise CardProtocolError(f"the card answered {len(octets)} bytes, without a status word")
        return cls(octets[:-2], int.from_bytes(octets[-2:], "big"))

    def encode(self) -> bytes:
        return self.data + self.sw.to_bytes(2, "big")

    def __repr__(self) -> str:
        return f"<{len(self.data)} bytes, {self.sw:04X}>"


def tries_left(sw: int) -> int | None:
    """How many tries a status word grants, 0 for every way to say "blocked"; None for any other word.

    Cards in the field say blocked as 63C0 (this try did it), 6983 or, by JICSAP, 6984 (R45).
    """
    if sw in {SW.AUTHENTICATION_BLOCKED, SW.REFERENCE_DATA_BLOCKED}:
        return 0
    return sw & 0xF if sw & 0xFFF0 == SW.PIN_BLOCKED_NOW else None


def exchanges(command: Command) -> Generator[Command, Response, Response]:
    """What must be sent for one whole answer: the rest after 61xx, again with the right Le after 6Cxx.

    A command with a PIN in it is never sent again. Raises CardProtocolError for a card without end.
    """
    response = yield command
    if response.sw >> 8 == 0x6C and not command.is_secret:
        le = response.sw & 0xFF or MAX_LE
        response = yield Command(command.cla, command.ins, command.p1, command.p2, command.data, le)
    data = bytearray(response.data)
    for _ in range(_MAX_CONTINUATIONS):
        if response.sw >> 8 != 0x61:
            return Response(bytes(data), response.sw)
        response = yield Command(command.cla & 0x03, 0xC0, 0, 0, le=response.sw & 0xFF or MAX_LE)
        data += response.data
    raise CardProtocolError("the card never ends its answer")


def resolved(steps: Generator[Command, Response, _Result]) -> Generator[Command, Response, _Result]:
    """The same protocol with every answer made whole (``exchanges``)."""
    try:
        command = next(steps)
        while True:
            command = steps.send((yield from exchanges(command)))
    except StopIteration as done:
        result: _Result = done.value
        return result
    finally:
        steps.close()


async def converse(
    steps: Generator[_Ask, _Answer, _Result], ask: Callable[[_Ask], Awaitable[_Answer]]
) -> _Result:
    """Run ``steps``, putting every question to ``ask``; whatever ``ask`` raises ends both."""
    try:
        question = next(steps)
        while True:
            question = steps.send(await ask(question))
    except StopIteration as done:
        result: _Result = done.value
        return result
    finally:
        steps.close()
