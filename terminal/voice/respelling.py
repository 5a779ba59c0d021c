"""What a synthesiser would read wrongly, as it must be written for it. Found by reading its own readings.

Pure data, by voice; longer spellings first where one holds another. The words that people see stay as they
are.
"""

from __future__ import annotations

import re

_JAPANESE = {
    "お手数": "おてすう",  # おてかず
    "必要な方": "必要なかた",  # ほう, as all of these
    "次の方": "次のかた",
    "お急ぎの方": "お急ぎのかた",
    "する方は": "するかたは",
    "人目の方": "人目のかた",
    "何度も": "なんども",  # なにど
    "時間内": "時間ない",  # じまうち
    "取り出し口": "取り出しぐち",  # こう
    "返却口": "返却ぐち",
}
RESPELLED = {
    "ja": _JAPANESE,
    "ja-x-easy": _JAPANESE,
    "en": {"PIN": "pin", "/": " of "},
    "zh": {"PIN": "P I N"},
    "ko": {"PIN": "핀"},
    "vi": {"PIN": "mã pin", "My Number": "mai năm bờ"},
    "pt": {"PIN": "pin", "My Number": "mai nâmber"},
}

_READING = re.compile(r"((?:[一-龠々ヶ]+[ぁ-ん]{0,3})+)（([ぁ-ん]+)）")
_JAPANESE_IN_BRACKETS = re.compile(r"[（(][^）)]*[ぁ-んァ-ン一-龠][^）)]*[）)]")
_BETWEEN_PHRASES = re.compile(r"(?<=[^\x00-\x7f])[ \u3000]+(?=[^\x00-\x7f])")


def for_synthesis(text: str, voice: str) -> str:
    """A word with its reading in brackets is said once; easy Japanese is written with gaps that are no
    pauses; a Japanese name in brackets behind another language's is for the eyes."""
    if voice.startswith("ja"):
        text = _BETWEEN_PHRASES.sub("", _READING.sub(r"\2", text))
    elif voice != "zh":
        text = _JAPANESE_IN_BRACKETS.sub("", text)
    else:
        text = re.sub(r"（[^）]*[ぁ-んァ-ンー][^）]*）", "", text)
    for written, said in RESPELLED.get(voice, {}).items():
        text = text.replace(written, said)
    return text
