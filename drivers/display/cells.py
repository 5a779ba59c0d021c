"""How much room a text takes on a display of fixed cells, and where its lines may break.

A kanji, a kana or a Hangul syllable takes two cells, everything else one. East Asian characters of
ambiguous width (①, ○) count as two: too much room is a gap, too little is a broken line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_NOT_FIRST = frozenset(
    "、。，．,.!?！？：:；;）)」』】〉》’”・ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
)
_NOT_LAST = frozenset("（(「『【〈《‘“")
_TOKEN = re.compile(r"\s+|[^\s\u1100-\u1dff\u1f00-\uffff]+|.", re.DOTALL)
"""Spaces; a word in letters that are written with spaces between words; any other character alone."""


def cells(text: str) -> int:
    """Half-width cells."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FWA" else 1


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most ``columns`` cells. Words are split only where one alone is too long; no line begins
    with what ends a clause, nor ends with an opening bracket, where that can be helped. Raises ValueError for
    fewer than four columns."""
    if columns < 4:
        raise ValueError("no text fits into fewer than four columns")
    lines = [""]
    for token in _unbroken(text, columns):
        if token.isspace():
            lines[-1] += " " if lines[-1] else ""
        elif cells(lines[-1] + token) <= columns:
            lines[-1] += token
        else:
            lines[-1] = lines[-1].rstrip()
            lines.append(token)
    return [line.rstrip() for line in lines if line.strip()]


def _unbroken(text: str, columns: int) -> Iterator[str]:
    """What must stay together, in pieces that fit on a line."""
    group = ""
    for token in [match.group() for match in _TOKEN.finditer(text)]:
        joined = bool(group) and not token.isspace() and not group.isspace()
        if joined and (
            token[0] in _NOT_FIRST or group[-1] in _NOT_LAST or _is_hangul(group, token)
        ):
            group += token
            continue
        yield from _fitting(group, columns)
        group = token
    yield from _fitting(group, columns)


def _is_hangul(before: str, after: str) -> bool:
    """Korean is written with spaces: its words stay whole."""
    return all(unicodedata.name(c, "").startswith("HANGUL") for c in (before[-1], after[0]))


def _fitting(group: str, columns: int) -> Iterator[str]:
    piece = ""
    for character in group:
        if cells(piece + character) > columns:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece
