"""Starts the reference backend as a process of its own, as the terminal would meet it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Self

START_LIMIT_S = 60  # the first start makes keys and residents
STOP_LIMIT_S = 5


class BackendFailed(Exception):
    """The backend did not start; its own words are the message."""


class BackendProcess:
    """``madoguchi-backend serve`` on a free loopback port."""

    def __init__(self, directory: Path, clock_offset_s: int) -> None:
        self._directory = directory
        self._offset = clock_offset_s
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        where = ("--dir", str(self._directory), *self._clock())
        try:
            await self._init(*where)
            self._process = await self._spawn("serve", "--port", "0", *where)
            line = await self._first_line(self._process)
        except BaseException:
            await self._stop()
            raise
        self.port = int(line.rsplit(":", 1)[1])
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
                return
        process.kill()
        await process.wait()

    def _clock(self) -> list[str]:
        return ["--clock-offset-s", str(self._offset)]

    async def _spawn(self, *args: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            # Whatever becomes of the demo, its backend does not stay behind.
            "setpriv",
            "--pdeathsig",
            "TERM",
            sys.executable,
            "-m",
            "backend.cli",
            *args,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C is for the demo, which then ends its backend in order.
            process_group=0,
        )

    async def _init(self, *where: str) -> None:
        self._process = process = await self._spawn("init", *where)
        async with asyncio.timeout(START_LIMIT_S):
            _, words = await process.communicate()
        if process.returncode:
            raise BackendFailed(_last_line(words))

    async def _first_line(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.timeout(START_LIMIT_S):
            line = (await process.stdout.readline()).decode().strip()
        if not line:
            raise BackendFailed(_last_line(await process.stderr.read()))
        self._drain = asyncio.create_task(_drain(process.stderr))
        return line


async def _drain(stream: asyncio.StreamReader) -> None:
    """A full pipe would stop the backend."""
    while await stream.read(4096):
        pass


def _last_line(words: bytes) -> str:
    lines = [line for line in words.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "the backend ended without a word"
