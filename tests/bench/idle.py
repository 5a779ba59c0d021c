"""What the daemon costs at rest while it watches its devices; and an idle OctoPrint, with its own printer and with none.

Ours watches a real pcscd, an IPP server, a receipt printer and a till's display on serial lines, and lamps, buzzer,
buttons, sensors and a matrix keypad on pins in memory; payment and speaker are simulated. OctoPrint has one device, which
it simulates in its own process: what that costs is in its figure. Without a printer it watches nothing.

Processor time is the kernel's own count of nanoseconds over all threads and children, wake-ups are their
voluntary context switches.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.card.private_pcscd import PrivatePcscd
from drivers.printer.escpos_simulator import EscPosSimulator
from drivers.printer.ippeveprinter import EvePrinter
from terminal.clock import Clock
from terminal.demo.backend_process import BackendProcess
from terminal.demo.stage import Play, clock_offset_s, settings_of
from tests.bench.start import written
from tests.drivers.pins import until

PEER = Path(".venv/peer/bin/octoprint")
SETTLE_S, WATCH_S = 15.0, 60.0
BARE = "server: {firstRun: false}\n"
CONNECTED = (
    """
plugins: {virtual_printer: {enabled: true}}
serial: {autoconnect: true, port: VIRTUAL}
"""
    + BARE
)
PINS: dict[str, object] = {
    "lights": {"type": "gpio", "factory": "mock", "pins": {"status": 25, "card_reader": 17}},
    "sounder": {"type": "gpio", "factory": "mock", "pin": 12},
    "buttons": {
        "type": "gpio",
        "factory": "mock",
        "pins": {"ok": 5, "cancel": 21, "supervisor": 26},
    },
    "sensors": {"type": "gpio", "factory": "mock", "pins": {"sheets_in_tray": 4}},
    "coin_inhibit": {"type": "gpio", "factory": "mock", "pin": 16},
    "keypad": {
        "type": "matrix",
        "factory": "mock",
        "rows": [6, 13],
        "columns": [19, 20],
        "keys": [["1", "2"], ["3", "ok"]],
    },
}


@dataclass(frozen=True)
class Rest:
    """Per second, of a process and all it started."""

    cpu_percent: float
    wakeups: float


async def measure() -> dict[str, float]:
    """``idle.cpu_percent`` of one core, ``idle.wakeups`` a second, and both as ratios to the peer's; what the peer
    costs without any device is ``idle.bare_peer_…``."""
    async with _terminal() as pid:
        ours = await _rest(pid)
    async with _octoprint(CONNECTED) as pid:
        peer = await _rest(pid)
    async with _octoprint(BARE) as pid:
        bare = await _rest(pid)
    return {
        "idle.cpu_percent": ours.cpu_percent,
        "idle.wakeups": ours.wakeups,
        "idle.peer_cpu_percent": peer.cpu_percent,
        "idle.peer_wakeups": peer.wakeups,
        "idle.bare_peer_cpu_percent": bare.cpu_percent,
        "idle.bare_peer_wakeups": bare.wakeups,
        "idle.ratio_peer": ours.cpu_percent / peer.cpu_percent,
        "idle.wakeups_ratio_peer": ours.wakeups / peer.wakeups,
    }


async def _rest(pid: int) -> Rest:
    await asyncio.sleep(SETTLE_S)
    before = _spent(pid)
    await asyncio.sleep(WATCH_S)
    after = _spent(pid)
    return Rest((after[0] - before[0]) / 1e7 / WATCH_S, (after[1] - before[1]) / WATCH_S)


def _spent(pid: int) -> tuple[int, int]:
    """Nanoseconds on a processor, and wake-ups, of all threads of a process and its children."""
    nanoseconds = wakeups = 0
    for one in _family(pid):
        for task in Path(f"/proc/{one}/task").iterdir():
            nanoseconds += int((task / "schedstat").read_text().split()[0])
            status = (task / "status").read_text()
            wakeups += int(status.partition("voluntary_ctxt_switches:")[2].split()[0])
    return nanoseconds, wakeups


def _family(pid: int) -> list[int]:
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [pid, *(one for child in children for one in _family(child))]


@asynccontextmanager
async def _terminal() -> AsyncGenerator[int]:
    """A terminal whose devices answer, as far as they can without hardware."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="madoguchi-idle-")))
        offset = clock_offset_s(Clock().now())
        development = folder / "development"
        backend = await stack.enter_async_context(BackendProcess(development, offset))
        pcscd = await stack.enter_async_context(PrivatePcscd())
        printer = await stack.enter_async_context(EvePrinter())
        receipts = await stack.enter_async_context(EscPosSimulator())
        settings = settings_of(
            Play(folder, port=0), folder / "state", development, backend.port, offset
        )
        settings |= PINS
        settings["card_reader"] = {"type": "pcsc", "pattern": "Virtual PCD"}
        settings["document_printer"] = {"type": "ipp", "uri": printer.uri}
        settings["receipt_printer"] = {"type": "escpos", "device": receipts.path}
        far, near = pty.openpty()
        stack.callback(os.close, far)
        stack.callback(os.close, near)
        settings["display"] = {"type": "customer", "device": os.ttyname(near)}
        config = written(folder, settings)
        command = ("-m", "terminal.cli", "run", "--config", str(config))
        yield await _started(stack, (sys.executable, *command), env=dict(pcscd.environment))


@asynccontextmanager
async def _octoprint(configuration: str) -> AsyncGenerator[int]:
    if not PEER.exists():
        raise SystemExit("the peer is not installed: start this by ./run bench idle")
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octoprint-")))
        (folder / "config.yaml").write_text(configuration, encoding="utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        serve = ("serve", "--basedir", str(folder), "--host", "127.0.0.1", "--port", str(port))
        root = ("--iknowwhatimdoing",) if os.getuid() == 0 else ()
        pid = await _started(stack, (str(PEER), *serve, *root), env={})
        await until(lambda: _answers(port), seconds=120)
        yield pid


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


async def _started(
    stack: contextlib.AsyncExitStack, command: tuple[str, ...], env: dict[str, str]
) -> int:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **env},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def end() -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    stack.push_async_callback(end)
    return process.pid
