"""One certificate of each kind about nobody: what forms are tried with, and looked at."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

from PIL import Image, ImageDraw

from backend.city.certificates.addresses import Addresses
from backend.city.certificates.content import Content
from backend.city.certificates.family_register import Register
from backend.city.certificates.residence import Residence
from backend.city.certificates.seal import SealRegistration
from backend.city.certificates.taxes import Tax
from backend.city.registry.people import Entry
from backend.city.registry.records import Levies
from backend.city.registry.registers import (
    AddressBook,
    AddressEntry,
    FamilyRegister,
    Matter,
    RegisterEntry,
)
from backend.city.registry.seals import SealEntry
from backend.city.registry.taxes import Assessment, Income, TaxEntry

_DAY = date(2020, 4, 1)
_BIRTH = date(1990, 4, 1)
_ADDRESS = "見本県見本市見本町一丁目1番1号"


def specimens(day: date) -> Iterator[Content]:
    """As if issued on ``day``: the tax certificates are of that year."""
    entries = tuple(_entry(number, foreign=number == 2) for number in (1, 2))
    yield Residence(entries, everyone=True)
    yield Residence(entries[:1], everyone=True)
    yield Residence(entries[1:], everyone=False)
    yield SealRegistration(
        SealEntry("見本　太郎", "", "", _BIRTH, False, _ADDRESS, _impression(), 15.0, 15.0)
    )
    tax = TaxEntry(
        day.year,
        "見本　太郎",
        _BIRTH,
        False,
        _ADDRESS,
        3_560_000,
        (Income("salary", 5_000_000, 3_560_000),),
    )
    levies = Levies(430_000, 2_500_000, 150_000, 3_000, 100_000, 1_000, 1_000, 255_000)
    yield Tax(tax, None)
    yield Tax(tax, Assessment({"basic": 430_000}, {"other": 1}, levies))
    yield Register(_register(), whole=True)
    yield Addresses(
        AddressBook(
            _DAY, None, None, (AddressEntry("見本　太郎", _BIRTH, "男", ((_ADDRESS, _DAY),)),)
        ),
        everyone=True,
    )


def _entry(number: int, *, foreign: bool) -> Entry:
    return Entry(
        id=f"specimen-{number}",
        name="MIHON TARO" if foreign else "見本　太郎",
        furigana="" if foreign else "ミホン　タロウ",
        former_name="",
        alias="",
        birth=_BIRTH,
        sex="男",
        is_foreign=foreign,
        address=_ADDRESS,
        became_resident_on=_DAY,
        address_since=_DAY,
        notified_on=_DAY,
        previous_address="",
        remarks="",
        chosen={},
    )


def _register() -> FamilyRegister:
    birth = Matter("出生", (("出生日", "平成2年4月1日"), ("届出人", "父")))
    person = RegisterEntry(
        "太郎", "タロウ", _BIRTH, "", "見本　一郎", "花子", "長男", False, (birth,)
    )
    made = Matter("戸籍編製", (("編製日", "令和2年4月1日"),))
    return FamilyRegister(_ADDRESS, "見本　一郎", (made,), (person,))


def _impression() -> bytes:
    picture = Image.new("1", (64, 64), 1)
    ImageDraw.Draw(picture).ellipse((2, 2, 61, 61), outline=0, width=3)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
