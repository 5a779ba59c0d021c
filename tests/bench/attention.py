"""How soon a lamp answers what happened, while three pages are rendered on the same machine.

A card is laid down before a whole terminal and taken, over and over, from another thread as a reader's own
would tell it; what is timed is from there to the level of the lamp's pin (gpiozero's mock pins, so without the
microseconds of an ioctl). Meanwhile a process for each core renders three A4 pages at 600 dpi without a pause.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from gpiozero.pins.mock import MockFactory, MockPin
from PIL import Image, ImageDraw

from drivers.card.virtual import VirtualCard
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.lights import Light
from drivers.lights.gpio import GpioLights
from terminal.clock import Clock
from terminal.config import parse
from terminal.daemon import Terminal
from terminal.demo.backend_process import BackendProcess
from terminal.demo.rig_simulated import simulated
from terminal.demo.stage import Play, clock_offset_s, settings_of
from terminal.devices import Devices
from terminal.visit import states as s
from tests.drivers.pins import until

ROUNDS = 150
WARM_UP = 10
LAMP = 17
DPI = 600


class Moments:
    """When the lamp's pin last went up."""

    def __init__(self) -> None:
        self.lit_at = 0.0
        moments = self

        class TimedPin(MockPin):  # type: ignore[misc]  # gpiozero has no annotations
            def _set_state(self, value: float) -> None:
                if value and self.info.name == f"GPIO{LAMP}":
                    moments.lit_at = time.perf_counter()
                super()._set_state(value)

        self.factory = MockFactory(pin_class=TimedPin)


async def measure() -> dict[str, float]:
    """``attention.light_p99_ms`` and, for comparison, the median."""
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as name:
        folder = Path(name)
        offset = clock_offset_s(Clock().now())
        async with BackendProcess(folder / "development", offset) as backend:
            play = Play(folder, port=None)
            state, world = folder / "state", folder / "development"
            settings = settings_of(play, state, world, backend.port, offset)
            settings["limits"] = {"screen_s": 3600}
            terminal = Terminal(parse(settings, folder))
            moments = Moments()
            _fit(terminal.devices, moments)
            waits = await _watch(terminal, moments, world / "cards")
    return {
        "attention.light_p50_ms": statistics.median(waits) * 1000,
        "attention.light_p99_ms": statistics.quantiles(waits, n=100)[98] * 1000,
    }


def _fit(devices: Devices, moments: Moments) -> None:
    """Real lamps' driver in place of the simulated one, before anything is opened."""
    lights = GpioLights({Light.CARD_READER: LAMP}, moments.factory)
    object.__setattr__(devices, "lights", lights)


async def _watch(terminal: Terminal, moments: Moments, cards: Path) -> list[float]:
    async with terminal:
        terminal.presenter._lamps._bringing._bring = terminal.devices.lights.show
        running = asyncio.create_task(terminal.run())
        try:
            await until(lambda: isinstance(terminal.conductor.state, s.Idle), seconds=20)
            terminal.conductor.choose("guide")
            await until(lambda: isinstance(terminal.conductor.state, s.Guide))
            reader = simulated(terminal.devices.card_reader, SimulatedCardReader)
            card = VirtualCard.from_file(cards / "aoki-haruna.json")
            return await _under_load(reader, card, moments)
        finally:
            running.cancel()
            await asyncio.wait([running])


async def _under_load(
    reader: SimulatedCardReader, card: VirtualCard, moments: Moments
) -> list[float]:
    context = multiprocessing.get_context("spawn")
    cores = len(os.sched_getaffinity(0))
    begun = context.Barrier(cores + 1)
    loads = [
        context.Process(target=_render_for_ever, args=(begun,), daemon=True) for _ in range(cores)
    ]
    for load in loads:
        load.start()
    try:
        await asyncio.to_thread(begun.wait)
        waits = [await _once(reader, card, moments) for _ in range(WARM_UP + ROUNDS)]
    finally:
        for load in loads:
            load.kill()
            load.join()
    return waits[WARM_UP:]


async def _once(reader: SimulatedCardReader, card: VirtualCard, moments: Moments) -> float:
    loop = asyncio.get_running_loop()

    def lay() -> float:
        at = time.perf_counter()
        loop.call_soon_threadsafe(reader.insert, card)
        return at

    laid_at = await asyncio.to_thread(lay)
    await until(lambda: moments.lit_at > laid_at)
    waited = moments.lit_at - laid_at
    reader.remove()
    await asyncio.sleep(0.6)  # a lamp goes on at most twice a second (decision i)
    return waited


def _render_for_ever(begun: Any) -> None:
    out = io.BytesIO()
    page = Image.new("L", (2480, 3508), 255)
    ImageDraw.Draw(page).rectangle((200, 200, 2200, 3300), outline=0, width=9)
    page.save(out, "PDF", resolution=300, append_images=[page, page], save_all=True)
    begun.wait()
    while True:
        document = pdfium.PdfDocument(out.getvalue())
        for each in document:
            each.render(scale=DPI / 72, grayscale=True).to_numpy()  # pyright: ignore[reportArgumentType]
