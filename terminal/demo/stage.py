"""Sets the stage: development keys, backend, line, devices, terminal and dock, in one process tree."""

from __future__ import annotations

import os
import tomllib
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from terminal.attention import SOUNDS
from terminal.clock import JST, Clock
from terminal.config import Config, parse
from terminal.daemon import Terminal
from terminal.demo.backend_process import BackendProcess
from terminal.demo.dock import Dock
from terminal.demo.line import Line
from terminal.demo.rig_simulated import SimulatedRig
from terminal.visit.states import State

TERMINAL = "dev-1"
OPENING = (7, 0)
CLOSING = (20, 0)  # well inside both sample cities' hours
DEMO_HOUR = 10
VISIT = timedelta(hours=1)
CITIES = Path(__file__).parents[2] / "backend" / "city" / "sample"


@dataclass(frozen=True, slots=True)
class Play:
    """What the stage is set for. ``port`` 0 takes any free one; ``paper`` is seconds a sheet."""

    directory: Path
    rig: str = "simulated"
    port: int | None = 8080
    seconds_per_sheet: float = 2.0
    watch: Callable[[State], None] | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    terminal: Terminal
    rig: SimulatedRig
    page_url: str | None
    clock_offset_s: int


def clock_offset_s(now: datetime) -> int:
    """0 while the sample cities are open; else what brings the clock to their next morning (R7, R8)."""
    if _open(now):
        return 0
    morning = now.replace(hour=DEMO_HOUR, minute=0, second=0, microsecond=0)
    while morning <= now or not _open(morning):
        morning += timedelta(days=1)
    return int((morning - now).total_seconds())


def _open(now: datetime) -> bool:
    year_end = (now.month, now.day) >= (12, 29) or (now.month, now.day) <= (1, 3)
    in_hours = OPENING <= (now.hour, now.minute) < CLOSING
    return in_hours and not year_end and not _in_maintenance(now)


def _in_maintenance(now: datetime) -> bool:
    """Do the sample cities' calendars close anything around ``now`` (R9)?"""
    for calendar in CITIES.glob("*/city.toml"):
        closures = tomllib.loads(calendar.read_text(encoding="utf-8")).get("closures", [])
        if any(each["starts"] - VISIT <= now < each["ends"] for each in closures):
            return True
    return False


@asynccontextmanager
async def set_stage(play: Play) -> AsyncGenerator[Stage, None]:
    """Everything up, until the block ends. Nothing keeps running after it."""
    offset = clock_offset_s(Clock().now().astimezone(JST))
    development = play.directory / "development"
    async with AsyncExitStack() as stack:
        # Money and paper of the simulated devices begin anew, so the journal does too.
        play.directory.mkdir(parents=True, exist_ok=True)
        state = stack.enter_context(TemporaryDirectory(prefix="state-", dir=play.directory))
        backend = await stack.enter_async_context(BackendProcess(development, offset))
        line = await stack.enter_async_context(Line("127.0.0.1", backend.port))
        base = settings_of(play, Path(state), development, line.port, offset)
        cards = development / "cards"
        if play.rig == "virtual":
            terminal, rig = await _virtual(stack, play, base, cards, line)
        else:
            terminal = Terminal(_config(base, play), play.watch)
            rig = SimulatedRig(terminal.devices, cards, line)
        if terminal.panel is not None:
            terminal.panel.add_routes(Dock(rig, sounds=SOUNDS).routes())
        await stack.enter_async_context(terminal)
        yield Stage(terminal, rig, terminal.page_url, offset)


DEVICES = (
    "card_reader",
    "keypad",
    "buttons",
    "lights",
    "sounder",
    "sensors",
    "payment",
    "receipt_printer",
    "speaker",
    "display",
    "coin_inhibit",
)


def settings_of(
    play: Play, state: Path, development: Path, port: int, offset: int
) -> dict[str, object]:
    """A terminal's configuration as its TOML file would hold it."""
    identity = development / "terminals" / TERMINAL
    settings: dict[str, object] = {
        "name": "demo",
        "state_dir": str(state),
        "clock_offset_s": offset,
        "link": {
            "url": f"https://127.0.0.1:{port}",
            "ca": str(identity / "ca.pem"),
            "certificate": str(identity / "certificate.pem"),
            "key": str(identity / "key.pem"),
            "city_keys": str(development / "trust" / "cities"),
        },
        **{device: {"type": "simulated"} for device in DEVICES},
        "document_printer": {"type": "simulated", "seconds_per_sheet": play.seconds_per_sheet},
    }
    if play.port is not None:
        settings["panel"] = {"port": play.port}
    return settings


def _config(settings: dict[str, object], play: Play) -> Config:
    return parse(settings, play.directory, "the demo's configuration")


async def _virtual(
    stack: AsyncExitStack, play: Play, settings: dict[str, object], cards: Path, line: Line
) -> tuple[Terminal, SimulatedRig]:
    """Pcscd with a virtual reader, an IPP server and a serial line, each started and owned here."""
    from drivers.card.private_pcscd import PrivatePcscd
    from drivers.card.vpcd import VpcdSlot
    from drivers.printer.escpos_simulator import EscPosSimulator
    from drivers.printer.ippeveprinter import EvePrinter
    from terminal.demo.rig_virtual import VirtualRig

    pcscd = await stack.enter_async_context(PrivatePcscd())
    os.environ.update(pcscd.environment)  # read once, when the PC/SC library is first used
    first, second = [await stack.enter_async_context(VpcdSlot(port)) for port in pcscd.ports[:2]]
    printer = await stack.enter_async_context(EvePrinter(seconds_per_sheet=play.seconds_per_sheet))
    receipts = await stack.enter_async_context(EscPosSimulator())
    settings["card_reader"] = {"type": "pcsc", "pattern": "Virtual PCD"}
    settings["document_printer"] = {"type": "ipp", "uri": printer.uri}
    settings["receipt_printer"] = {"type": "escpos", "device": receipts.path}
    terminal = Terminal(_config(settings, play), play.watch)
    return terminal, VirtualRig(terminal.devices, cards, line, (first, second), printer, receipts)
