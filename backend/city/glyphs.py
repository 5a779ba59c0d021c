"""The glyph gate: a name is printed as it is written, or not at all.

A font that lacks a character shows an empty box; a font that lacks a *variation sequence* silently
shows the common form of the character, which is a wrong name that no picture comparison notices.
So the font's own tables are asked before an order is accepted: ``cmap`` format 12 for characters and
format 14 for variation sequences (OpenType 1.9, "cmap"), the only two that decide here.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from backend.errors import OperatorError

_DIRECTORIES = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
)
# Private use means something only with one exact font; Cc, Cf and Cs have no shape; Mn and Me are
# selectors without a base or marks that these fonts do not place.
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SHAPELESS = {"Cc", "Cf", "Co", "Cs", "Mc", "Me", "Mn", "Zl", "Zp"}


class FontMissing(OperatorError):
    """A font of the forms is not installed, or its file is not what it should be."""


@dataclass(frozen=True, slots=True)
class Face:
    """A font of the forms: the family as they name it, its file, and the package that has it."""

    family: str
    file: str
    package: str

    def find(self, directories: tuple[Path, ...] = _DIRECTORIES) -> Path:
        """The font's file. Raises FontMissing, which says what to install."""
        for directory in directories:
            found = next(directory.rglob(self.file), None) if directory.is_dir() else None
            if found is not None:
                return found
        raise FontMissing(
            f"the forms are set in {self.family} and {self.file} is not under "
            f"{', '.join(map(str, directories))}: apt-get install {self.package}"
        )


MAIN = Face("IPAmjMincho", "ipamjm.ttf", "fonts-ipamj-mincho")
# For names of foreign residents in letters that the first one lacks (ễ, 김).
SECOND = Face("Noto Serif CJK JP", "NotoSerifCJK-Regular.ttc", "fonts-noto-cjk")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a font can draw: sorted ranges of code points, and sets of variation sequences."""

    starts: tuple[int, ...] = field(repr=False)
    ends: tuple[int, ...] = field(repr=False)
    sequences: frozenset[tuple[int, int]] = field(repr=False)

    def __contains__(self, cluster: str) -> bool:
        """Whether one character, with or without a variation selector, is drawn as written."""
        if unicodedata.category(cluster[0]) in _SHAPELESS:
            return False
        if len(cluster) == 2:
            return (ord(cluster[0]), ord(cluster[1])) in self.sequences
        place = bisect_right(self.starts, ord(cluster)) - 1
        return place >= 0 and ord(cluster) <= self.ends[place]

    def draws(self, text: str) -> bool:
        """Whether every character of ``text`` is drawn as written."""
        return all(cluster in self for cluster in clusters(text))


def clusters(text: str) -> Iterator[str]:
    """Characters, each with the variation selector that follows it."""
    start = 0
    for place in range(1, len(text) + 1):
        ends = place == len(text) or not is_selector(text[place]) or place - start > 1
        if ends:
            yield text[start:place]
            start = place


def is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _distinct(texts: Iterable[str]) -> set[str]:
    """The clusters of all texts, each once."""
    plain, varied = set[str](), set[str]()
    for text in texts:
        # Few texts have selectors, and the others need no parting.
        if text.isascii() or not _SELECTOR.search(text):
            plain.update(text)
        else:
            varied.update(clusters(text))
    return plain | varied


@dataclass(frozen=True, slots=True)
class Fonts:
    """The two fonts of the forms, and what each draws."""

    paths: tuple[Path, ...]
    main: Coverage = field(repr=False)
    second: Coverage = field(repr=False)

    def second_for(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names that the main font does not draw.

        A name is drawn by one font or the other as a whole: two fonts in one name would look like a
        correction.
        """
        return tuple(dict.fromkeys(name for name in names if not self.main.draws(name)))

    def not_drawn(self, texts: Iterable[str], second: tuple[str, ...]) -> str | None:
        """The gate: a character that is not drawn as written, or None.

        The main font draws all texts but those that are ``second``, which the other one draws.
        """
        by_main = _distinct(text for text in texts if text not in second)
        by_second = _distinct(second)
        missing = [one for one in by_main if one not in self.main]
        missing += [one for one in by_second if one not in self.second]
        return min(missing, default=None)


def find_fonts(directories: tuple[Path, ...] = _DIRECTORIES) -> Fonts:
    """Both fonts of this machine. Raises FontMissing, which says what to install."""
    paths = (MAIN.find(directories), SECOND.find(directories))
    return Fonts(paths, read_coverage(paths[0], MAIN), read_coverage(paths[1], SECOND))


@lru_cache(maxsize=4)
def read_coverage(font: Path, face: Face) -> Coverage:
    """Read a font file's character tables. Raises FontMissing if it has none of ours."""
    try:
        cmap = _table(font.read_bytes(), b"cmap")
        formats = dict(_subtables(cmap))
        starts, ends = _characters(formats[12])
        return Coverage(starts, ends, frozenset(_sequences(formats[14])))
    except (OSError, struct.error, KeyError) as error:
        raise FontMissing(
            f"{font} has no readable character tables ({error!r}): "
            f"apt-get install --reinstall {face.package}"
        ) from error


def _table(font: bytes, tag: bytes) -> bytes:
    # A collection's first font is its Japanese one; tables count from the start of the file.
    (start,) = struct.unpack_from(">I", font, 12) if font[:4] == b"ttcf" else (0,)
    (count,) = struct.unpack_from(">H", font, start + 4)
    for place in range(count):
        name, _sum, offset, length = struct.unpack_from(">4sIII", font, start + 12 + 16 * place)
        if name == tag:
            return font[offset : offset + length]
    raise KeyError(tag)


def _subtables(cmap: bytes) -> Iterator[tuple[int, bytes]]:
    (count,) = struct.unpack_from(">H", cmap, 2)
    for place in range(count):
        _platform, _encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * place)
        (number,) = struct.unpack_from(">H", cmap, offset)
        yield number, cmap[offset:]


def _characters(table: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    (count,) = struct.unpack_from(">I", table, 12)
    groups = sorted(struct.unpack_from(">III", table, 16 + 12 * place) for place in range(count))
    return tuple(group[0] for group in groups), tuple(group[1] for group in groups)


def _sequences(table: bytes) -> Iterator[tuple[int, int]]:
    (selectors,) = struct.unpack_from(">I", table, 6)
    for place in range(selectors):
        record = table[10 + 11 * place : 21 + 11 * place]
        selector = int.from_bytes(record[:3], "big")
        default, other = struct.unpack_from(">II", record, 3)
        if default:
            for base in _default_bases(table, default):
                yield base, selector
        if other:
            (count,) = struct.unpack_from(">I", table, other)
            for entry in range(count):
                at = other + 4 + 5 * entry
                yield int.from_bytes(table[at : at + 3], "big"), selector


def _default_bases(table: bytes, offset: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">I", table, offset)
    for entry in range(count):
        at = offset + 4 + 4 * entry
        first = int.from_bytes(table[at : at + 3], "big")
        yield from range(first, first + table[at + 3] + 1)
