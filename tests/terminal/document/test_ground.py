"""The ground by the numbers: on the original nothing shows, on a copy the words do (R30)."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image, ImageFilter

from drivers.printer import PageFormat
from drivers.printer.pwg import read_pages
from terminal.document.ground import PAIRS, Rows, _words_mask, lay_under, pattern
from terminal.document.messages import Prepare
from terminal.document.worker import ImpossibleStep, Preparation
from terminal.grounds import WORDS, Grounds
from terminal.receipt import find_font
from tests.terminal.document import press
from tests.terminal.document.test_worker import CITY, KEY, document

NATIVE = PageFormat(dpi=600, width_px=4960, height_px=7016, duplex=True)
COPIER_DPI, EYE_DPI = 300, 75
Dots = npt.NDArray[np.bool_]


@pytest.fixture(scope="module")
def ground() -> Rows:
    return pattern("1", NATIVE.width_px, NATIVE.height_px, str(find_font()), WORDS)


@pytest.fixture(scope="module")
def words() -> Dots:
    return _words_mask(600, NATIVE.width_px, NATIVE.height_px, str(find_font()), WORDS)


def dots(rows: Rows) -> Dots:
    return np.unpackbits(rows, axis=1)[:, : NATIVE.width_px].astype(np.bool_)


def copied(page: Dots, blur_um: float = 60, threshold: float = 0.16) -> Dots:
    """What a copier makes of it: optics that blur, 300 dots an inch, and a ground that is cleaned away."""
    paper = Image.fromarray(np.where(page, 0, 255).astype(np.uint8))
    seen = paper.filter(ImageFilter.GaussianBlur(blur_um / 25_400 * 600))
    small = seen.resize((page.shape[1] // 2, page.shape[0] // 2), Image.Resampling.BOX)
    return 1 - np.asarray(small) / 255 > threshold


def halved(mask: Dots) -> Dots:
    return mask[::2, ::2][: NATIVE.height_px // 2, : NATIVE.width_px // 2]


def test_both_screens_cover_the_same_share() -> None:
    for screens in PAIRS.values():
        assert screens.ground.coverage == screens.words.coverage == 0.0625


def test_R30_on_the_original_the_words_do_not_show(ground: Rows, words: Dots) -> None:
    page = dots(ground)
    assert abs(page[words].mean() - page[~words].mean()) < 0.005


def test_R30_on_a_copy_they_do(ground: Rows, words: Dots) -> None:
    copy, mask = copied(dots(ground)), halved(words)
    assert copy[mask].mean() > 10 * copy[~mask].mean()
    assert copy[mask].mean() > 0.1


@pytest.mark.parametrize(("blur_um", "threshold"), [(40, 0.16), (60, 0.2), (80, 0.12)])
def test_R30_by_other_copiers_too(
    ground: Rows, words: Dots, blur_um: float, threshold: float
) -> None:
    copy, mask = copied(dots(ground), blur_um, threshold), halved(words)
    assert copy[mask].mean() > 10 * copy[~mask].mean()


def read(picture: Dots, dpi: int) -> str:
    """What tesseract reads of it as seen from a little further away."""
    paper = Image.fromarray(np.where(picture, 0, 255).astype(np.uint8))
    size = (paper.width * EYE_DPI // dpi, paper.height * EYE_DPI // dpi)
    seen = paper.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(2))
    file = io.BytesIO()
    seen.point([0] * 240 + [255] * 16).save(file, "PNG")
    command = ["tesseract", "-", "-", "-l", "jpn", "--psm", "11"]
    ran = subprocess.run(
        command, input=file.getvalue(), capture_output=True, check=True, timeout=60
    )
    return "".join(ran.stdout.decode().split())


def test_R30_somebody_who_reads_finds_the_words_on_the_copy_alone(ground: Rows) -> None:
    page = dots(ground)
    copy, original = read(copied(page), COPIER_DPI), read(page, 600)
    for word in WORDS:
        assert copy.count(word) >= 5
        assert word not in original


def prepared(ground: bytes) -> Preparation:
    raw = CITY.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    prepare = Prepare(
        expected=press.expected(),
        page_format=NATIVE,
        city_keys={CITY.key_id: raw},
        require_locked=False,
        ground=ground,
    )
    return Preparation(KEY, prepare)


def test_R30_it_is_on_both_sides_and_under_everything_but_the_seal(ground: Rows) -> None:
    """The clerk has read the seal from these very dots, or nothing would have come."""
    preparation = prepared(ground.tobytes())
    preparation.add(document())
    length = preparation.finish().length
    front, back = read_pages(io.BytesIO(os.pread(preparation.vault.fd, length, 0)))
    preparation.wipe()
    printed = np.frombuffer(front.rows, np.uint8).reshape(ground.shape)
    assert np.array_equal(np.frombuffer(back.rows, np.uint8).reshape(ground.shape), ground)
    missing = np.unpackbits(ground & ~printed, axis=1)
    down, across = np.nonzero(missing)
    assert down.size, "the seal has a white margin"
    assert down.min() > NATIVE.height_px * 0.8
    assert across.min() > NATIVE.width_px * 0.65
    assert np.array_equal(ground[:5000] & printed[:5000], ground[:5000])


def test_a_page_without_a_seal_is_covered_as_a_whole(ground: Rows) -> None:
    page = np.zeros_like(ground)
    lay_under(page, ground, 600)
    assert np.array_equal(page, ground)


def test_a_ground_of_another_size_is_none() -> None:
    with pytest.raises(ImpossibleStep, match="not of the page's size"):
        prepared(b"\0" * 100)


async def test_a_ground_is_made_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ground: Rows
) -> None:
    monkeypatch.setattr("terminal.grounds._made", {})
    folder = tmp_path
    first = await Grounds(folder).of(NATIVE)
    assert first == ground.tobytes()
    monkeypatch.setattr("terminal.grounds._made", {})
    monkeypatch.setattr("terminal.grounds._make", None)  # whoever calls it now fails
    assert await Grounds(folder).of(NATIVE) == first


async def test_a_printer_with_too_few_dots_prints_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = PageFormat(dpi=300, width_px=2480, height_px=3508)
    assert await Grounds(tmp_path).of(page) == b""
    assert "no ground at 300 dots an inch: it needs 600" in caplog.text
