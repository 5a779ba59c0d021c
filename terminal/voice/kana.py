"""The reading of a name → the morae in which it is spelled out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_PLAIN = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
    "ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ"
)
_SMALL = "ァィゥェォャュョヮ"
_GLIDES = (
    *(head + tail for head in "キシチニヒミリギジヂビピ" for tail in "ャュョ"),
    *("シェ", "チェ", "ジェ", "ティ", "ディ", "トゥ", "ドゥ", "デュ", "テュ"),
    *("ファ", "フィ", "フェ", "フォ", "フュ", "ウィ", "ウェ", "ウォ"),
    *("ヴァ", "ヴィ", "ヴェ", "ヴォ", "クァ", "クォ", "ツァ", "ツォ", "イェ"),
)
MORAE = (*_PLAIN, *_GLIDES)
"""Everything that is recorded, in katakana."""

_VOWELS = {
    **dict.fromkeys("アカサタナハマヤラワガザダバパァャヮ", "ア"),
    **dict.fromkeys("イキシチニヒミリギジヂビピィ", "イ"),
    **dict.fromkeys("ウクスツヌフムユルグズヅブプゥュヴ", "ウ"),
    **dict.fromkeys("エケセテネヘメレゲゼデベペェ", "エ"),
    **dict.fromkeys("オコソトノホモヨロヲゴゾドボポォョ", "オ"),
}
_SMALL_TO_LARGE = str.maketrans(_SMALL + "ヵヶッ", "アイウエオヤユヨワカケッ")


def morae(reading: str) -> Iterator[str]:
    """Each in katakana; "" is a pause: between names, at っ, and where nothing can be said."""
    text = _katakana(reading)
    at, before = 0, ""
    while at < len(text):
        pair, one = text[at : at + 2], text[at]
        if pair in _GLIDES:
            mora, at = pair, at + 2
        else:
            mora, at = _alone(one, before), at + 1
        before = mora or before
        yield mora


def _alone(one: str, before: str) -> str:
    if one == "ー":
        return _VOWELS.get(before[-1:], "")
    large = one.translate(_SMALL_TO_LARGE)
    return large if large in _PLAIN else ""


def _katakana(reading: str) -> str:
    folded = unicodedata.normalize("NFKC", reading)
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in folded)
