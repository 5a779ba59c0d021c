"""``madoguchi calibrate``: a chart on real IPP, the choice that is kept, and what it does to documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from drivers.printer import PageFormat
from drivers.printer.ipp import IppPrinter
from drivers.printer.ippeveprinter import EvePrinter
from drivers.printer.pwg import read_pages
from terminal import grounds
from terminal.calibrating import CannotCalibrate, chart, print_chart
from terminal.cli import main
from terminal.demo.stage import Play, settings_of
from terminal.document.ground import PAIRS, pattern
from terminal.grounds import PAIR_NAMES, Grounds, choose, chosen
from terminal.receipt import find_font
from tests.bench.start import written

NATIVE = PageFormat(dpi=600, width_px=4960, height_px=7016)
FONT = str(find_font())


def test_the_names_are_those_of_the_pairs() -> None:
    assert tuple(PAIRS) == PAIR_NAMES


def test_each_field_has_its_pair_and_its_number() -> None:
    page = np.unpackbits(chart(NATIVE, FONT), axis=1)[:, : NATIVE.width_px]
    assert page.shape == (NATIVE.height_px, NATIVE.width_px)
    assert not page[:250].any()
    assert not page[:, :290].any()
    halves = [page[:3500, :2450], page[:3500, 2550:], page[3500:, :2450], page[3500:, 2550:]]
    for half, pair in zip(halves, PAIRS, strict=True):
        inked = half[1000:3000, 500:2000]
        assert inked.mean() == pytest.approx(PAIRS[pair].ground.coverage, abs=0.004)
    assert len({half.sum() for half in halves}) == 4


async def test_the_chart_comes_out_of_a_real_ipp_printer_dot_for_dot(tmp_path: Path) -> None:
    async with EvePrinter(keep=tmp_path) as server, IppPrinter("printer", server.uri) as printer:
        await print_chart(printer, FONT)
    (job,) = tmp_path.glob("*.pwg")
    with job.open("rb") as file:
        (page,) = read_pages(file)
    printed = np.frombuffer(page.rows, np.uint8).reshape(NATIVE.height_px, -1)
    assert np.array_equal(printed, chart(NATIVE, FONT))


async def test_a_printer_with_too_few_dots_is_told_so() -> None:
    async with EvePrinter(dpi=(300,)) as server, IppPrinter("printer", server.uri) as printer:
        with pytest.raises(CannotCalibrate, match="takes 300 dots an inch: a ground needs 600"):
            await print_chart(printer, FONT)


def calibrate(folder: Path, *words: str, typed: str = "") -> Result:
    play = Play(folder, port=None)
    config = written(folder, settings_of(play, folder / "state", folder, 1, 0))
    return CliRunner().invoke(main, ["calibrate", "--config", str(config), *words], input=typed)


def test_the_choice_is_asked_for_and_kept(tmp_path: Path) -> None:
    done = calibrate(tmp_path, typed="7\n3\n")
    assert done.exit_code == 0, done.output
    assert "Copy the sheet on the copiers" in done.output
    assert "'7' is not one of" in done.output
    assert "documents have the ground of field 3 from now on" in done.output
    assert chosen(tmp_path / "state") == "3"
    done = calibrate(tmp_path, "--choose", "0")
    assert "documents have no ground from now on" in done.output
    assert chosen(tmp_path / "state") == "0"


async def test_documents_have_what_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounds, "_made", {})
    small = PageFormat(dpi=600, width_px=1200, height_px=1600)
    made = Grounds(tmp_path)
    for pair in ("1", "4", "2"):
        choose(tmp_path, pair)
        assert await made.of(small) == pattern(pair, 1200, 1600, FONT, grounds.WORDS).tobytes()
    choose(tmp_path, "0")
    assert await made.of(small) == b""
    (tmp_path / grounds.CHOICE).write_text("nonsense")
    assert chosen(tmp_path) == "1"
