"""``./run demo --auto`` as a person starts it: one visit, narrated, with paper at the end."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
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


@pytest.mark.parametrize(
    ("persona", "about_the_card"),
    [("no-certificate", True), ("ward", False), ("too-long-name", False)],
)
def test_advice_about_cards_is_for_those_whose_card_it_is(
    folder: Path, persona: str, about_the_card: bool
) -> None:
    done = demo(folder, "--auto", "--persona", persona)
    assert done.returncode == 2, done.stdout
    assert ("everybody's card is as it was" in done.stderr) is about_the_card
    assert "--persona takes" in done.stderr


def test_R45_who_has_one_try_left_is_told_and_goes_on(folder: Path) -> None:
    done = demo(folder, "--auto", "--persona", "one-try-left")
    assert done.returncode == 0, done.stderr
    assert "is told that one try is left" in done.stdout


def test_a_card_is_chosen_on_the_page_where_there_is_one(folder: Path) -> None:
    done = demo(folder, "--persona", "ward")
    assert done.returncode == 2
    assert "--persona is for --auto" in done.stderr


def test_a_port_that_is_taken_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = demo(tmp_path / "world", "--port", str(port))
    assert done.returncode == 2
    assert f"port {port} of 127.0.0.1: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "world").exists()


def backends(folder: Path) -> list[str]:
    """The backends of this folder's world that run now."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = process.read_bytes().split(b"\0")
            if b"serve" in words and bytes(folder / "development") in words:
                found.append(process.parent.name)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_nothing_that_was_started_stays_behind(folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "terminal.demo", "--dir", str(folder), "--auto"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path.cwd()
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "main menu" in line:
                break
        assert len(backends(folder)) == 1
        running.send_signal(number)
        running.wait(timeout=30)
    deadline = time.monotonic() + 15
    while backends(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert backends(folder) == []
    if number is signal.SIGKILL:  # nobody could tidy up
        for left in folder.glob("state-*"):
            shutil.rmtree(left)


def test_R61_only_the_paper_holds_the_document(folder: Path) -> None:
    """After a visit nothing in the terminal's folder but the paper and the city's registry names anybody."""
    done = demo(folder, "--auto", "--persona", "morita-kenji")
    assert done.returncode == 0, done.stderr
    assert not list(folder.glob("state-*")), "the terminal's state of the demo ends with it"
    name = "森田".encode()
    for path in folder.rglob("*"):
        if path.is_file() and "development" not in path.parts and path.suffix != ".png":
            assert name not in path.read_bytes(), path
