from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.city.glyphs import (
    MAIN,
    SECOND,
    Coverage,
    FontMissing,
    clusters,
    find_fonts,
    read_coverage,
)


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    return find_fonts().main


def test_all_of_the_fonts_tables_are_read(coverage: Coverage) -> None:
    # IPAmj Mincho 005.01 or later, as its publisher counts it.
    characters = sum(
        end - start + 1 for start, end in zip(coverage.starts, coverage.ends, strict=True)
    )
    assert characters >= 54_578
    assert len(coverage.sequences) >= 11_474


@pytest.mark.parametrize(
    "text",
    [
        "渡邊\U000e010a　蓮",
        "葛\U000e0102",
        "𠮷野家",
        "NGUYEN THI HOA",
        "森田　健二",
        "第30条の45（見本）",
        "",
    ],
)
def test_what_the_font_draws_passes(coverage: Coverage, text: str) -> None:
    assert coverage.draws(text)


@pytest.mark.parametrize(
    "text",
    [
        "渡邊\U000e01ef",  # no such variation
        "森\U000e0102",  # a variation of other characters only
        "\U000e010a",  # a selector without its character
        "邊\U000e010a\U000e010a",  # one selector too many
        "김",
        "NGUYỄN",
        "山\u200d田",  # joiner
        "山\u202e田",  # direction override
        "山\n田",
        "山\x00",
        "か\u3099",  # a mark the font does not place
        "\ue000",  # private use
        "\U00100000",
        "\ud842",  # half a surrogate pair
    ],
)
def test_what_it_does_not_draw_as_written_is_refused(coverage: Coverage, text: str) -> None:
    assert not coverage.draws(text)
    assert not coverage.draws("山" + text)


@given(st.text())
def test_clusters_keep_every_character(text: str) -> None:
    assert "".join(clusters(text)) == text
    assert all(1 <= len(cluster) <= 2 for cluster in clusters(text))


def test_a_missing_font_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="apt-get install fonts-ipamj-mincho"):
        MAIN.find((tmp_path, tmp_path / "nowhere"))


def test_a_font_is_found_below_a_directory(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "ipamjm.ttf").touch()
    assert MAIN.find((tmp_path,)) == deep / "ipamjm.ttf"


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x00\x00\x00\x01", bytes(4096)])
def test_a_broken_font_is_no_font(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ipamjm.ttf"
    path.write_bytes(content)
    with pytest.raises(FontMissing, match="no readable character tables"):
        read_coverage(path, MAIN)


def test_R33_the_second_font_is_for_whole_foreign_names_alone() -> None:
    fonts = find_fonts()
    assert fonts.second_for(["SILVA MARIA"]) == ()
    assert fonts.second_for(["NGUYỄN", "김민수", "SILVA"]) == ("NGUYỄN", "김민수")
    assert fonts.not_drawn(["森田", "NGUYỄN"], ("NGUYỄN",)) is None
    assert fonts.not_drawn(["森田", "NGUYỄN", "妻: NGUYỄN"], ("NGUYỄN",)) == "Ễ"
    assert fonts.not_drawn(["NGUYỄN"], ()) == "Ễ"
    assert fonts.not_drawn([], ("ᚠᚢ",)) == "ᚠ"
    assert fonts.not_drawn([], ("김邊\U000e010a",)) == "邊\U000e010a"
    assert SECOND.package == "fonts-noto-cjk"
