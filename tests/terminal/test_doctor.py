"""``doctor body`` with a person who does what is said, and a terminal of which one thing is broken."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import pytest

from drivers.buttons import Button
from drivers.buttons.simulated import SimulatedButtons
from drivers.device import DeviceState, StateChanged
from drivers.display.simulated import SimulatedDisplay
from drivers.errors import HardwareFault
from drivers.keypad import Key
from drivers.keypad.simulated import SimulatedKeypad
from drivers.lights import FlashRate, Light
from drivers.lights.simulated import Pattern, SimulatedLights
from drivers.sensors import Sensor
from drivers.sensors.simulated import SimulatedSensors
from drivers.sounder.simulated import SimulatedSounder
from drivers.speaker.simulated import SimulatedSpeaker
from terminal.clock import JST
from terminal.config import Config
from terminal.demo.rig_simulated import simulated
from terminal.devices import build_devices
from terminal.doctor import Examination, Finding, record
from terminal.strings.catalogue import NAMES
from terminal.voice.composing import Unrecorded
from tests.terminal.test_presenter import SETTINGS

NAMED = re.compile("“(.+?)”")


class Visitor:
    """Looks, listens, presses and covers as it is told; ``deaf`` to one key."""

    def __init__(self, config: Config, missing: Key | None = None) -> None:
        self.devices = build_devices(config)
        self.lights = simulated(self.devices.lights, SimulatedLights)
        self.sounder = simulated(self.devices.sounder, SimulatedSounder)
        self.speaker = simulated(self.devices.speaker, SimulatedSpeaker)
        self.display = simulated(self.devices.display, SimulatedDisplay)
        self.keypad = simulated(self.devices.keypad, SimulatedKeypad)
        self.buttons = simulated(self.devices.buttons, SimulatedButtons)
        self.sensors = simulated(self.devices.sensors, SimulatedSensors)
        self.missing = missing

    async def ask(self, question: str) -> str:
        named = NAMED.search(question)
        if question.startswith("Is the light"):
            assert named is not None
            rate = FlashRate.STEADY if "steady" in question else FlashRate.SLOW
            return "y" if self.lights.pattern == {Light(named[1]): rate} else "n"
        if question.startswith("Do you hear"):
            assert named is not None
            sounding = self.sounder.sounding
            return "y" if sounding is not None and sounding.name == named[1] else "n"
        if question.startswith("Does it say"):
            saying = self.speaker.saying
            return "y" if saying is not None and saying.words[0] in question else "n"
        return "y" if len([line for line in self.display.lines if line]) == 4 else "n"

    def say(self, words: str) -> None:
        named = NAMED.search(words)
        if named is None:
            return
        loop = asyncio.get_running_loop()
        if words.startswith("Press the key") and Key(named[1]) is not self.missing:
            loop.call_soon(self.keypad.press, Key(named[1]))
        elif words.startswith("Press the button"):
            loop.call_soon(self.buttons.press, Button(named[1]))
        elif words.startswith("Let the sensor"):
            loop.call_soon(self.sensors.set, Sensor(named[1]), "see something" in words)

    async def examine(self) -> list[Finding]:
        async with AsyncExitStack() as stack:
            for device in self.devices.all():
                await stack.enter_async_context(device)
            examination = Examination(self.devices, Unrecorded(), self.ask, self.say, 0.2)
            return [finding async for finding in examination.run()]


async def test_everything_is_gone_past_and_works() -> None:
    findings = await Visitor(SETTINGS).examine()
    assert all(finding.outcome == "works" for finding in findings)
    parts = [finding.part for finding in findings]
    assert parts.count("light") == 2 * len(Light)
    assert parts.count("key") == len(Key)
    assert parts.count("button") == len(Button)
    assert parts.count("sensor") == 2 * len(Sensor)
    assert parts.count("voice") == 2 * len(NAMES)
    assert {"sound", "display"} <= set(parts)


async def test_what_does_not_come_and_what_is_broken_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = SimulatedLights._set

    def broken(lights: SimulatedLights, pattern: Pattern) -> None:
        if Light.RECEIPT in pattern:
            raise HardwareFault("lights", "a lamp is broken")
        works(lights, pattern)

    monkeypatch.setattr(SimulatedLights, "_set", broken)
    findings = await Visitor(SETTINGS, missing=Key.OK).examine()
    bad = {(each.part, each.name): each.outcome for each in findings if not each.is_well}
    assert bad == {
        ("light", "receipt steady"): "lights: a lamp is broken",
        ("light", "receipt slow"): "lights: a lamp is broken",
        ("key", "ok"): "nothing came",
    }


def test_what_was_found_is_recorded_whole(tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    at = datetime(2026, 11, 26, 9, tzinfo=JST)
    record(path, "desk", at, [Finding("key", "ok", "works")], finished=False)
    begun = json.loads(path.read_text())
    assert (begun["finished"], begun["well"]) == (False, False), "half of it is not well"
    found = [Finding("key", "ok", "works"), Finding("key", "1", "fails")]
    record(path, "desk", at, found, finished=True)
    read = json.loads(path.read_text())
    assert read["finished"] is True
    assert read["well"] is False
    assert [each["outcome"] for each in read["findings"]] == ["works", "fails"]
    assert list(tmp_path.iterdir()) == [path]


async def test_sensors_that_cannot_be_read_are_no_sensors_that_are_not_fitted() -> None:
    visitor = Visitor(SETTINGS)
    await visitor.sensors.open()
    visitor.sensors.publish(StateChanged(DeviceState.HARDWARE_ERROR, "its chip has died"))
    examination = Examination(visitor.devices, Unrecorded(), visitor.ask, lambda _: None)
    found = [finding async for finding in examination._sensors()]
    assert {finding.name for finding in found} == {sensor.value for sensor in Sensor}
    assert not any(finding.is_well for finding in found)
