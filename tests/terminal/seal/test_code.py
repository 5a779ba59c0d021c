"""A seal is believed only as a whole: docs/seal.md, put together here by the tests' own small city."""

from __future__ import annotations

from datetime import date

import base45
import cbor2
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from terminal.link.wire import Product
from terminal.seal.code import Fact, Fault, Seal, SealRefused, opened
from tests.terminal.document import press

CITY = press.City()
KEYS = {CITY.key_id: CITY.key.public_key()}
SAID = press.seal_says(press.order(), 2, 3)
CODE = CITY.seal(SAID)


def fault(code: str) -> Fault:
    with pytest.raises(SealRefused) as refused:
        opened(code, KEYS)
    assert refused.value.fault.value == str(refused.value)
    return refused.value.fault


def test_R60_what_the_city_said_is_read() -> None:
    assert opened(CODE, KEYS) == Seal(
        key_id=CITY.key_id,
        city="wakabano",
        kind=Product.RESIDENCE,
        serial="SN-0001",
        page=2,
        pages=3,
        issued=date(2026, 11, 24),
        content=press.content(2),
        before=press.content(1),
        year=None,
        facts=(),
    )


def test_R60_facts_and_a_year_where_the_city_says_them() -> None:
    said = SAID | {2: 3, 9: 2026, 10: [["若葉　太郎", 7763], ["邊\U000e0106見　𠮷子", -1]]}
    seal = opened(CITY.seal(said), KEYS)
    assert (seal.kind, seal.year) == (Product.TAXATION, 2026)
    assert seal.facts == (
        Fact("若葉　太郎", date(1991, 4, 4)),
        Fact("邊\U000e0106見　𠮷子", date(1969, 12, 31)),
    )
    assert "若葉" not in repr(seal)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", Fault.NOT_A_SEAL),
        ("https://example.jp/", Fault.NOT_A_SEAL),
        (CODE.lower(), Fault.NOT_A_SEAL),
        ("MG1:" + "A" * 2000, Fault.NOT_A_SEAL),
        ("MG1:", Fault.MALFORMED),
        ("MG1:あ", Fault.MALFORMED),
        ("MG1:BBBBBBBBBBBB", Fault.MALFORMED),
        (CODE[:-1], Fault.MALFORMED),
        (press.City().seal(SAID), Fault.UNKNOWN_KEY),
    ],
)
def test_what_is_no_seal_of_a_known_city(code: str, expected: Fault) -> None:
    assert fault(code) is expected


@pytest.mark.parametrize(
    "said",
    [
        SAID | {2: 8},
        SAID | {2: "1"},
        SAID | {4: 0},
        SAID | {4: 4},
        SAID | {6: 10**9},
        SAID | {7: "text"},
        SAID | {8: 5},
        SAID | {9: "2026"},
        SAID | {10: "somebody"},
        SAID | {10: [["somebody"]]},
        SAID | {11: 0},
        {key: value for key, value in SAID.items() if key != 3},
        {},
    ],
)
def test_even_a_city_cannot_say_what_the_format_has_not(said: dict[int, object]) -> None:
    assert fault(CITY.seal(said)) is Fault.MALFORMED


def test_a_second_item_after_the_first_is_no_seal() -> None:
    data = base45.b45decode(CODE.removeprefix("MG1:"))
    code = "MG1:" + base45.b45encode(data + cbor2.dumps(1)).decode()
    assert fault(code) is Fault.MALFORMED


@pytest.mark.parametrize("key_type", [1, 4])
def test_headers_are_exactly_algorithm_and_key(key_type: int) -> None:
    _, _, payload, signature = cbor2.loads(base45.b45decode(CODE.removeprefix("MG1:"))).value
    headers = {1: -8, 4: bytes.fromhex(CITY.key_id)}
    for changed in (headers | {5: b""}, {k: v for k, v in headers.items() if k != key_type}):
        message = [cbor2.dumps(changed), {}, payload, signature]
        code = base45.b45encode(cbor2.dumps(cbor2.CBORTag(18, message))).decode()
        assert fault("MG1:" + code) is Fault.MALFORMED


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_I3_one_flipped_bit_anywhere_and_it_is_refused(place: int, bit: int) -> None:
    data = bytearray(base45.b45decode(CODE.removeprefix("MG1:")))
    data[place % len(data)] ^= 1 << bit
    code = "MG1:" + base45.b45encode(bytes(data)).decode()
    assert fault(code) in {Fault.FORGED, Fault.UNKNOWN_KEY, Fault.MALFORMED}


@given(
    st.text(max_size=300)
    | st.binary(max_size=200).map(lambda b: "MG1:" + base45.b45encode(b).decode())
)
def test_any_text_is_refused_in_order(code: str) -> None:
    fault(code)


def test_the_key_is_one_that_terminals_pin() -> None:
    (pem,) = CITY.pems.values()
    key = load_pem_public_key(pem)
    assert opened(CODE, {CITY.key_id: key}).city == "wakabano"  # type: ignore[dict-item]
