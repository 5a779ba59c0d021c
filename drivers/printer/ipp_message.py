"""IPP messages (RFC 8010), as bytes in memory and nothing else.

A message is version, operation or status, request id, then groups of attributes; an attribute is a
name with one or more values, each with its own tag. Collections nest as begin, member-name, value …,
end. Parsing refuses what cannot be read with IppMessageError and keeps unknown tags as bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import TypeAlias


class IppMessageError(ValueError):
    """The bytes are not an IPP message; ``offset`` is where that shows."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"IPP message, byte {offset}: {reason}")
        self.offset = offset


@unique
class Operation(IntEnum):
    """The operations used (RFC 8011, PWG 5100.11)."""

    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B
    CANCEL_MY_JOBS = 0x0039


@unique
class Status(IntEnum):
    """The answers told apart here; any below 0x0100 is a success."""

    OK = 0x0000
    NOT_POSSIBLE = 0x0404
    NOT_FOUND = 0x0406
    FORMAT_NOT_SUPPORTED = 0x040A
    ATTRIBUTES_NOT_SUPPORTED = 0x040B
    NOT_ACCEPTING_JOBS = 0x0506
    BUSY = 0x0507


@unique
class Tag(IntEnum):
    """Delimiter and value tags (RFC 8010 section 3.5)."""

    OPERATION_GROUP = 0x01
    JOB_GROUP = 0x02
    END = 0x03
    PRINTER_GROUP = 0x04
    UNSUPPORTED_GROUP = 0x05
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTETS = 0x30
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A


@dataclass(frozen=True, slots=True)
class Resolution:
    """``units`` is 3 for dots an inch, 4 for dots a centimetre."""

    cross_feed: int
    feed: int
    units: int = 3


@dataclass(frozen=True, slots=True)
class Range:
    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class LocalText:
    """textWithLanguage and nameWithLanguage."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    members: tuple[Attribute, ...]


Datum: TypeAlias = int | bool | str | bytes | Resolution | Range | LocalText | Collection | None


@dataclass(frozen=True, slots=True)
class Value:
    """``data`` is None for out-of-band values (unknown, no-value, unsupported)."""

    tag: int
    data: Datum


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Attributes under one delimiter. What is absent and what has no value read the same: empty."""

    tag: int
    attributes: tuple[Attribute, ...]

    def values(self, name: str) -> tuple[Datum, ...]:
        for attribute in self.attributes:
            if attribute.name == name:
                return tuple(v.data for v in attribute.values if v.data is not None)
        return ()

    def integer(self, name: str) -> int | None:
        return next((v for v in self.values(name) if isinstance(v, int)), None)

    def boolean(self, name: str) -> bool | None:
        return next((v for v in self.values(name) if isinstance(v, bool)), None)

    def strings(self, name: str) -> tuple[str, ...]:
        """Keywords, names, texts, URIs, whatever their language."""
        found = (v.text if isinstance(v, LocalText) else v for v in self.values(name))
        return tuple(v for v in found if isinstance(v, str))

    def resolutions(self, name: str) -> tuple[Resolution, ...]:
        return tuple(v for v in self.values(name) if isinstance(v, Resolution))


@dataclass(frozen=True, slots=True)
class Message:
    """``code`` is an operation in a request, a status in a response."""

    code: int
    request_id: int
    groups: tuple[Group, ...]
    version: tuple[int, int] = (2, 0)

    def group(self, tag: int) -> Group:
        """The first group with this tag, or an empty one."""
        return next(self.each(tag), Group(tag, ()))

    def each(self, tag: int) -> Iterator[Group]:
        return (group for group in self.groups if group.tag == tag)


def attribute(name: str, tag: Tag, *data: Datum) -> Attribute:
    return Attribute(name, tuple(Value(tag, d) for d in data))


def status_name(code: int) -> str:
    """A status for the operator: its name where known, its number always."""
    known = {status.value: f"{status.name.lower().replace('_', ' ')} " for status in Status}
    return f"{known.get(code, '')}(IPP status 0x{code:04x})"


# --- encoding


def encode(message: Message) -> bytes:
    """The message's bytes; a document may follow them."""
    out = bytearray(struct.pack(">BBHI", *message.version, message.code, message.request_id))
    for group in message.groups:
        out.append(group.tag)
        for each in group.attributes:
            _encode_attribute(out, each.name, each.values)
    out.append(Tag.END)
    return bytes(out)


def _encode_attribute(out: bytearray, name: str, values: tuple[Value, ...]) -> None:
    for value in values:
        if isinstance(value.data, Collection):
            _encode_value(out, Tag.BEGIN_COLLECTION, name, b"")
            for member in value.data.members:
                _encode_value(out, Tag.MEMBER_NAME, "", member.name.encode())
                _encode_attribute(out, "", member.values)
            _encode_value(out, Tag.END_COLLECTION, "", b"")
        else:
            _encode_value(out, value.tag, name, _encoded(value.tag, value.data))
        name = ""  # further values of the same attribute carry no name


def _encode_value(out: bytearray, tag: int, name: str, body: bytes) -> None:
    label = name.encode()
    out += struct.pack(">BH", tag, len(label)) + label + struct.pack(">H", len(body)) + body


def _encoded(tag: int, data: Datum) -> bytes:
    match data:
        case None:
            return b""
        case bool():
            return bytes([data])
        case int():
            return struct.pack(">i", data)
        case str():
            return data.encode()
        case bytes():
            return data
        case Resolution(cross_feed=cross_feed, feed=feed, units=units):
            return struct.pack(">iib", cross_feed, feed, units)
        case Range(lower=lower, upper=upper):
            return struct.pack(">ii", lower, upper)
        case LocalText(language=language, text=text):
            parts = (language.encode(), text.encode())
            return b"".join(struct.pack(">H", len(part)) + part for part in parts)
        case Collection():
            raise TypeError(f"a collection cannot be the body of tag 0x{tag:02x}")


# --- parsing

_DEEPEST = 8  # media-col needs 2; more is an attack on the stack


def parse(data: bytes) -> tuple[Message, int]:
    """The message and how many bytes it took. Raises IppMessageError."""
    reader = _Reader(data)
    major, minor, code, request_id = struct.unpack(">BBHI", reader.take(8, "the message header"))
    groups: list[Group] = []
    tag = reader.octet("a delimiter")
    while tag != Tag.END:
        if tag >= 0x10:
            raise IppMessageError(reader.at - 1, f"value tag 0x{tag:02x} outside any group")
        attributes, following = _parse_group(reader)
        groups.append(Group(tag, attributes))
        tag = following
    return Message(code, request_id, tuple(groups), (major, minor)), reader.at


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, size: int, what: str) -> bytes:
        taken = self._data[self.at : self.at + size]
        if len(taken) < size:
            raise IppMessageError(len(self._data), f"ends inside {what}")
        self.at += size
        return taken

    def octet(self, what: str) -> int:
        return self.take(1, what)[0]

    def field(self, what: str) -> bytes:
        return self.take(int.from_bytes(self.take(2, what), "big"), what)

    def text(self, what: str) -> str:
        # A printer's location in Latin-1 must not make its status unreadable.
        return self.field(what).decode("utf-8", "replace")


def _parse_group(reader: _Reader) -> tuple[tuple[Attribute, ...], int]:
    """The group's attributes and the delimiter after it."""
    attributes: list[Attribute] = []
    while (tag := reader.octet("a value tag or delimiter")) >= 0x10:
        begins = reader.at - 1
        name = reader.text("an attribute's name")
        value = _parse_value(reader, tag, begins, 0)
        if name:
            attributes.append(Attribute(name, (value,)))
        elif attributes:
            last = attributes[-1]
            attributes[-1] = Attribute(last.name, (*last.values, value))
        else:
            raise IppMessageError(begins, "a further value before any attribute")
    return tuple(attributes), tag


def _parse_value(reader: _Reader, tag: int, begins: int, depth: int) -> Value:
    body = reader.field("a value")
    if tag == Tag.BEGIN_COLLECTION:
        if depth == _DEEPEST:
            raise IppMessageError(begins, f"collections nested deeper than {_DEEPEST}")
        return Value(tag, _parse_collection(reader, depth + 1))
    if tag in (Tag.END_COLLECTION, Tag.MEMBER_NAME):
        raise IppMessageError(begins, f"tag 0x{tag:02x} outside any collection")
    try:
        return Value(tag, _decoded(tag, body))
    except (struct.error, IndexError) as error:
        raise IppMessageError(begins, f"tag 0x{tag:02x} with {len(body)} bytes") from error


def _parse_collection(reader: _Reader, depth: int) -> Collection:
    members: list[Attribute] = []
    while True:
        begins = reader.at
        tag = reader.octet("a collection")
        if reader.field("a collection"):
            raise IppMessageError(begins, "a named value inside a collection")
        if tag == Tag.END_COLLECTION:
            reader.field("a collection's end")
            return Collection(tuple(members))
        if tag == Tag.MEMBER_NAME:
            members.append(Attribute(reader.text("a member's name"), ()))
        elif tag >= 0x10 and members:
            last = members[-1]
            value = _parse_value(reader, tag, begins, depth)
            members[-1] = Attribute(last.name, (*last.values, value))
        else:
            raise IppMessageError(begins, f"tag 0x{tag:02x} where a member was expected")


def _decoded(tag: int, body: bytes) -> Datum:
    """Raises struct.error or IndexError when the body cannot be what the tag says."""
    if tag < 0x20:
        return None
    match tag:
        case Tag.INTEGER | Tag.ENUM:
            return int(struct.unpack(">i", body)[0])
        case Tag.BOOLEAN:
            return struct.unpack(">?", body)[0] is True
        case Tag.RESOLUTION:
            return Resolution(*struct.unpack(">iib", body))
        case Tag.RANGE:
            return Range(*struct.unpack(">ii", body))
        case Tag.TEXT_WITH_LANGUAGE | Tag.NAME_WITH_LANGUAGE:
            return _local_text(body)
        case _ if 0x40 <= tag < 0x60:
            return body.decode("utf-8", "replace")
        case _:
            return body


def _local_text(body: bytes) -> LocalText:
    (size,) = struct.unpack_from(">H", body)
    language = body[2 : 2 + size]
    (rest,) = struct.unpack_from(">H", body, 2 + size)
    text = body[4 + size :]
    if len(text) != rest:
        raise IndexError(rest)
    return LocalText(language.decode("utf-8", "replace"), text.decode("utf-8", "replace"))
