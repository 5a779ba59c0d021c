"""A whole visit with nobody to wait for, and the moment from money to paper."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.printer import DocumentPrinter, PrintJob, PrintProgress, PrintStarted
from terminal.demo.stage import Play, Stage, set_stage
from terminal.demo.visitor import Visitor
from terminal.visit import states as s
from terminal.visit.states import State

ROUNDS = 5


@dataclass
class Stopwatch:
    """When each state was first seen in this visit."""

    seen: dict[type, float] = field(default_factory=dict[type, float])
    visitor: Visitor | None = None
    first_byte: float = 0.0

    def watch(self, state: State) -> None:
        self.seen.setdefault(type(state), time.perf_counter())
        if self.visitor is not None:
            self.visitor.watch(state)


async def measure() -> dict[str, float]:
    """``visit.software_s``: consent to farewell by a person who reacts at once, printer and coins
    taking no time. ``visit.paid_to_first_byte_ms``: escrow full to the printer's first byte."""
    watch = Stopwatch()
    whole: list[float] = []
    paid: list[float] = []
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as name:
        play = Play(Path(name), port=None, seconds_per_sheet=0, watch=watch.watch)
        async with set_stage(play) as stage, _running(stage):
            _listen(stage.terminal.devices.document_printer, watch)
            for _ in range(ROUNDS):
                await _visit(stage, watch)
                whole.append(watch.seen[s.Farewell] - watch.seen[s.Consent])
                paid.append(watch.first_byte - watch.seen[s.Printing])
    return {
        "visit.software_s": statistics.median(whole),
        "visit.paid_to_first_byte_ms": statistics.median(paid) * 1000,
    }


@asynccontextmanager
async def _running(stage: Stage) -> AsyncGenerator[None, None]:
    task = asyncio.create_task(stage.terminal.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _visit(stage: Stage, watch: Stopwatch) -> None:
    card = stage.rig.personas()[0]
    watch.seen.clear()
    watch.visitor = Visitor(stage.rig, card["persona"], card["pin"], lambda _line: None)
    watch.visitor.watch(stage.terminal.conductor.state)
    await watch.visitor.make_visit()
    await stage.terminal.settled()
    await stage.rig.press_key("ok")
    while not isinstance(stage.terminal.conductor.state, s.Idle):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)  # the next visit's worker is started ahead of need, as in life


def _listen(printer: DocumentPrinter, watch: Stopwatch) -> None:
    original = printer.print_document

    async def listened(job: PrintJob) -> AsyncGenerator[PrintProgress, None]:
        async for progress in original(job):
            if isinstance(progress, PrintStarted):
                watch.first_byte = time.perf_counter()
            yield progress

    printer.print_document = listened  # type: ignore[method-assign]
