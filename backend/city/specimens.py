"""One certificate of each kind about nobody: what a city's forms are tried with at the start.

In the name of each of its mayors, so that a name that cannot be set is found before anybody pays.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

from PIL import Image, ImageDraw

from backend.city.certificates import flow, taxes
from backend.city.certificates.addresses import Addresses
from backend.city.certificates.content import Content, Edition
from backend.city.certificates.family_register import Register
from backend.city.certificates.residence import HOUSEHOLD_FORM, PERSON_FORM, Residence
from backend.city.certificates.seal import FORM as SEAL_FORM
from backend.city.certificates.seal import SealRegistration
from backend.city.certificates.taxes import Tax
from backend.city.configuration import Configuration, ConfigurationError
from backend.city.registry.people import Entry
from backend.city.registry.registers import (
    AddressBook,
    AddressEntry,
    FamilyRegister,
    Matter,
    RegisterEntry,
)
from backend.city.registry.seals import SealEntry
from backend.city.registry.taxes import Assessment, Income, Levies, TaxEntry
from backend.city.typesetting import FormBroken, FormOverflow, Frame, NotDrawn, Titled, Typesetter

_DAY = date(2020, 4, 1)
_BIRTH = date(1990, 4, 1)
_ADDRESS = "見本県見本市見本町一丁目1番1号"


_TITLES = {
    HOUSEHOLD_FORM: ("住民票", "の写し"),
    PERSON_FORM: ("住民票", "の写し"),
    SEAL_FORM: ("印鑑登録証明書", ""),
}


def try_forms(city: Configuration, typesetter: Typesetter) -> None:
    """Set a specimen on each form that is the city's own, and under each mayor.

    Raises ConfigurationError naming what of the city's stands in the way.
    """
    own = _own_forms(city, typesetter)
    for place, mayor in enumerate(city.mayors):
        edition = Edition(city, "SPECIMEN", mayor.valid_from, typesetter.measure)
        for content in _specimens():
            # The standard forms are tried by our own tests: but for what is the city's on each.
            if content.form in own or content.form == SEAL_FORM:
                _try(city, place, content, edition, typesetter)


def _own_forms(city: Configuration, typesetter: Typesetter) -> frozenset[str]:
    known = {content.form for content in _specimens()}
    try:
        own = typesetter.own_forms()
    except FormBroken as error:
        raise ConfigurationError(f"{city.code}, forms: {error}") from error
    if own - known:
        raise ConfigurationError(
            f"{city.code}, forms: there is no form {', '.join(sorted(own - known))}; there are "
            f"{', '.join(sorted(known))}"
        )
    return own


def _try(
    city: Configuration, mayor: int, content: Content, edition: Edition, typesetter: Typesetter
) -> None:
    where = f"{city.code}, mayors[{mayor}] on the form {content.form}"
    try:
        for form, sheet in content.sheets(edition):
            typesetter.set(form, sheet)
            titled = typesetter.frame(form, sheet)
            _check_title(content, sheet, titled)
    except NotDrawn as error:
        raise ConfigurationError(
            f"{where}: {error.character!r} of the name or the stamp cannot be drawn as it is written"
        ) from error
    except FormOverflow as error:
        raise ConfigurationError(f"{where}: {error}") from error
    except FormBroken as error:
        raise ConfigurationError(f"{city.code}, forms: {error}") from error


def _check_title(content: Content, sheet: Frame, titled: Titled) -> None:
    """A terminal knows a certificate by its title, and prints nothing that says another."""
    if isinstance(sheet, flow.Sheet):
        expected = (sheet.heading.title, sheet.heading.copy_words)
    elif isinstance(sheet, taxes.Sheet):
        expected = (sheet.title, "")
    else:
        expected = _TITLES[content.form]
    if (titled.title, titled.suffix) != expected:
        raise FormBroken(
            f"{content.form}: the title is {titled.title + titled.suffix!r} and must be "
            f"{''.join(expected)!r}, as title and suffix of frame()"
        )


def _specimens() -> Iterator[Content]:
    entries = tuple(_entry(number, foreign=number == 2) for number in (1, 2))
    yield Residence(entries, everyone=True)
    yield Residence(entries[:1], everyone=True)
    yield Residence(entries[1:], everyone=False)
    yield SealRegistration(
        SealEntry("見本　太郎", "", "", _BIRTH, False, _ADDRESS, _impression(), 15.0, 15.0)
    )
    tax = TaxEntry(
        2026,
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
