"""What was said to a card, without what may be secret or name a person.

A body is shown of SELECT only, where it is a name; everything else is a length. So no PIN can get here
by an instruction nobody thought of, no digest of a message, and nothing that a card answered.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Self, TextIO

_SELECT = 0xA4
_HEADER_SIZE = 4
_LONGEST_NAME = 18  # of an application: sixteen bytes, with Lc and Le


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and its answer, whose bytes are counted and not kept.

    ``number`` counts from when the card was laid down. ``received`` includes the status word; both are
    None and 0 where no answer left the card. ``seconds`` is the card's own time: from the last byte of
    the command to the first of the answer, without the line between.
    """

    number: int
    command: str
    sent: int
    received: int
    sw: int | None
    seconds: float

    @classmethod
    def of(cls, number: int, command: bytes, answer: bytes, seconds: float) -> Self:
        """``answer`` is b"" where none left the card."""
        sw = int.from_bytes(answer[-2:], "big") if answer else None
        return cls(number, masked(command), len(command), len(answer), sw, seconds)

    def __str__(self) -> str:
        told = "no answer" if self.sw is None else f"{self.sw:04X}"
        data = f", {self.received - 2} bytes" if self.received > 2 else ""
        return f"{self.number:4} {self.command} → {told}{data}  {self.seconds * 1000:.1f} ms"


def masked(command: bytes) -> str:
    """The header in hexadecimal, and of the rest no more than its length, unless it is a SELECT."""
    header, body = command[:_HEADER_SIZE], command[_HEADER_SIZE:]
    if not body:
        return header.hex(" ").upper()
    if header[1] == _SELECT and len(body) <= _LONGEST_NAME:
        return command.hex(" ").upper()
    return f"{header.hex(' ').upper()} ({len(body)} more)"


class ApduLog:
    """Writes one line for each exchange, at once; give it to a slot as its ``listener``."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, exchange: Exchange) -> None:
        now = dt.datetime.now(dt.UTC).astimezone()
        self._file.write(f"{now:%H:%M:%S.%f} {exchange}\n")
        self._file.flush()
