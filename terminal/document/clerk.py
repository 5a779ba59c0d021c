"""The second look (I-4): what a clerk at a counter would check on the paper before handing it over.

Nothing here comes from the side that makes certificates: the words, the era table and the reading
are this module's own, and the pages are read back from what is about to be printed. Agreement with
the manifest is no argument here; a page that the city signed by mistake is caught all the same.

Names are compared after NFKC, without spaces and variation selectors: PDF text cannot carry every
distinction that the glyphs do, and the city's signature already vouches for those.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from terminal.document.errors import ClerkDisagreement, Disagreement
from terminal.document.forms import Form, form_of
from terminal.document.messages import Expected
from terminal.link.wire import Manifest

_A4_PT = (595.28, 841.89)
_SIZE_TOLERANCE_PT = 1.0
# A page of text and rules is 2 to 12 % ink, the mark 見本 alone below half a percent.
_INK_MIN = 0.005
_INK_MAX = 0.35

# First day of each era a certificate can be dated in (I-15); a new era is a new line.
_ERAS = (("令和", date(2019, 5, 1)), ("平成", date(1989, 1, 8)))

_SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E)}
_DROPPED = dict.fromkeys(_SELECTORS)

_PAGE_NUMBER = re.compile(r"(?<![\d/])(\d{1,3}) ?/ ?(\d{1,3})(?![\d/])")
_SCOPE = re.compile(r"\([^()]{1,12}\)")  # （世帯全員） and the like
_SERIAL = re.compile(r" ?".join("証明書固有番号") + r" ?:? ?([0-9A-Za-z-]+)")
_YEAR = re.compile(r"(\w\w(?:元|\d{1,2})年度)")
_ISSUE_DATE = re.compile(r"発行(?:年月)?日:?(\w\w)(元|\d{1,2})年(\d{1,2})月(\d{1,2})日")


@dataclass(frozen=True, slots=True)
class PageSeen:
    """What can be seen of a page without its pixels: all of its text, and what stands in its head.

    Title and page number count in the head alone: further down, a remark may speak of other
    certificates, and an address have a number with a stroke.
    """

    text: str = field(repr=False)
    head: str = field(repr=False)
    size_pt: tuple[float, float]


def check_set(pages: Sequence[PageSeen], expected: Expected, manifest: Manifest) -> None:
    """Read one copy's pages; ClerkDisagreement at the first thing a clerk would stop at."""
    copy = manifest.copy
    form = form_of(expected.order.product)
    for number, page in enumerate(pages, 1):
        for what, agrees in _page_findings(page, form, manifest, number, len(pages)):
            if not agrees:
                raise ClerkDisagreement(what, copy, number)
    for what, agrees in _set_findings(pages, form, expected, manifest):
        if not agrees:
            raise ClerkDisagreement(what, copy)


def check_ink(ratio: float, copy: int, page: int) -> None:
    """Look at the very raster that goes to paper: neither blank nor black."""
    if ratio < _INK_MIN:
        raise ClerkDisagreement(Disagreement.BLANK, copy, page)
    if ratio > _INK_MAX:
        raise ClerkDisagreement(Disagreement.BLACK, copy, page)


def _page_findings(
    page: PageSeen, form: Form, manifest: Manifest, number: int, total: int
) -> Iterable[tuple[Disagreement, bool]]:
    head = _spaced(page.head)
    title = _compact(_SCOPE.sub("", _PAGE_NUMBER.sub("", head)))
    page_numbers = {(int(n), int(of)) for n, of in _PAGE_NUMBER.findall(head)}
    yield Disagreement.SIZE, _is_a4_portrait(page.size_pt)
    yield Disagreement.OTHER_TITLE, form.foreign.search(_compact(head)) is None
    yield Disagreement.TITLE, form.title.fullmatch(title) is not None
    yield Disagreement.PAGE_NUMBER, page_numbers == {(number, total)}
    yield Disagreement.SERIAL, set(_SERIAL.findall(_spaced(page.text))) == {manifest.serial}
    yield Disagreement.SPECIMEN, "見本" in _compact(page.text)


def _set_findings(
    pages: Sequence[PageSeen], form: Form, expected: Expected, manifest: Manifest
) -> Iterable[tuple[Disagreement, bool]]:
    words = "\n".join(_compact(page.text) for page in pages)
    dates = set(_ISSUE_DATE.findall(words))
    unpunctuated = words.replace("、", "").replace("。", "")
    names = (part for name in expected.names for part in _parts(name, form))
    yield Disagreement.NAME, all(part in words for part in names)
    if form.of_a_year:
        yield Disagreement.YEAR, set(_YEAR.findall(words)) in _year_forms(expected.order.year)
    yield Disagreement.ISSUE_DATE, dates in _era_forms(manifest.issue_date)
    yield Disagreement.CITY, _compact(expected.city_name) + "長" in words
    yield Disagreement.CERTIFICATION, form.certification in unpunctuated
    others = any(words_of in unpunctuated for words_of in form.other_certifications)
    yield Disagreement.OTHER_CERTIFICATION, not others


def _parts(name: str, form: Form) -> list[str]:
    """What of a name must be read: in one piece, or where a register parts it, surname and given name."""
    return [_compact(part) for part in (name.split("　") if form.by_given_name else [name])]


def _year_forms(year: int | None) -> list[set[str]]:
    """The ways to write a 年度, by the era of its first day, 1 April."""
    forms = _era_forms(date(year, 4, 1)) if year is not None else []
    return [{f"{era}{written}年度" for era, written, _, _ in form} for form in forms]


def _is_a4_portrait(size_pt: tuple[float, float]) -> bool:
    return all(
        abs(side - a4) <= _SIZE_TOLERANCE_PT for side, a4 in zip(size_pt, _A4_PT, strict=True)
    )


def _era_forms(day: date) -> list[set[tuple[str, str, str, str]]]:
    """The ways to write ``day``: the first year of an era is 元年 or 1年."""
    for era, first in _ERAS:
        if day >= first:
            year = day.year - first.year + 1
            years = ("元", "1") if year == 1 else (str(year),)
            return [{(era, written, str(day.month), str(day.day))} for written in years]
    return []


def _spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _compact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text.translate(_DROPPED)).split())
