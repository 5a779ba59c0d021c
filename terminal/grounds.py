"""The grounds of this terminal's paper: each made once for a printer, and kept (R30).

A process of its own makes them, so that the daemon need not hold what it takes; they say nothing of anybody.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import sys
from pathlib import Path

from drivers.printer import PageFormat
from terminal.receipt import find_font

logger = logging.getLogger(__name__)

WORDS = ("複写", "見本")
CHOICE = "ground-pair"
"""The file beside the grounds that says which pair of screens this printer gets (`madoguchi calibrate`)."""
NO_GROUND = "0"
_DEFAULT = "1"
_VERSION = "1"  # another where the pattern changes: a kept one is then not taken any more
PAIR_NAMES = ("1", "2", "3", "4")  # of ground.py, which takes numpy to import
_NEEDS_DPI = 600
_MAKING_LIMIT_S = 60.0
_ROOT = str(Path(__file__).resolve().parents[1])
_made: dict[str, bytes] = {}


class Grounds:
    """``folder`` is where they are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._making = asyncio.Lock()

    async def of(self, page: PageFormat) -> bytes:
        """Packed rows of one side; nothing where the printer has too few dots for one.

        A ground that cannot be made is told to the log, and the paper is printed without: the seal, which
        cannot be left out, is what proves it.
        """
        if page.dpi != _NEEDS_DPI:
            logger.warning("no ground at %d dots an inch: it needs %d", page.dpi, _NEEDS_DPI)
            return b""
        async with self._making:
            return await self._ready(page)

    async def _ready(self, page: PageFormat) -> bytes:
        pair = await asyncio.to_thread(chosen, self._folder)
        if pair == NO_GROUND:
            return b""
        name = _name(pair, page)
        if name not in _made:
            path = self._folder / name
            size = page.height_px * -(-page.width_px // 8)
            kept = await asyncio.to_thread(_kept, path, size)
            if kept is None:
                kept = await _make(pair, page)
                if len(kept) != size:
                    return b""
                await asyncio.to_thread(_keep, path, kept)
            _made[name] = kept
        return _made[name]


def chosen(folder: Path) -> str:
    """The pair for this printer; the first one until somebody has calibrated."""
    try:
        pair = (folder / CHOICE).read_text("utf-8").strip()
    except OSError:
        return _DEFAULT
    return pair if pair in {NO_GROUND, *PAIR_NAMES} else _DEFAULT


def choose(folder: Path, pair: str) -> None:
    """From the next document on. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CHOICE).write_text(f"{pair}\n", "utf-8")


def _name(pair: str, page: PageFormat) -> str:
    words = hashlib.sha256("".join((_VERSION, *WORDS)).encode()).hexdigest()[:8]
    return f"ground-{pair}-{page.width_px}x{page.height_px}-{words}"


def _kept(path: Path, size: int) -> bytes | None:
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    return kept if len(kept) == size else None


def _keep(path: Path, ground: bytes) -> None:
    parts = path.with_name(f".{path.name}")
    try:
        parts.write_bytes(ground)
        parts.replace(path)
    except OSError as error:
        logger.warning("the ground is not kept: %s: %s", path, error.strerror)


async def _make(pair: str, page: PageFormat) -> bytes:
    sizes = (pair, str(page.width_px), str(page.height_px))
    command = (sys.executable, "-P", "-m", "terminal.document.ground", *sizes, str(find_font()))
    process = await asyncio.create_subprocess_exec(
        *command,
        *WORDS,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": _ROOT},
    )
    try:
        async with asyncio.timeout(_MAKING_LIMIT_S):
            ground, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        ground = b""
    if process.returncode or not ground:
        logger.error("the ground cannot be made: %s ended with %s", command[3], process.returncode)
        return b""
    return ground
