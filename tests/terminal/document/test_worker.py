"""The worker's own steps, in this process; what the process itself promises is in test_handle."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable
from datetime import date

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.printer.a4 import a4
from drivers.printer.pwg import Page, read_pages
from terminal.document import clerk, memory
from terminal.document.envelope import VisitKey
from terminal.document.errors import Check, ClerkDisagreement, Disagreement, IntegrityError
from terminal.document.messages import (
    AddCopy,
    ClerkRefused,
    CopyReady,
    DocumentReady,
    Finish,
    FromWorker,
    Hello,
    Inbox,
    IntegrityRefused,
    Prepare,
    Prepared,
    Stopped,
    ToWorker,
    Wipe,
    Wiped,
    framed,
)
from terminal.document.worker import ImpossibleStep, Preparation, Worker
from terminal.link import wire
from tests.terminal.document import press

CITY = press.City()
KEY = VisitKey()
LOW = a4(150)


def prepare(wish: wire.Order | None = None, **changes: object) -> Prepare:
    plain = Prepare(
        expected=press.expected(wish),
        page_format=LOW,
        city_keys=CITY.pems,
        require_locked=False,
    )
    return msgspec.structs.replace(plain, **changes)


def document(wish: wire.Order | None = None, copy: int = 1, **kind: object) -> wire.SealedDocument:
    return CITY.document(KEY.public, wish, copy, **kind)  # type: ignore[arg-type]


def printed(preparation: Preparation, length: int) -> list[Page]:
    return list(read_pages(io.BytesIO(os.pread(preparation.vault.fd, length, 0))))


def test_two_copies_of_two_pages_become_four_sheets() -> None:
    wish = press.order(copies=2)
    preparation = Preparation(KEY, prepare(wish))
    for copy in (1, 2):
        pages = press.sheets(2, f"SN-000{copy}")
        assert preparation.add(document(wish, copy, pages=pages)) == CopyReady(
            copy=copy, serial=f"SN-000{copy}", sheets=2, issue_date=date(2026, 11, 24)
        )
    ready = preparation.finish()
    pages_out = printed(preparation, ready.length)
    assert ready.sheets == len(pages_out) == 4
    assert {(page.total, page.dpi, page.width_px, page.duplex) for page in pages_out} == {
        (4, 150, LOW.width_px, False)
    }
    # The copies differ in their serials, pages in their numbers.
    assert len({page.rows.tobytes() for page in pages_out}) == 4
    preparation.wipe()


def test_R29_on_two_sided_paper_every_page_has_a_sheet_of_its_own() -> None:
    preparation = Preparation(KEY, prepare(page_format=a4(150, duplex=True)))
    preparation.add(document(pages=press.sheets(3)))
    ready = preparation.finish()
    sides = printed(preparation, ready.length)
    assert (ready.sheets, len(sides)) == (3, 6)
    assert [bool(side.rows.any()) for side in sides] == [True, False] * 3
    preparation.wipe()


def test_R28_two_copies_with_one_serial_are_refused() -> None:
    wish = press.order(copies=2)
    preparation = Preparation(KEY, prepare(wish))
    preparation.add(document(wish, 1))
    pdfs = (press.Sheet(serial_number="SN-0001").pdf(),)
    again = msgspec.structs.replace(CITY.manifest(pdfs, wish, 2), serial="SN-0001")
    with pytest.raises(IntegrityError) as caught:
        preparation.add(press.sealed(KEY.public, CITY.bundle(again, pdfs), wish, 2))
    assert (caught.value.check, caught.value.copy) == (Check.SERIAL, 2)


def test_copies_of_one_order_have_as_many_pages() -> None:
    wish = press.order(copies=2)
    preparation = Preparation(KEY, prepare(wish))
    preparation.add(document(wish, 1))
    with pytest.raises(IntegrityError) as caught:
        preparation.add(document(wish, 2, pages=press.sheets(2, "SN-0002")))
    assert (caught.value.check, caught.value.copy) == (Check.PAGE_COUNT, 2)


def test_I3_the_copies_come_in_their_order() -> None:
    wish = press.order(copies=2)
    preparation = Preparation(KEY, prepare(wish))
    with pytest.raises(IntegrityError) as caught:
        preparation.add(document(wish, 2))
    assert caught.value.check is Check.ENVELOPE


def test_I14_an_incomplete_order_is_never_finished() -> None:
    wish = press.order(copies=2)
    preparation = Preparation(KEY, prepare(wish))
    preparation.add(document(wish, 1))
    with pytest.raises(ImpossibleStep, match="1 of 2"):
        preparation.finish()


def test_a_copy_too_many_is_refused() -> None:
    preparation = Preparation(KEY, prepare())
    preparation.add(document())
    with pytest.raises(ImpossibleStep, match="copy 2"):
        preparation.add(document())


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"title": "所得証明書"}, Disagreement.OTHER_TITLE),
        ({"black": True}, Disagreement.BLACK),
        (
            {
                "rows": (),
                "names": (press.NAMES[0] + press.NAMES[1],),
                "title": "住民票の写し",
            },
            Disagreement.BLANK,
        ),
    ],
)
def test_I4_the_clerk_sees_every_page_before_it_is_written(
    fields: dict[str, object], what: Disagreement
) -> None:
    preparation = Preparation(KEY, prepare())
    with pytest.raises(ClerkDisagreement) as caught:
        preparation.add(document(pages=(press.changed(press.Sheet(), **fields),)))
    assert caught.value.what is what
    assert preparation.vault.length == 0


def sealed_as(*said: dict[int, object] | str) -> wire.SealedDocument:
    """A set in which everything is right but what the seals say; a text is taken as it is."""
    pages = tuple(
        press.changed(page, seal=one if isinstance(one, str) else CITY.seal(one))
        for page, one in zip(press.sheets(len(said)), said, strict=True)
    )
    return document(pages=pages, seals=False)


def says(page: int, of: int = 1, **changes: object) -> dict[int, object]:
    return press.seal_says(press.order(), page, of, "SN-0001", **changes)


@pytest.mark.parametrize(
    ("said", "what", "page"),
    [
        (("",), Disagreement.NO_SEAL, 1),
        (("MG1:HELLO",), Disagreement.SEAL_REFUSED, 1),
        ((press.City().seal(says(1)),), Disagreement.SEAL_REFUSED, 1),
        ((says(1, _1="shiomi"),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _2=2),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _3="SN-0002"),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _5=2),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _6=20_000),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _7=bytes(16)),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _8=bytes(16)),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _9=2026),), Disagreement.OTHER_SEAL, 1),
        ((says(1, _10=[["若葉　次郎", 0]]),), Disagreement.OTHER_SEAL, 1),
        ((says(1, 2), says(2, 2, _8=bytes(16))), Disagreement.OTHER_SEAL, 2),
        ((says(1, 2), says(2, 2, _8=None)), Disagreement.OTHER_SEAL, 2),
        ((says(1, 2), says(1, 2)), Disagreement.OTHER_SEAL, 2),
    ],
)
def test_I4_R60_a_seal_that_says_something_else_is_found_on_the_very_dots(
    said: tuple[dict[int, object] | str, ...], what: Disagreement, page: int
) -> None:
    preparation = Preparation(KEY, prepare())
    with pytest.raises(ClerkDisagreement) as caught:
        preparation.add(sealed_as(*said))
    assert (caught.value.what, caught.value.page) == (what, page)


def test_R60_a_seal_may_name_whom_the_order_names() -> None:
    preparation = Preparation(KEY, prepare())
    facts = [[name, 7763] for name in press.NAMES]
    assert preparation.add(sealed_as(says(1, _10=facts))).sheets == 1


def test_I4_signed_bytes_that_are_no_page_are_refused() -> None:
    pages = (b"%PDF-1.7 signed nonsense",)
    bundle = CITY.bundle(CITY.manifest(pages, press.order()), pages)
    preparation = Preparation(KEY, prepare())
    with pytest.raises(ClerkDisagreement) as caught:
        preparation.add(press.sealed(KEY.public, bundle, press.order()))
    assert (caught.value.what, caught.value.page) == (Disagreement.UNREADABLE, 1)


@pytest.mark.parametrize("required", [True, False])
def test_unlocked_memory_is_reported_or_refused(
    required: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(address: int, length: int) -> bool:
        return False

    monkeypatch.setattr(memory, "mlock", refuse)
    preparation = Preparation(KEY, prepare(require_locked=required))
    if required:
        with pytest.raises(ImpossibleStep, match="LimitMEMLOCK"):
            preparation.add(document())
        return
    preparation.add(document())
    assert not preparation.finish().locked


def test_a_key_that_is_not_what_its_name_says_is_refused() -> None:
    other = press.City()
    elliptic = generate_private_key(SECP256R1()).public_key()
    pem = elliptic.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for keys in (
        {CITY.key_id: b"not a key"},
        {CITY.key_id: other.pems[other.key_id]},
        {CITY.key_id: pem},
    ):
        with pytest.raises(ImpossibleStep, match=CITY.key_id):
            Preparation(KEY, prepare(city_keys=keys))


# --- the conversation ------------------------------------------------------------------------


def conversation(*said: ToWorker | Callable[[bytes], ToWorker]) -> list[FromWorker]:
    """All that a worker answers, in this process; a callable is given the worker's public key."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        spoken = Worker(theirs)
        public = spoken._key.public
        for item in said:
            ours.sendall(framed(item(public) if callable(item) else item))
        ours.shutdown(socket.SHUT_WR)
        spoken.run()
        theirs.close()
        inbox: Inbox[FromWorker] = Inbox(FromWorker)
        while data := ours.recv(65536):
            inbox.feed(data)
    return list(inbox.messages())


def right_copy(public: bytes) -> ToWorker:
    return AddCopy(document=CITY.document(public))


def test_the_whole_conversation() -> None:
    answers = conversation(prepare(), right_copy, Finish(), Wipe())
    assert [type(answer) for answer in answers] == [
        Hello,
        Prepared,
        CopyReady,
        DocumentReady,
        Wiped,
    ]


def test_I10_after_a_refusal_nothing_more_is_looked_at() -> None:
    def other_key(public: bytes) -> ToWorker:
        return AddCopy(document=press.City().document(public))

    answers = conversation(prepare(), other_key, right_copy, Finish())
    assert answers[2:] == [IntegrityRefused(check=Check.KEY, copy=1, page=None)]


def test_I10_after_a_disagreement_nothing_more_is_looked_at() -> None:
    def wrong_page(public: bytes) -> ToWorker:
        return AddCopy(document=CITY.document(public, pages=press.sheets(2)[:1]))

    answers = conversation(prepare(), wrong_page, right_copy)
    assert answers[2:] == [ClerkRefused(what=Disagreement.PAGE_NUMBER, copy=1, page=1)]


@pytest.mark.parametrize(
    "said", [(Finish(),), (right_copy,), (prepare(), prepare()), (prepare(), Finish())]
)
def test_steps_out_of_order_end_the_worker(said: tuple[ToWorker, ...]) -> None:
    answers = conversation(*said, Wipe())
    assert isinstance(answers[-1], Stopped)
    assert not any(isinstance(answer, Wiped) for answer in answers)


def test_R61_a_failure_of_our_own_tells_where_and_nothing_of_what(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(press.NAMES[0])

    monkeypatch.setattr(clerk, "check_set", broken)
    answers = conversation(prepare(), right_copy)
    stopped = answers[-1]
    assert isinstance(stopped, Stopped)
    assert "RuntimeError at document/test_worker.py:" in stopped.reason
    assert press.NAMES[0] not in stopped.reason
