"""Sets of any length: rows that flow from sheet to sheet, broken where their heights say.

The form itself measures its rows (typesetting.py), so what is counted here is what will be set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from backend.city.certificates.content import Frame
from backend.city.typesetting import FormOverflow

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


class Sheet(Frame, frozen=True, kw_only=True):
    """One sheet of a register's set; 本籍 and 筆頭者 are on each, or （省略）."""

    title: str
    copy_words: str
    scope: str
    domicile: str | None
    head: str | None
    rows: tuple[Row, ...]


def pages(rows: Sequence[Row], heights: Sequence[float], room: float) -> Iterator[tuple[Row, ...]]:
    """The rows of each sheet, in order; a row that is kept with the next goes over with it.

    FormOverflow for a row, or rows that are kept together, for which no sheet has room.
    """
    start = 0
    while start < len(rows):
        end, used = start, 0.0
        while end < len(rows) and used + heights[end] <= room - _SLACK_MM:
            used += heights[end]
            end += 1
        if end < len(rows):
            while end > start and rows[end - 1].with_next:
                end -= 1
        if end == start:
            raise FormOverflow(rows[start].label)
        yield tuple(rows[start:end])
        start = end
