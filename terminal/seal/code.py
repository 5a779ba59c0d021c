"""From the text of a code to what a city said: COSE_Sign1 (RFC 9052) over CBOR, in base45 (RFC 9285).

Whatever is not exactly as docs/seal.md has it is no seal: an unknown key, a second item after the first, a
number where a text belongs.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from typing import Any

import base45
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from terminal.link.wire import Product

PREFIX = "MG1:"
_LONGEST = 1200  # characters; the largest code on a form has under a thousand
_CONTEXT = b"madoguchi/seal/v1"
_EPOCH = date(1970, 1, 1)
_KINDS = {
    1: Product.RESIDENCE,
    2: Product.SEAL_REGISTRATION,
    3: Product.TAXATION,
    4: Product.INCOME,
    5: Product.FAMILY_REGISTER,
    6: Product.FAMILY_REGISTER_EXTRACT,
    7: Product.FAMILY_REGISTER_ADDRESSES,
}


class Fault(Enum):
    """Why a code is not believed."""

    NOT_A_SEAL = "it is no seal of this kind"
    MALFORMED = "it is damaged, or of a newer kind"
    UNKNOWN_KEY = "no published key has signed it"
    FORGED = "its signature is wrong"


class SealRefused(Exception):
    """The code is not to be believed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Fact:
    """Whom a page is about, where the city says so."""

    name: str = field(repr=False)
    birth: date = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seal:
    """What a city says of one page. ``content`` and ``before`` are digests of this page and the last."""

    key_id: str
    city: str
    kind: Product
    serial: str
    page: int
    pages: int
    issued: date
    content: bytes
    before: bytes | None
    year: int | None
    facts: tuple[Fact, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Signed:
    protected: bytes
    payload: bytes
    signature: bytes


def opened(code: str, keys: Mapping[str, Ed25519PublicKey]) -> Seal:
    """What the code says, if one of ``keys`` (by key id) has signed it. Raises SealRefused."""
    signed = _signed(code)
    key_id = _key_id(signed.protected)
    key = keys.get(key_id)
    if key is None:
        raise SealRefused(Fault.UNKNOWN_KEY)
    # RFC 9052, 4.4: what is signed is never sent as such.
    message = cbor2.dumps(["Signature1", signed.protected, _CONTEXT, signed.payload])
    try:
        key.verify(signed.signature, message)
    except InvalidSignature as error:
        raise SealRefused(Fault.FORGED) from error
    return _seal(key_id, _item(signed.payload))


def _signed(code: str) -> _Signed:
    if not code.startswith(PREFIX) or len(code) > _LONGEST:
        raise SealRefused(Fault.NOT_A_SEAL)
    try:
        data = base45.b45decode(code.removeprefix(PREFIX))
    except ValueError as error:
        raise SealRefused(Fault.MALFORMED) from error
    match _item(data):
        case cbor2.CBORTag(tag=18, value=[bytes(protected), headers, bytes(payload), bytes(sig)]):
            if headers == {}:
                return _Signed(protected, payload, sig)
        case _:
            pass
    raise SealRefused(Fault.MALFORMED)


def _key_id(protected: bytes) -> str:
    match _item(protected):
        case {1: -8, 4: bytes(kid), **more} if not more:
            return kid.hex()
        case _:
            pass
    raise SealRefused(Fault.MALFORMED)


def _seal(key_id: str, said: object) -> Seal:
    match said:
        case {
            1: str(city),
            2: int(kind),
            3: str(serial),
            4: int(page),
            5: int(pages),
            6: int(issued),
            7: bytes(content),
            **more,
        } if kind in _KINDS and 1 <= page <= pages and more.keys() <= {8, 9, 10}:
            return Seal(
                key_id=key_id,
                city=city,
                kind=_KINDS[kind],
                serial=serial,
                page=page,
                pages=pages,
                issued=_day(issued),
                content=content,
                before=_optional(more, 8, bytes),
                year=_optional(more, 9, int),
                facts=_facts(more.get(10, [])),
            )
        case _:
            pass
    raise SealRefused(Fault.MALFORMED)


def _optional(more: Mapping[Any, object], key: int, kind: type[Any]) -> Any:  # noqa: ANN401 - as asked
    value = more.get(key)
    if value is not None and not isinstance(value, kind):
        raise SealRefused(Fault.MALFORMED)
    return value


def _facts(said: object) -> tuple[Fact, ...]:
    found: list[Fact] = []
    for one in said if isinstance(said, list) else [None]:
        match one:
            case [str(name), int(birth)]:
                found.append(Fact(name, _day(birth)))
            case _:
                raise SealRefused(Fault.MALFORMED)
    return tuple(found)


def _day(number: int) -> date:
    try:
        return _EPOCH + timedelta(days=number)
    except OverflowError as error:
        raise SealRefused(Fault.MALFORMED) from error


def _item(data: bytes) -> object:
    """The one CBOR item that ``data`` is."""
    stream = io.BytesIO(data)
    try:
        item: object = cbor2.load(stream)
    except Exception as error:
        raise SealRefused(Fault.MALFORMED) from error
    if stream.tell() != len(data):
        raise SealRefused(Fault.MALFORMED)
    return item
