"""A city's forms tried with specimens: at the start, and for whoever writes one to look at.

In the name of each of its mayors, so that a name that cannot be set is found before anybody pays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from backend.city import configuration
from backend.city.certificates import flow, taxes
from backend.city.certificates.content import Content, Edition
from backend.city.certificates.residence import HOUSEHOLD_FORM, PERSON_FORM
from backend.city.certificates.seal import FORM as SEAL_FORM
from backend.city.configuration import Configuration, ConfigurationError
from backend.city.glyphs import find_fonts
from backend.city.specimens import specimens
from backend.city.typesetting import FormBroken, FormOverflow, Frame, NotDrawn, Titled, Typesetter

_ANY_DAY = date(2026, 4, 1)
_SERIAL = "SPECIMEN"
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
        edition = Edition(city, _SERIAL, mayor.valid_from, typesetter.measure)
        for content in specimens(mayor.valid_from):
            # The standard forms are tried by our own tests: but for what is the city's on each.
            if content.form in own or content.form == SEAL_FORM:
                _try(city, place, content, edition, typesetter)


def _own_forms(city: Configuration, typesetter: Typesetter) -> frozenset[str]:
    known = {content.form for content in specimens(_ANY_DAY)}
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


def pages(folder: Path, day: date) -> Iterator[tuple[str, bytes]]:
    """Each specimen of a city's folder as issued on ``day``: a name for the page, and its PDF.

    Raises ConfigurationError, or FontMissing.
    """
    city = configuration.load(folder / "city.toml")
    typesetter = Typesetter(find_fonts(), folder / "forms")
    try_forms(city, typesetter)
    edition = Edition(city, _SERIAL, day, typesetter.measure)
    made = Counter[str]()
    for content in specimens(day):
        for form, sheet in content.sheets(edition):
            made[form] += 1
            yield f"{form}-{made[form]}", typesetter.set(form, sheet)
