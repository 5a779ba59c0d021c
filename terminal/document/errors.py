"""What can be wrong with a document or with the process that prepares it.

No message here carries a name or anything else read from a page: they end in the journal.
"""

from __future__ import annotations

from enum import Enum


class Check(Enum):
    """What the city's word is compared with (I-1, I-3); the value completes "… does not hold"."""

    ENVELOPE = "the envelope, which does not open for this visit, order and copy"
    BUNDLE = "the bundle, which is not in the agreed form"
    MANIFEST = "the manifest, which is not in the agreed form"
    KEY = "the signing key, which is not pinned for this city"
    SIGNATURE = "the city's signature"
    ORDER = "the order's digest"
    SUBJECT = "the subject's tag"
    CITY = "the city"
    PRODUCT = "the kind of certificate"
    COPY = "the number of the copy"
    SERIAL = "the serial, which another copy of this order has"
    ISSUED = "the time of issue"
    PAGE_COUNT = "the number of pages"
    CONTENTS = "the number of the pages' contents"
    PAGE = "the digest of a page"


class Disagreement(Enum):
    """What the clerk finds on a page that should not be so, or misses (I-4, I-14)."""

    YEAR = "the year is missing or another one"
    UNREADABLE = "the page cannot be read as one PDF page"
    SIZE = "the page is not A4 portrait"
    TITLE = "the title is missing"
    OTHER_TITLE = "the page bears the title of another certificate"
    NAME = "a person who was asked for is not on the set"
    PAGE_NUMBER = "the page number is not the expected n/N"
    SERIAL = "the serial is missing or another one"
    ISSUE_DATE = "the date of issue is missing or another one"
    CITY = "the city is not named"
    CERTIFICATION = "the words of certification are missing from the set"
    OTHER_CERTIFICATION = "the words that certify another certificate are on the set"
    SPECIMEN = "the mark 見本 is missing"
    NO_SEAL = "the page's seal is missing or cannot be read"
    SEAL_REFUSED = "the page's seal is not the city's"
    OTHER_SEAL = "the page's seal says something else than was ordered"
    BLANK = "the page is as good as blank"
    BLACK = "the page is mostly black"


class DocumentError(Exception):
    """Root of everything this package raises. Nothing of the order may be printed afterwards."""


class IntegrityError(DocumentError):
    """What came is not what the city signed for this order; ``page`` counts from 1 (I-3, I-10)."""

    def __init__(self, check: Check, copy: int, page: int | None = None) -> None:
        place = f"copy {copy}" if page is None else f"copy {copy}, page {page}"
        super().__init__(
            f"{place} is refused: the comparison fails at {check.value}. Nothing was printed;"
            " keep this city's route closed until a person has looked"
        )
        self.check = check
        self.copy = copy
        self.page = page


class ClerkDisagreement(DocumentError):
    """The signed pages do not say what was ordered; ``page`` counts from 1, None is the set (I-4)."""

    def __init__(self, what: Disagreement, copy: int, page: int | None = None) -> None:
        place = f"copy {copy}" if page is None else f"copy {copy}, page {page}"
        super().__init__(
            f"{place} is refused by the clerk: {what.value}. Nothing was printed; it is not tried"
            " again: the city must look at this form"
        )
        self.what = what
        self.copy = copy
        self.page = page


class WorkerLost(DocumentError):
    """The worker crashed, was killed, stalled or refused an impossible order of steps.

    The order ends here (I-7); a new visit starts a new worker.
    """
