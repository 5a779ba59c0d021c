"""What IPP messages are made of (RFC 8010, RFC 8011), as values; ``ipp_codec`` makes bytes of them.

A message is version, operation or status, request id, then groups of attributes; an attribute is a
name with one or more values, each with its own tag.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import TypeAlias


@unique
class Operation(IntEnum):
    """The operations used (RFC 8011)."""

    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


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
