"""``./run demo --auto`` as a person starts it: one visit, narrated, with paper at the end."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

STEP = re.compile(r"^ *\d+\.\d\d s  \S")
A4_AT_600_DPI = (4960, 7016)
RECEIPT_WIDTH = 576
LIMIT_S = 120
REAL_PARTS = {
    "pcscd": "pcscd",
    "ippeveprinter": "cups-ipp-utils",
}


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "terminal.demo", "--dir", str(folder), *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_S, check=False, cwd=Path.cwd()
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small world for all visits of this module: making its keys takes longest."""
    return tmp_path_factory.mktemp("demo")


def papers(done: subprocess.CompletedProcess[str]) -> tuple[list[Path], list[Path]]:
    lines = [Path(line) for line in done.stdout.splitlines() if line.endswith(".png")]
    sheets = [path for path in lines if "sheet" in path.name]
    return sheets, [path for path in lines if "receipt" in path.name]


@pytest.mark.parametrize("rig", ["simulated", "virtual"])
def test_R5_one_visit_by_itself(folder: Path, rig: str) -> None:
    missing = [package for part, package in REAL_PARTS.items() if shutil.which(part) is None]
    if rig == "virtual" and missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    done = demo(folder, "--auto", "--rig", rig)
    assert done.returncode == 0, done.stderr
    steps = [line for line in done.stdout.splitlines() if STEP.match(line)]
    assert len(steps) >= 10
    (sheet,), (receipt,) = papers(done)
    with Image.open(sheet) as paper:
        assert paper.size == A4_AT_600_DPI
        black = paper.convert("L").histogram()[0] / (paper.width * paper.height)
        assert 0.005 < black < 0.2, "neither blank nor black"
    with Image.open(receipt) as slip:
        assert slip.width == RECEIPT_WIDTH
    assert done.stderr == ""


def test_R16_a_household_of_six_comes_on_two_sheets(folder: Path) -> None:
    done = demo(folder, "--auto", "--persona", "okabe-sachiko")
    assert done.returncode == 0, done.stderr
    assert len(papers(done)[0]) == 2


@pytest.mark.parametrize(
    ("persona", "told"),
    [
        ("nobody", "there is no card of"),
        ("kimura-yui", "day"),
    ],
)
def test_a_visit_that_cannot_be_says_why(folder: Path, persona: str, told: str) -> None:
    done = demo(folder, "--auto", "--persona", persona)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_R61_only_the_paper_holds_the_document(folder: Path) -> None:
    """After a visit nothing in the terminal's folder but the paper and the city's registry names anybody."""
    done = demo(folder, "--auto", "--persona", "morita-kenji")
    assert done.returncode == 0, done.stderr
    assert not list(folder.glob("state-*")), "the terminal's state of the demo ends with it"
    name = "森田".encode()
    for path in folder.rglob("*"):
        if path.is_file() and "development" not in path.parts and path.suffix != ".png":
            assert name not in path.read_bytes(), path
