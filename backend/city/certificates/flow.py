"""Sets of any length: rows that flow from sheet to sheet, broken where their heights say.

The form itself measures its rows (typesetting.py), so what is counted here is what will be set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from backend.city.certificates.content import Edition
from backend.city.typesetting import FormOverflow, Frame, Heights

FORM = "register"
# What is left over by rounding must not push a row to the next page of the form.
_SLACK_MM = 0.2


class Row(Struct, frozen=True):
    """A line of a register: ``title`` stands left of it, ``label`` in brackets before the value.

    ``begins``: a rule is drawn above it ("person" a heavy one); ``with_next``: it does not end a sheet.
    """

    title: str
    label: str
    value: str
    begins: str = ""
    with_next: bool = False

    def __repr__(self) -> str:
        return "Row(…)"


class Heading(Struct, frozen=True, kw_only=True):
    """What each sheet of a register's set has above its rows; 本籍 and 筆頭者, or （省略）."""

    title: str
    copy_words: str
    scope: str
    domicile: str | None
    head: str | None

    def __repr__(self) -> str:
        return f"Heading({self.title})"


class Sheet(Frame, frozen=True, kw_only=True):
    """One sheet of a register's set: its heading, and the rows that it has room for."""

    heading: Heading
    rows: tuple[Row, ...]


def paginated(
    edition: Edition, statement: str, heading: Heading, rows: tuple[Row, ...]
) -> tuple[tuple[str, Frame], ...]:
    """The set of all rows, each sheet with the name of its form. Raises FormOverflow."""

    def sheet(part: tuple[Row, ...], page: int, of: int) -> Sheet:
        frame = edition.frame(statement, page, of)
        return Sheet(**structs.asdict(frame), heading=heading, rows=part)

    parts = list(pages(rows, edition.measure(FORM, sheet(rows, 1, 1))))
    return tuple((FORM, sheet(part, page, len(parts))) for page, part in enumerate(parts, 1))


def pages(rows: Sequence[Row], heights: Heights) -> Iterator[tuple[Row, ...]]:
    """The rows of each sheet, in order; a row that is kept with the next goes over with it.

    FormOverflow for a row, or rows that are kept together, for which no sheet has room.
    """
    start = 0
    while start < len(rows):
        end = _end_of_page(rows, heights, start)
        if end == start:
            raise FormOverflow(rows[start].label)
        yield tuple(rows[start:end])
        start = end


def _end_of_page(rows: Sequence[Row], heights: Heights, start: int) -> int:
    room = heights.room - _SLACK_MM
    end, used = start, 0.0
    while end < len(rows) and used + heights.rows[end] <= room:
        used += heights.rows[end]
        end += 1
    # What stands below the last row must have its room, too: else some of them go over with it.
    if end == len(rows) and used + heights.below > room:
        end -= 1
    if end < len(rows):
        while end > start and rows[end - 1].with_next:
            end -= 1
    return end
