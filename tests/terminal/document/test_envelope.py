from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from terminal.document.envelope import VisitKey, check_manifest, open_copy
from terminal.document.errors import Check, IntegrityError
from terminal.link import binding, wire
from tests.terminal.document import press

KEY = VisitKey()
CITY = press.City()
KEYS: dict[str, Ed25519PublicKey] = {CITY.key_id: CITY.key.public_key()}
ORDER = press.order()
EXPECTED = press.expected()
# Bytes are bytes here: nobody reads these pages.
PAGES: tuple[bytes, ...] = (b"%PDF first page", b"%PDF second page", b"%PDF third page")
MANIFEST = CITY.manifest(PAGES, ORDER)
BUNDLE = CITY.bundle(MANIFEST, PAGES)
SEALED = press.sealed(KEY.public, BUNDLE, ORDER)


def opened(sealed: wire.SealedDocument) -> wire.Bundle:
    return open_copy(KEY, sealed, press.VISIT, press.ORDER, 1)


def resigned(**changes: object) -> wire.Bundle:
    """The city itself signs something else than was ordered."""
    return CITY.bundle(msgspec.structs.replace(MANIFEST, **changes), PAGES)


def refusal(act: Callable[[], object]) -> Check:
    with pytest.raises(IntegrityError) as caught:
        act()
    assert caught.value.copy == 1
    return caught.value.check


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def bits(data: bytes) -> st.SearchStrategy[int]:
    return st.integers(0, len(data) * 8 - 1)


def test_what_the_city_sealed_comes_out_and_holds() -> None:
    bundle = opened(SEALED)
    assert bundle == BUNDLE
    assert check_manifest(bundle, EXPECTED, 1, KEYS) == MANIFEST


def test_I1_an_envelope_opens_with_no_other_visits_key() -> None:
    def act() -> object:
        return open_copy(VisitKey(), SEALED, press.VISIT, press.ORDER, 1)

    assert refusal(act) is Check.ENVELOPE


@pytest.mark.parametrize(
    ("visit", "order", "copy"),
    [
        (press.OTHER, press.ORDER, 1),
        (press.VISIT, press.OTHER, 1),
        (press.VISIT, press.ORDER, 2),
    ],
    ids=["other visit", "other order", "other copy"],
)
def test_I1_an_envelope_opens_only_as_what_it_was_sealed(visit: str, order: str, copy: int) -> None:
    relabelled = msgspec.structs.replace(SEALED, order=order, copy=copy)
    with pytest.raises(IntegrityError) as caught:
        open_copy(KEY, relabelled, visit, order, copy)
    assert caught.value.check is Check.ENVELOPE


@pytest.mark.parametrize("change", [{"order": press.OTHER}, {"copy": 2}])
def test_I5_a_document_labelled_as_another_is_not_even_tried(change: dict[str, object]) -> None:
    labelled = msgspec.structs.replace(SEALED, **change)
    assert refusal(lambda: opened(labelled)) is Check.ENVELOPE


@given(bits(SEALED.sealed))
def test_I1_one_bit_flipped_in_the_envelope_is_refused(bit: int) -> None:
    damaged = msgspec.structs.replace(SEALED, sealed=flipped(SEALED.sealed, bit))
    assert refusal(lambda: opened(damaged)) is Check.ENVELOPE


@given(st.integers(0, len(SEALED.sealed) - 1))
def test_I1_a_cut_envelope_is_refused(length: int) -> None:
    cut = msgspec.structs.replace(SEALED, sealed=SEALED.sealed[:length])
    assert refusal(lambda: opened(cut)) is Check.ENVELOPE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"manifest":"","signature":"","pages":[],"next":1}',
        b'{"manifest":"\xff"}',
    ],
)
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    public = X25519PublicKey.from_public_bytes(KEY.public)
    info = binding.envelope_info(press.VISIT, press.ORDER, 1)
    odd = msgspec.structs.replace(SEALED, sealed=press.SUITE.encrypt(content, public, info))
    assert refusal(lambda: opened(odd)) is Check.BUNDLE


# --- the manifest ----------------------------------------------------------------------------


@given(bits(BUNDLE.manifest))
def test_I3_one_bit_flipped_in_the_manifest_is_refused(bit: int) -> None:
    damaged = msgspec.structs.replace(BUNDLE, manifest=flipped(BUNDLE.manifest, bit))
    assert refusal(lambda: check_manifest(damaged, EXPECTED, 1, KEYS)) in {
        Check.MANIFEST,
        Check.KEY,
        Check.SIGNATURE,
    }


@given(bits(BUNDLE.signature))
def test_I3_one_bit_flipped_in_the_signature_is_refused(bit: int) -> None:
    damaged = msgspec.structs.replace(BUNDLE, signature=flipped(BUNDLE.signature, bit))
    assert refusal(lambda: check_manifest(damaged, EXPECTED, 1, KEYS)) is Check.SIGNATURE


@given(st.integers(0, len(PAGES) - 1), st.data())
def test_I3_one_bit_flipped_in_a_page_is_refused(index: int, data: st.DataObject) -> None:
    pages: list[bytes] = list(PAGES)
    pages[index] = flipped(pages[index], data.draw(bits(pages[index])))
    damaged = msgspec.structs.replace(BUNDLE, pages=tuple(pages))
    with pytest.raises(IntegrityError) as caught:
        check_manifest(damaged, EXPECTED, 1, KEYS)
    assert (caught.value.check, caught.value.page) == (Check.PAGE, index + 1)


def test_I3_swapped_pages_are_refused() -> None:
    swapped = msgspec.structs.replace(BUNDLE, pages=(PAGES[1], PAGES[0], PAGES[2]))
    assert refusal(lambda: check_manifest(swapped, EXPECTED, 1, KEYS)) is Check.PAGE


@pytest.mark.parametrize("pages", [PAGES[:2], (*PAGES, b"%PDF of somebody else"), ()])
def test_I14_a_set_with_a_page_more_or_less_is_refused(pages: tuple[bytes, ...]) -> None:
    partial = msgspec.structs.replace(BUNDLE, pages=pages)
    assert refusal(lambda: check_manifest(partial, EXPECTED, 1, KEYS)) is Check.PAGE_COUNT


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        (Check.ORDER, {"order_digest": binding.order_digest(press.order(copies=2))}),
        (Check.SUBJECT, {"subject_tag": b"x" * 32}),
        (Check.CITY, {"city": "shiomi"}),
        (Check.PRODUCT, {"product": wire.Product.INCOME}),
        (Check.COPY, {"copy": 2}),
        (Check.ISSUED, {"issued_at": press.ISSUED - timedelta(hours=1)}),
        (Check.ISSUED, {"issued_at": press.ISSUED + timedelta(hours=1)}),
        (Check.ISSUED, {"issued_at": press.ISSUED.replace(tzinfo=None)}),
        (Check.ISSUED, {"issue_date": date(2026, 11, 23)}),
        (Check.KEY, {"key_id": "0123456789abcdef"}),
    ],
)
def test_I3_a_signed_manifest_of_something_else_is_refused(
    check: Check, changes: dict[str, object]
) -> None:
    bundle = resigned(**changes)
    assert refusal(lambda: check_manifest(bundle, EXPECTED, 1, KEYS)) is check


def test_I3_a_copy_beyond_the_order_is_refused() -> None:
    bundle = resigned(copy=2)
    with pytest.raises(IntegrityError) as caught:
        check_manifest(bundle, EXPECTED, 2, KEYS)
    assert caught.value.check is Check.COPY


@pytest.mark.parametrize(
    ("issued", "day", "holds"),
    [
        ("2026-11-24T14:59:59+00:00", date(2026, 11, 24), True),
        ("2026-11-24T15:00:00+00:00", date(2026, 11, 24), False),
        ("2026-11-24T15:00:00+00:00", date(2026, 11, 25), True),
        ("2026-11-25T00:00:00+09:00", date(2026, 11, 25), True),
    ],
)
def test_I15_the_date_of_issue_is_the_day_in_japan(issued: str, day: date, holds: bool) -> None:
    moment = datetime.fromisoformat(issued)
    expected = msgspec.structs.replace(EXPECTED, not_before=moment, not_after=moment)
    bundle = resigned(issued_at=moment, issue_date=day)
    if holds:
        assert check_manifest(bundle, expected, 1, KEYS).issue_date == day
    else:
        assert refusal(lambda: check_manifest(bundle, expected, 1, KEYS)) is Check.ISSUED


def test_I3_another_citys_key_is_worth_nothing() -> None:
    other = press.City()
    own_id = other.bundle(other.manifest(PAGES, ORDER), PAGES)
    assert refusal(lambda: check_manifest(own_id, EXPECTED, 1, KEYS)) is Check.KEY
    borrowed_id = other.bundle(MANIFEST, PAGES)
    assert refusal(lambda: check_manifest(borrowed_id, EXPECTED, 1, KEYS)) is Check.SIGNATURE


def test_nothing_that_could_be_logged_shows_a_name_or_a_key() -> None:
    shown = f"{EXPECTED!r} {BUNDLE!r} {KEY!r} {SEALED!r}"
    assert press.NAMES[0] not in shown
    assert "\\x" not in shown
