"""RFC 8010 as bytes: a message from the standard's shape, every value there and back, and noise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.ipp_codec import IppMessageError, encode, parse
from drivers.printer.ipp_message import (
    Attribute,
    Collection,
    Group,
    LocalText,
    Message,
    Operation,
    Range,
    Resolution,
    Status,
    Tag,
    Value,
    attribute,
    status_name,
)

I32 = st.integers(-(2**31), 2**31 - 1)
WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)

SCALARS = st.one_of(
    st.builds(Value, st.sampled_from((Tag.INTEGER.value, Tag.ENUM.value)), I32),
    st.builds(Value, st.just(Tag.BOOLEAN.value), st.booleans()),
    st.builds(Value, st.just(Tag.RESOLUTION.value), st.builds(Resolution, I32, I32, st.just(3))),
    st.builds(Value, st.just(Tag.RANGE.value), st.builds(Range, I32, I32)),
    st.builds(Value, st.sampled_from((0x41, 0x42, 0x44, 0x45, 0x47, 0x48, 0x49)), WORDS),
    st.builds(Value, st.sampled_from((0x35, 0x36)), st.builds(LocalText, WORDS, WORDS)),
    st.builds(Value, st.sampled_from((0x30, 0x31)), st.binary(max_size=30)),
    st.builds(Value, st.sampled_from((0x10, 0x12, 0x13)), st.none()),
)


def collections(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    member = st.builds(Attribute, NAMES, st.lists(values, min_size=1, max_size=3).map(tuple))
    body = st.builds(Collection, st.lists(member, max_size=3).map(tuple))
    return st.builds(Value, st.just(Tag.BEGIN_COLLECTION.value), body)


VALUES = st.recursive(SCALARS, collections, max_leaves=6)
ATTRIBUTES = st.builds(Attribute, NAMES, st.lists(VALUES, min_size=1, max_size=3).map(tuple))
GROUPS = st.builds(
    Group, st.sampled_from((1, 2, 4, 5, 6, 15)), st.lists(ATTRIBUTES, max_size=4).map(tuple)
)
MESSAGES = st.builds(
    Message,
    st.integers(0, 0xFFFF),
    st.integers(0, 2**31 - 1),
    st.lists(GROUPS, max_size=4).map(tuple),
)


def test_a_print_job_request_as_in_the_standard() -> None:
    """The beginning of RFC 8010's appendix A.1."""
    request = Message(
        0x0002,
        1,
        (
            Group(
                Tag.OPERATION_GROUP,
                (
                    attribute("attributes-charset", Tag.CHARSET, "utf-8"),
                    attribute("attributes-natural-language", Tag.LANGUAGE, "en-us"),
                ),
            ),
            Group(Tag.JOB_GROUP, (attribute("copies", Tag.INTEGER, 20),)),
        ),
        (1, 1),
    )
    assert encode(request) == bytes.fromhex(
        "0101 0002 00000001 01"
        "47 0012 617474726962757465732d63686172736574 0005 7574662d38"
        "48 001b 617474726962757465732d6e61747572616c2d6c616e6775616765 0005 656e2d7573"
        "02 21 0006 636f70696573 0004 00000014 03"
    )


@given(MESSAGES, st.binary(max_size=20))
@settings(max_examples=60)
def test_every_message_comes_back(message: Message, document: bytes) -> None:
    encoded = encode(message)
    assert parse(encoded + document) == (message, len(encoded))


@given(MESSAGES, st.data())
@settings(max_examples=60)
def test_a_message_cut_anywhere_is_refused(message: Message, data: st.DataObject) -> None:
    encoded = encode(message)
    end = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(IppMessageError):
        parse(encoded[:end])


@given(MESSAGES, st.data())
@settings(max_examples=100)
def test_a_damaged_message_reads_or_is_refused(message: Message, data: st.DataObject) -> None:
    encoded = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse(bytes(encoded))
    except IppMessageError as error:
        assert 0 <= error.offset <= len(encoded)  # noqa: PT017 - either outcome is lawful


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("21 0001 61 0004 00000001", "outside any group"),
        ("01 21 0000 0004 00000001 03", "before any attribute"),
        ("01 21 0001 61 0003 000001 03", "tag 0x21 with 3 bytes"),
        ("01 32 0001 61 0000 03", "tag 0x32 with 0 bytes"),
        ("01 35 0001 61 0004 0009 0000 03", "tag 0x35 with 4 bytes"),
        ("01 37 0001 61 0000 03", "outside any collection"),
        ("01 34 0001 61 0000 21 0000 0004 00000001 03", "where a member was expected"),
        ("01 34 0001 61 0000 4a 0001 62 0000 03", "named value inside a collection"),
        ("01 34 0001 61 0000" + "4a 0000 0001 62 34 0000 0000" * 8, "nested deeper"),
    ],
)
def test_what_is_wrong_is_named(body: str, says: str) -> None:
    with pytest.raises(IppMessageError, match=says):
        parse(bytes.fromhex("0200 0000 00000001" + body))


def test_a_location_in_latin_1_does_not_hide_the_rest() -> None:
    body = "04 41 0001 61 0002 e9e9 23 0001 62 0004 00000003 03"
    message, _ = parse(bytes.fromhex("0200 0000 00000001" + body))
    printer = message.group(Tag.PRINTER_GROUP)
    assert printer.strings("a") == ("\ufffd\ufffd",)
    assert printer.integer("b") == 3


def test_absent_and_unknown_read_the_same() -> None:
    group = Group(Tag.PRINTER_GROUP, (attribute("a", Tag.NO_VALUE, None),))
    assert group.integer("a") is group.integer("b") is group.boolean("b") is None
    assert not group.values("a")
    assert not group.strings("b")
    assert not group.resolutions("b")
    assert Message(0, 1, ()).group(Tag.JOB_GROUP) == Group(Tag.JOB_GROUP, ())


@pytest.mark.parametrize(
    ("code", "name"),
    [(Status.BUSY, "busy (IPP status 0x0507)"), (0x0501, "(IPP status 0x0501)")],
)
def test_a_status_has_its_number_always(code: int, name: str) -> None:
    assert status_name(code) == name


def test_operations_have_the_numbers_of_the_registry() -> None:
    assert Operation(0x0B) is Operation.GET_PRINTER_ATTRIBUTES
