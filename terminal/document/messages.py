"""What daemon and worker say to each other: closed structs, length-prefixed, over a socket pair.

    daemon → worker                     worker → daemon
                                        Hello
    Prepare                             Prepared
    AddCopy, for copies 1 to n          CopyReady
    Finish                              DocumentReady, with the vault's descriptor (SCM_RIGHTS)
    Wipe, at any time                   Wiped, then the end of the stream

Instead of any answer a refusal may come (``IntegrityRefused``, ``ClerkRefused``, ``Stopped``); the
worker has then wiped everything and ends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from drivers.printer import PageFormat
from terminal.document.errors import Check, Disagreement
from terminal.link import wire

_LENGTH = struct.Struct(">I")
# A set of 40 pages with fonts in each stays below 8 MiB; more is an attack or a bug.
MESSAGE_LIMIT = 32 * 1024 * 1024

Name = Annotated[str, Meta(pattern=r"\S")]


class Expected(wire.Message, frozen=True, kw_only=True):
    """What the visit knows about its document before it comes: everything to compare it with.

    ``names`` are those of the chosen people as the offer wrote them, ``city_name`` likewise.
    ``not_before`` and ``not_after`` bound the moment of issue: the visit's own day at the widest.
    """

    order: wire.Order
    subject_tag: wire.Digest
    names: Annotated[tuple[Name, ...], Meta(min_length=1)]
    city_name: str
    not_before: datetime
    not_after: datetime


class Hello(wire.Message, frozen=True, kw_only=True, tag="hello"):
    public_key: wire.Digest


class Prepare(wire.Message, frozen=True, kw_only=True, tag="prepare"):
    """``city_keys`` are PEMs by key id, pinned for the order's city and no other.

    ``ground``: packed rows of a whole side (ground.py), or nothing for paper without.
    """

    expected: Expected
    page_format: PageFormat
    city_keys: dict[str, bytes]
    require_locked: bool
    ground: bytes = b""


class Prepared(wire.Message, frozen=True, kw_only=True, tag="prepared"):
    pass


class AddCopy(wire.Message, frozen=True, kw_only=True, tag="add_copy"):
    document: wire.SealedDocument


class CopyReady(wire.Message, frozen=True, kw_only=True, tag="copy_ready"):
    """Opened, compared with the manifest, read by the clerk and rasterised."""

    copy: int
    serial: str
    sheets: int
    issue_date: date


class Finish(wire.Message, frozen=True, kw_only=True, tag="finish"):
    pass


class DocumentReady(wire.Message, frozen=True, kw_only=True, tag="document_ready"):
    """``length`` bytes of PWG raster lie in the descriptor that travels with this message."""

    sheets: int
    length: int
    locked: bool


class Wipe(wire.Message, frozen=True, kw_only=True, tag="wipe"):
    pass


class Wiped(wire.Message, frozen=True, kw_only=True, tag="wiped"):
    pass


class IntegrityRefused(wire.Message, frozen=True, kw_only=True, tag="integrity_refused"):
    check: Check
    copy: int
    page: int | None


class ClerkRefused(wire.Message, frozen=True, kw_only=True, tag="clerk_refused"):
    what: Disagreement
    copy: int
    page: int | None


class Stopped(wire.Message, frozen=True, kw_only=True, tag="stopped"):
    """Any other end. ``reason`` never quotes a document."""

    reason: str


ToWorker = Prepare | AddCopy | Finish | Wipe
FromWorker = (
    Hello | Prepared | CopyReady | DocumentReady | Wiped | IntegrityRefused | ClerkRefused | Stopped
)

_T = TypeVar("_T")


class Inbox(Generic[_T]):
    """Turns received bytes back into messages. ``kind`` is the union of what may come."""

    def __init__(self, kind: object) -> None:
        self._decoder: msgspec.msgpack.Decoder[_T] = msgspec.msgpack.Decoder(kind)
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        self._bytes += data

    def messages(self) -> Iterator[_T]:
        """Every complete message so far; ValueError or msgspec.MsgspecError on nonsense."""
        while len(self._bytes) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            if length > MESSAGE_LIMIT:
                raise ValueError(f"a message of {length} bytes is above the limit")
            end = _LENGTH.size + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_LENGTH.size : end])
            del self._bytes[:end]
            yield self._decoder.decode(body)


def framed(message: ToWorker | FromWorker) -> bytes:
    """The message as it travels."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body
