"""``madoguchi doctor body``: a person is led past every light, sound, word, key and sensor, and what they
answer is recorded. Whoever mends a terminal runs it before it serves again; the service must be stopped.

What a device can tell by itself (a key that is pressed, a sensor that changes) is waited for; what only eyes
and ears can tell is asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from drivers.buttons import Button, ButtonPressed
from drivers.device import Device, DeviceEvent, DeviceState
from drivers.errors import DriverError
from drivers.keypad import Key, KeyPressed
from drivers.lights import FlashRate, Light
from drivers.sensors import Sensor, SensorChanged
from drivers.sounder import Sound, Tone
from drivers.speaker import Outlet, Speech
from terminal.attention import SOUNDS
from terminal.devices import Devices
from terminal.strings.catalogue import NAMES, catalogue
from terminal.visit.screen import Text
from terminal.voice.composing import Source, clips

HEARD_S = 20.0
"""How long a key or a sensor is waited for."""
TUNES = ("card.chime", "paper.chime", "money.chime", "fault.louder", "card.continuous")

Ask = Callable[[str], Awaitable[str]]
"""Asks a person; the answer is y, n, or s to skip."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """``outcome``: works, fails, skipped, or what the device said was wrong."""

    part: str
    name: str
    outcome: str

    @property
    def is_well(self) -> bool:
        return self.outcome in {"works", "skipped"}


class Examination:
    """``ask`` and ``say`` reach the person at the terminal; ``patience_s`` is how long they are waited for."""

    def __init__(
        self, devices: Devices, source: Source, ask: Ask, say: Say, patience_s: float = HEARD_S
    ) -> None:
        self._devices = devices
        self._source = source
        self._ask = ask
        self._say = say
        self._patience_s = patience_s

    async def run(self) -> AsyncIterator[Finding]:
        """One finding after the other, in the order in which a hand goes over the machine."""
        for each in (
            self._lights(),
            self._sounds(),
            self._voice(),
            self._display(),
            self._keys(),
            self._buttons(),
            self._sensors(),
        ):
            async for finding in each:
                yield finding

    # --- what eyes and ears tell -------------------------------------------------------------

    async def _lights(self) -> AsyncIterator[Finding]:
        lights = self._devices.lights
        for light in (each for each in Light if each in lights.fitted):
            for rate in (FlashRate.STEADY, FlashRate.SLOW):
                fault = await _fault(lights.show({light: rate}))
                words = f"Is the light “{light.value}”, and no other, {rate.name.lower()}?"
                yield await self._judge("light", f"{light.value} {rate.name.lower()}", words, fault)
        await _fault(lights.show({}))

    async def _sounds(self) -> AsyncIterator[Finding]:
        sounder = self._devices.sounder
        for name in TUNES:
            tones = tuple(Tone(hz, ms, loud) for hz, ms, loud in SOUNDS[name])
            fault = await _fault(sounder.play(Sound(name, tones, repeat=True)))
            yield await self._judge("sound", name, f"Do you hear the tune “{name}”?", fault)
        await _fault(sounder.stop())

    async def _voice(self) -> AsyncIterator[Finding]:
        speaker = self._devices.speaker
        if speaker is None:
            return
        for outlet in Outlet:
            for language in NAMES:
                speech = self._speech(language, outlet)
                fault = await _fault(speaker.say(speech))
                words = (
                    f"Does it say in {NAMES[language]}, from the {outlet.value}: {speech.words[0]}"
                )
                yield await self._judge("voice", f"{outlet.value} {language}", words, fault)
        await _fault(speaker.stop())

    def _speech(self, language: str, outlet: Outlet) -> Speech:
        words, text = catalogue(language), Text("attention.card")
        said = clips((text,), words, self._source, slow=False)
        return Speech(said, outlet=outlet, words=(words.lookup(text),))

    async def _display(self) -> AsyncIterator[Finding]:
        display = self._devices.display
        if display is None:
            return
        lines = tuple(f"{row + 1} madoguchi" for row in range(display.rows))
        fault = await _fault(display.show(lines))
        words = f"Do {display.rows} numbered lines stand on the display?"
        yield await self._judge("display", "lines", words, fault)

    async def _judge(self, part: str, name: str, question: str, fault: str) -> Finding:
        if fault:
            self._say(f"{part} {name}: {fault}")
            return Finding(part, name, fault)
        answer = (await self._ask(f"{question} [y/n/s]")).strip().lower()[:1]
        outcome = {"y": "works", "s": "skipped"}.get(answer, "fails")
        return Finding(part, name, outcome)

    # --- what the device tells ---------------------------------------------------------------

    async def _keys(self) -> AsyncIterator[Finding]:
        keypad = self._devices.keypad
        for key in (each for each in Key if each in keypad.fitted):
            self._say(f"Press the key “{key.value}” (or wait, where there is none).")
            event = KeyPressed(key)
            yield await self._await("key", key.value, keypad, event)

    async def _buttons(self) -> AsyncIterator[Finding]:
        buttons = self._devices.buttons
        for button in (each for each in Button if each in buttons.fitted):
            self._say(f"Press the button “{button.value}”, or turn its key (or wait).")
            event = ButtonPressed(button)
            yield await self._await("button", button.value, buttons, event)

    async def _sensors(self) -> AsyncIterator[Finding]:
        sensors = self._devices.sensors
        for sensor in Sensor:
            if sensor not in sensors.fitted:
                yield Finding("sensor", sensor.value, "skipped")
                continue
            now = sensors.read(sensor)
            if now is None:
                yield Finding("sensor", sensor.value, "cannot be read")
                continue
            for value in (not now, now):
                does = "see something" if value else "see nothing"
                self._say(f"Let the sensor “{sensor.value}” {does}.")
                event = SensorChanged(sensor, value)
                yield await self._await("sensor", f"{sensor.value} {value}", sensors, event)

    async def _await(self, part: str, name: str, device: Device, wanted: DeviceEvent) -> Finding:
        if device.state is not DeviceState.ONLINE:
            return Finding(part, name, f"{device.name} is {device.state.value}")
        try:
            async with asyncio.timeout(self._patience_s):
                async for event in device.events():
                    if event == wanted:
                        self._say("  heard.")
                        return Finding(part, name, "works")
        except TimeoutError:
            self._say("  nothing came.")
        return Finding(part, name, "nothing came")


async def _fault(doing: Awaitable[None]) -> str:
    """What went wrong in a device's own words; "" where nothing did."""
    try:
        await doing
    except DriverError as error:
        return str(error)
    return ""


def record(
    path: Path, terminal: str, at: datetime, findings: list[Finding], *, finished: bool
) -> None:
    """What was found so far, for the next person: a JSON file, whole or not at all."""
    written = {
        "terminal": terminal,
        "at": at.isoformat(timespec="seconds"),
        "finished": finished,
        "well": finished and all(finding.is_well for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }
    beside = path.with_suffix(path.suffix + ".new")
    beside.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
