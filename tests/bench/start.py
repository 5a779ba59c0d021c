"""From ``madoguchi run`` to READY=1, as systemd would see it, and what it weighs then."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import statistics
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from terminal.clock import Clock
from terminal.demo.backend_process import BackendProcess
from terminal.demo.stage import Play, clock_offset_s, settings_of

ROUNDS = 5
LIMIT_S = 20


async def measure() -> dict[str, float]:
    """``start.ready_s``: process start to READY. ``start.rss_mb``: resident memory, then."""
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as name:
        folder = Path(name)
        offset = clock_offset_s(Clock().now())
        async with BackendProcess(folder / "development", offset) as backend:
            play = Play(folder, port=0)
            config = written(
                folder,
                settings_of(play, folder / "state", folder / "development", backend.port, offset),
            )
            rounds = [await _start_once(config, folder / "notify") for _ in range(ROUNDS)]
    return {
        "start.ready_s": statistics.median(seconds for seconds, _ in rounds),
        "start.rss_mb": statistics.median(megabytes for _, megabytes in rounds),
    }


async def _start_once(config: Path, address: Path) -> tuple[float, float]:
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(address))
        notify.setblocking(False)
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "terminal.cli",
            "run",
            "--config",
            str(config),
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                while b"READY=1" not in await asyncio.get_running_loop().sock_recv(notify, 4096):
                    pass
            seconds = time.perf_counter() - began
            await asyncio.sleep(1)  # the first screen is shown, the spare worker is up
            return seconds, _resident_mb(process.pid)
        finally:
            process.terminate()
            await process.wait()


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) / 1024


def written(folder: Path, settings: dict[str, object]) -> Path:
    """The demo's settings as the file a field terminal would have."""
    path = folder / "terminal.toml"
    lines = [
        f"{key} = {_toml(value)}" for key, value in settings.items() if not isinstance(value, dict)
    ]
    for section, keys in settings.items():
        if isinstance(keys, dict):
            lines += [f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in keys.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    tomllib.loads(path.read_text(encoding="utf-8"))
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {pairs} }}"
    return f'"{value}"' if isinstance(value, str) else str(value)
