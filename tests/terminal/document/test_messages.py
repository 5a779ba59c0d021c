from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.document.errors import Check
from terminal.document.messages import (
    MESSAGE_LIMIT,
    AddCopy,
    Finish,
    FromWorker,
    Inbox,
    IntegrityRefused,
    Prepare,
    ToWorker,
    Wiped,
    framed,
)
from terminal.link import wire
from tests.terminal.document import press

PREPARE = Prepare(
    expected=press.expected(),
    page_format=press.NATIVE,
    city_keys=press.City().pems,
    require_locked=True,
)
COPY = AddCopy(document=wire.SealedDocument(order=press.ORDER, copy=1, sealed=bytes(range(256))))


@given(st.lists(st.sampled_from([PREPARE, COPY, Finish()]), max_size=4), st.integers(1, 999))
def test_messages_arrive_whole_however_they_are_cut(sent: list[ToWorker], piece: int) -> None:
    inbox: Inbox[ToWorker] = Inbox(ToWorker)
    stream = b"".join(framed(message) for message in sent)
    came: list[ToWorker] = []
    for at in range(0, len(stream), piece):
        inbox.feed(stream[at : at + piece])
        came += inbox.messages()
    assert came == sent


def test_refusals_keep_their_kind_and_place() -> None:
    inbox: Inbox[FromWorker] = Inbox(FromWorker)
    refusal = IntegrityRefused(check=Check.PAGE, copy=2, page=3)
    inbox.feed(framed(refusal) + framed(Wiped()))
    assert list(inbox.messages()) == [refusal, Wiped()]


def test_a_message_of_the_other_side_is_refused() -> None:
    inbox: Inbox[ToWorker] = Inbox(ToWorker)
    inbox.feed(framed(Wiped()))
    with pytest.raises(msgspec.ValidationError):
        list(inbox.messages())


def test_an_absurd_length_is_refused_before_it_is_waited_for() -> None:
    inbox: Inbox[ToWorker] = Inbox(ToWorker)
    inbox.feed((MESSAGE_LIMIT + 1).to_bytes(4, "big"))
    with pytest.raises(ValueError, match="above the limit"):
        list(inbox.messages())


def test_I4_nobody_is_never_who_is_expected() -> None:
    for names in ((), ("",), (press.NAMES[0], " ")):
        nobody = msgspec.structs.replace(PREPARE.expected, names=names)
        inbox: Inbox[ToWorker] = Inbox(ToWorker)
        inbox.feed(framed(msgspec.structs.replace(PREPARE, expected=nobody)))
        with pytest.raises(msgspec.ValidationError):
            list(inbox.messages())


def test_no_message_shows_what_it_carries() -> None:
    assert repr(PREPARE) == "Prepare(…)"
    assert repr(PREPARE.expected) == "Expected(…)"
