"""The receipt as a picture: what was bought, what was paid, whom to ask. Never who it was for.

It is drawn, not sent as text: printers of receipts disagree about Japanese character codes, and no
code page has every city's name. Three kinds: the receipt proper, the slip for an order that became
void with the money back, and the claim slip where the machine could not give it back (decision d).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import assert_never

from PIL import Image, ImageDraw, ImageFont

from terminal.link.wire import Contact, Product
from terminal.visit.screen import Text

Words = Callable[[Text], str]

_FONT_PACKAGE = "fonts-ipaexfont-gothic"
_FONT_FAMILY = "IPAexGothic"
_FONT_PATHS = (
    Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/truetype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/ipa-ex-gothic-fonts/ipaexg.ttf"),
)
_FONT_SEARCH_LIMIT_S = 10.0

# The design is drawn for 576 dots (80 mm); other widths scale it.
_DESIGN_WIDTH = 576
_HEIGHT_MAX = 6000
_INK, _PAPER = 0, 255
# At this grey small strokes stay two dots wide; hinting straight to one bit thins some of them.
_INK_BELOW = 168
_NEVER_FIRST = "、。，．）」』】・ー々"
# Basic layout draws a box for every variation selector; a city's own name may hold one.
_SELECTORS = dict.fromkeys((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))


class FontMissing(Exception):
    """There is no Japanese font to draw a receipt with."""


class ReceiptKind(Enum):
    PRINTED = "printed"
    VOID = "void"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One kind of certificate; the amount is ``copies`` times ``fee_yen`` (R22)."""

    product: Product
    copies: int
    fee_yen: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """``paid_yen`` went in, ``change_yen`` came out: on a void slip all of it, on a claim slip what
    the machine did give back. ``claim_code`` is what the city looks a claim up by.
    ``registration_number`` (登録番号) is printed where the operator has one.
    """

    kind: ReceiptKind
    lines: tuple[ReceiptLine, ...]
    paid_yen: int
    change_yen: int
    serials: tuple[str, ...]
    at: datetime
    terminal: str
    order: str
    city_name: str
    contact: Contact
    registration_number: str = ""
    claim_code: str = ""

    @property
    def total_yen(self) -> int:
        return sum(line.copies * line.fee_yen for line in self.lines)

    @property
    def owed_yen(self) -> int:
        """What a claim slip is good for."""
        return self.paid_yen - self.change_yen


def find_font() -> Path:
    """Debian's IPAexGothic. Raises FontMissing, which names the package to install."""
    for path in _FONT_PATHS:
        if path.is_file():
            return path
    found = _ask_fontconfig()
    if found is None:
        raise FontMissing(
            f"no Japanese font for receipts ({_FONT_FAMILY}): run"
            f" `apt-get install {_FONT_PACKAGE}`, or name a font file in the configuration"
        )
    return found


def render(receipt: Receipt, words: Words, width_px: int, font_path: Path) -> Image.Image:
    """A 1-bit picture ``width_px`` wide, as high as it needs. ``words`` is a catalogue's lookup.

    Raises FontMissing when ``font_path`` cannot be used.
    """
    roll = _Roll(width_px, font_path)
    roll.centred(receipt.city_name, 30)
    roll.centred(_spread(words(_TITLES[receipt.kind])), 52)
    roll.gap(12)
    _write_when_and_where(roll, receipt, words)
    roll.rule()
    for line in receipt.lines:
        _write_line(roll, line, words)
    roll.rule()
    _write_money(roll, receipt, words)
    roll.rule()
    _write_references(roll, receipt, words)
    return roll.cut()


_TITLES = {
    ReceiptKind.PRINTED: Text("receipt.title"),
    ReceiptKind.VOID: Text("receipt.void"),
    ReceiptKind.CLAIM: Text("receipt.claim"),
}


def _write_when_and_where(roll: _Roll, receipt: Receipt, words: Words) -> None:
    at = receipt.at
    # Strings: a catalogue would put a thousands separator into a year.
    moment: dict[str, str | int] = {
        "year": str(at.year),
        "month": str(at.month),
        "day": str(at.day),
        "time": f"{at:%H:%M}",
    }
    roll.columns(words(Text("receipt.at", moment)), receipt.terminal, 24)


def _write_line(roll: _Roll, line: ReceiptLine, words: Words) -> None:
    roll.text(words(Text(f"product.{line.product.value}")), 30)
    count = words(Text("receipt.copies", {"copies": line.copies, "fee": _yen(line.fee_yen)}))
    roll.columns("　" + count, _yen(line.copies * line.fee_yen), 28)


def _write_money(roll: _Roll, receipt: Receipt, words: Words) -> None:
    roll.columns(words(Text("receipt.total")), _yen(receipt.total_yen), 40)
    roll.columns(words(Text("receipt.paid")), _yen(receipt.paid_yen), 28)
    match receipt.kind:
        case ReceiptKind.PRINTED:
            roll.columns(words(Text("receipt.change")), _yen(receipt.change_yen), 28)
        case ReceiptKind.VOID:
            roll.columns(words(Text("receipt.returned")), _yen(receipt.change_yen), 28)
            roll.gap(8)
            roll.text(words(Text("receipt.void.explained")), 26)
        case ReceiptKind.CLAIM:
            roll.columns(words(Text("receipt.returned")), _yen(receipt.change_yen), 28)
            roll.columns(words(Text("receipt.owed")), _yen(receipt.owed_yen), 40)
            roll.gap(8)
            roll.text(words(Text("receipt.claim.explained")), 26)
            roll.gap(8)
            roll.boxed(words(Text("receipt.claim.code")), receipt.claim_code)
        case _:
            assert_never(receipt.kind)


def _write_references(roll: _Roll, receipt: Receipt, words: Words) -> None:
    if receipt.serials:
        roll.text(words(Text("receipt.serials")), 22)
        for serial in receipt.serials:
            roll.text("　" + serial, 24)
    roll.text(words(Text("receipt.order")), 22)
    roll.text("　" + receipt.order, 22)
    if receipt.registration_number:
        roll.columns(words(Text("receipt.registration_number")), receipt.registration_number, 22)
    roll.gap(8)
    roll.text(words(Text("receipt.contact")), 22)
    roll.text("　" + receipt.contact.office, 24)
    roll.text("　" + receipt.contact.telephone, 24)


class _Roll:
    """Paper that is written from top to bottom and cut where the writing ends."""

    def __init__(self, width_px: int, font_path: Path) -> None:
        self._font_path = font_path
        self._fonts: dict[int, ImageFont.FreeTypeFont] = {}
        self._scale = width_px / _DESIGN_WIDTH
        self._margin = self._dots(12)
        self._width = width_px
        self._image = Image.new("L", (width_px, self._dots(_HEIGHT_MAX)), _PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._y = self._dots(16)

    def text(self, text: str, size: int) -> None:
        """Left, as many lines as it takes."""
        font = self._font(size)
        indent = self._dots(size) if text.startswith("　") else 0
        room = self._width - 2 * self._margin - indent
        for line in _wrapped(_drawable(text.strip()), font, room):
            self._put(line, self._margin + indent, font)
            self._advance(size)

    def centred(self, text: str, size: int) -> None:
        font = self._font(size)
        for line in _wrapped(_drawable(text), font, self._width - 2 * self._margin):
            self._put(line, (self._width - font.getlength(line)) / 2, font)
            self._advance(size)

    def columns(self, left: str, right: str, size: int) -> None:
        """One entry: words on the left, a figure flush right; on two lines if they would touch."""
        font = self._font(size)
        right = _drawable(right)
        start = self._width - self._margin - font.getlength(right)
        if self._margin + font.getlength(_drawable(left)) + self._dots(size) > start:
            self.text(left, size)
        else:
            self._put(_drawable(left), self._margin, font)
        self._put(right, start, font)
        self._advance(size)

    def boxed(self, label: str, code: str) -> None:
        """What somebody must be able to read out on the telephone."""
        top = self._y
        self.gap(12)
        self.centred(label, 22)
        self.centred(code, 44)
        self.gap(6)
        edge = self._margin
        box = (edge, top, self._width - edge - 1, self._y)
        self._draw.rectangle(box, outline=_INK, width=self._dots(3))
        self.gap(8)

    def rule(self) -> None:
        self.gap(8)
        ends = (self._margin, self._y, self._width - self._margin - 1, self._y)
        self._draw.line(ends, fill=_INK, width=self._dots(2))
        self.gap(12)

    def gap(self, dots: int) -> None:
        self._y += self._dots(dots)

    def cut(self) -> Image.Image:
        self.gap(24)
        written = self._image.crop((0, 0, self._width, self._y))
        return written.point([_INK] * _INK_BELOW + [_PAPER] * (256 - _INK_BELOW), mode="1")

    def _put(self, line: str, x: float, font: ImageFont.FreeTypeFont) -> None:
        self._draw.text((round(x), self._y), line, fill=_INK, font=font)

    def _advance(self, size: int) -> None:
        self.gap(round(size * 1.35))

    def _dots(self, design: int) -> int:
        return max(1, round(design * self._scale))

    def _font(self, size: int) -> ImageFont.FreeTypeFont:
        if size not in self._fonts:
            try:
                self._fonts[size] = ImageFont.truetype(
                    str(self._font_path), self._dots(size), layout_engine=ImageFont.Layout.BASIC
                )
            except OSError as error:
                raise FontMissing(
                    f"{self._font_path} cannot be used as a font: install {_FONT_PACKAGE},"
                    " or name another font file in the configuration"
                ) from error
        return self._fonts[size]


def _wrapped(text: str, font: ImageFont.FreeTypeFont, room: float) -> Sequence[str]:
    """Lines that fit: broken at a space where there is one, else between any two characters."""
    lines: list[str] = []
    while text and font.getlength(text) > room:
        end = next(
            n for n in range(len(text) - 1, 0, -1) if n == 1 or font.getlength(text[:n]) <= room
        )
        space = text.rfind(" ", 1, end + 1)
        if space > 0:
            end = space
        while end > 1 and text[end] in _NEVER_FIRST:
            end -= 1
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*lines, text] if text else lines


def _drawable(text: str) -> str:
    return text.translate(_SELECTORS)


def _spread(title: str) -> str:
    """A short Japanese title with air between its characters, as such slips have it."""
    return "　".join(title) if len(title) <= 4 and not title.isascii() else title


def _yen(amount: int) -> str:
    return f"¥{amount:,}"


def _ask_fontconfig() -> Path | None:
    """Where fontconfig knows the family; it answers with some other font when it does not."""
    try:
        answer = subprocess.run(
            ["fc-match", "--format", "%{family}\n%{file}", _FONT_FAMILY],
            capture_output=True,
            check=True,
            timeout=_FONT_SEARCH_LIMIT_S,
            text=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    family, _, file = answer.stdout.partition("\n")
    return Path(file) if _FONT_FAMILY in family else None
