"""The impression of a fictional seal: a surname in a ring, a little askew, as if cut by hand."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from backend.city.glyphs import MAIN, SECOND, Face, read_coverage
from backend.sample_people.seeds import drawing

SIDE_MM = 15.0
_SIDE = 354  # 600 dots an inch
_SCALE = 2


@cache
def impression(surname: str, seed: str = "") -> bytes:
    """A PNG in black and white. Raises FontMissing."""
    draw = drawing("seal", surname, seed)
    side = _SIDE * _SCALE
    picture = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(picture)
    edge = side * 0.03
    pen.ellipse((edge, edge, side - edge, side - edge), outline=0, width=int(side * 0.035))
    _cut(pen, surname, side)
    picture = picture.rotate(draw.uniform(-5, 5), fillcolor=255, resample=Image.Resampling.BICUBIC)
    # Ink spreads and wood chips: soft first, then hard again.
    picture = picture.filter(ImageFilter.GaussianBlur(draw.uniform(2.0, 3.5)))
    small = picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    hard = small.point([0] * 128 + [255] * 128, "1")
    file = io.BytesIO()
    hard.save(file, "PNG", optimize=True)
    return file.getvalue()


def _cut(pen: ImageDraw.ImageDraw, surname: str, side: int) -> None:
    """Kanji from top to bottom; a name in letters as one line."""
    lines = [surname[:8]] if surname.isascii() else list(surname[:3])
    height = side * 0.78 / len(lines)
    size = int(min(height, side * 0.52, side * 1.25 / max(map(len, lines))))
    font = ImageFont.truetype(str(_face(surname).find()), size)
    for place, line in enumerate(lines):
        middle = side * 0.11 + height * (place + 0.5)
        pen.text((side / 2, middle), line, font=font, fill=0, anchor="mm", stroke_width=5)


def _face(text: str) -> Face:
    return MAIN if read_coverage(MAIN.find(), MAIN).draws(text) else SECOND
