"""The ground (地紋): dots too fine for a copier, and words in dots that it keeps (R30).

Both screens cover the same share of the paper, so that on the original the words do not show; a copier's
optics and its cleaning of the ground take the fine dots away, and the words stand there. That needs a printer of
600 dots an inch: at 300 the finest dot is one that a copier keeps. The page's seal is kept clear of it.

``python -m terminal.document.ground PAIR WIDTH HEIGHT FONT WORD…`` writes a pattern to its standard output:
rows of packed bits, 1 is black. It takes half a second, and is made once for a printer (grounds.py).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Rows = npt.NDArray[np.uint8]
Dots = npt.NDArray[np.bool_]

_LETTER_MM = 20.0
# Where the forms have the seal (docs/seal.md): from the paper's right and lower edge, and how large at most.
_RIGHT_MM, _LOWER_MM, _SEAL_MM, _MARGIN_MM = 16.0, 11.0, 37.0, 1.7
_MM_AN_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Screen:
    """Dots at 45 degrees: two in each square ``cell`` of pixels, of ``pixels`` each."""

    cell: int
    pixels: int

    @property
    def coverage(self) -> float:
        return 2 * self.pixels / self.cell**2


@dataclass(frozen=True, slots=True)
class Screens:
    """Of the ground and of the words in it, of equal coverage."""

    ground: Screen
    words: Screen


PAIRS = {
    "1": Screens(ground=Screen(8, 2), words=Screen(24, 18)),
    "2": Screens(ground=Screen(8, 2), words=Screen(16, 8)),
    "3": Screens(ground=Screen(8, 2), words=Screen(32, 32)),
    "4": Screens(ground=Screen(16, 8), words=Screen(32, 32)),
}
"""At 600 dots an inch, which `madoguchi calibrate` prints side by side: which is best is the printer's to say.

106 lines an inch for the ground (53 in the last, for printers that cannot hold so fine a dot), and 35, 53 or 26
for the words.
"""
DPI = 600


def pattern(pair: str, width: int, height: int, font: str, words: tuple[str, ...]) -> Rows:
    """The ground of one side: ``height`` rows of packed bits. KeyError for a pair that there is not."""
    screens = PAIRS[pair]
    mask = _words_mask(DPI, width, height, font, words)
    ground = _tiled(screens.ground, width, height)
    latent = _tiled(screens.words, width, height)
    packed: Rows = np.packbits(np.where(mask, latent, ground), axis=1)
    return packed


def lay_under(rows: Rows, ground: Rows, dpi: int) -> None:
    """Lay the ground under a page, both packed; white stays where its seal and the margin of that are."""
    seal = _seal_on(rows, dpi)
    kept = None if seal is None else rows[seal].copy()
    np.bitwise_or(rows, ground, out=rows)
    if seal is not None and kept is not None:
        rows[seal] = kept


def _seal_on(rows: Rows, dpi: int) -> tuple[slice, slice] | None:
    """Where in the page's corner there is ink, and four modules around it."""
    height, octets = rows.shape
    right, lower, side, margin = (
        round(mm / _MM_AN_INCH * dpi) for mm in (_RIGHT_MM, _LOWER_MM, _SEAL_MM, _MARGIN_MM)
    )
    top, left = height - lower - side, octets - (right + side) // 8
    corner = rows[top : top + side, left : left + side // 8]
    down, across = np.flatnonzero(corner.any(axis=1)), np.flatnonzero(corner.any(axis=0))
    if not down.size:
        return None
    return (
        slice(top + int(down[0]) - margin, top + int(down[-1]) + 1 + margin),
        slice(left + int(across[0]) - margin // 8, left + int(across[-1]) + 1 + margin // 8),
    )


def _tiled(screen: Screen, width: int, height: int) -> Dots:
    cell = _cell(screen)
    across, down = -(-width // screen.cell), -(-height // screen.cell)
    return np.tile(cell, (down, across))[:height, :width]


def _cell(screen: Screen) -> Dots:
    """One square with a dot at its corner and one in its middle, each grown from its centre."""
    side, half = screen.cell, screen.cell // 2
    cell = np.zeros((side, side), np.bool_)
    for centre in (0, half):
        for y, x in _nearest(screen.pixels):
            cell[(centre + y) % side, (centre + x) % side] = True
    return cell


def _nearest(count: int) -> list[tuple[int, int]]:
    """So many pixels around a point between four, the nearest first."""
    near = range(-4, 5)
    places = [(y, x) for y in near for x in near]
    places.sort(key=lambda yx: ((yx[0] + 0.5) ** 2 + (yx[1] + 0.5) ** 2, yx))
    return places[:count]


def _words_mask(dpi: int, width: int, height: int, font: str, words: tuple[str, ...]) -> Dots:
    """Where the words stand: in rows, each a little further to the right, the words in turn."""
    letter = round(_LETTER_MM / _MM_AN_INCH * dpi)
    face = ImageFont.truetype(font, letter)
    picture = Image.new("1", (width, height))
    pen = ImageDraw.Draw(picture)
    stride = round(letter * 1.6)
    for row, (top, _) in enumerate(pairwise(range(letter // 2, height + stride, stride))):
        left = -letter * 2 + round(row * letter * 0.7) % (letter * 3)
        for turn in range(-(-width // (letter * 3)) + 2):
            word = words[(row + turn) % len(words)]
            pen.text((left + turn * letter * 3, top), word, font=face, fill=1)
    return np.asarray(picture, np.bool_)


def main() -> None:
    pair, width, height, font, *words = sys.argv[1:]
    made = pattern(pair, int(width), int(height), font, tuple(words))
    sys.stdout.buffer.write(made.tobytes())


if __name__ == "__main__":
    main()
