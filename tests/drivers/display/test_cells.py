"""Lines of a small display: nothing is lost, nothing too long, and no word torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.display.cells import cells, wrap

TEXTS = st.text(st.sampled_from("カード証明書、。（）「」abc de xyz 카드를 줘 ế12 "), max_size=60)


def bare(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(4, 24))
def test_every_line_fits_and_no_character_is_lost(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert all(0 < cells(line) <= columns for line in lines)
    assert bare("".join(lines)) == bare(text)
    assert all(line == line.strip() for line in lines)


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=8), max_size=12))
def test_words_are_never_torn(words: list[str]) -> None:
    assert " ".join(wrap(" ".join(words), 8)).split() == words


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("カードをお取りください。", 16, ["カードをお取りく", "ださい。"]),
        ("証明書をお取り下さい。", 20, ["証明書をお取り下さ", "い。"]),
        ("五文字です「はい」", 12, ["五文字です", "「はい」"]),
        ("Please take your card", 16, ["Please take your", "card"]),
        ("카드를 가져가세요", 10, ["카드를", "가져가세요"]),
        ("Vui lòng lấy giấy", 13, ["Vui lòng lấy", "giấy"]),
        ("abcdefghijkl", 5, ["abcde", "fghij", "kl"]),
        ("", 8, []),
    ],
)
def test_where_lines_break(text: str, columns: int, lines: list[str]) -> None:
    assert wrap(text, columns) == lines


def test_a_kanji_takes_two_cells() -> None:
    assert cells("証a") == 3
    assert cells("ế") == cells("e\u0302\u0301") == 1


def test_too_narrow_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="four"):
        wrap("x", 3)
