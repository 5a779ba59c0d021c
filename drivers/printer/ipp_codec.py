"""IPP messages (RFC 8010) to bytes and back, in memory and nothing else.

A further value of an attribute carries no name. Collections nest as begin, member-name, value …, end.
Parsing refuses what cannot be read with IppMessageError and keeps unknown tags as bytes.
"""

from __future__ import annotations

import struct

from drivers.printer.ipp_message import (
    Attribute,
    Collection,
    Datum,
    Group,
    LocalText,
    Message,
    Range,
    Resolution,
    Tag,
    Value,
)


class IppMessageError(ValueError):
    """The bytes are not an IPP message; ``offset`` is where that shows."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"IPP message, byte {offset}: {reason}")
        self.offset = offset


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
