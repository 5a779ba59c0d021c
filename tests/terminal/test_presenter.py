"""How each state looks and sounds, and that a broken lamp or buzzer harms nothing but itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.display.simulated import SimulatedDisplay
from drivers.errors import HardwareFault
from drivers.lights import FlashRate, Light
from drivers.lights.simulated import Pattern, SimulatedLights
from drivers.sounder import Sound
from drivers.sounder.simulated import SimulatedSounder
from drivers.speaker.simulated import SimulatedSpeaker
from terminal.attention import SOUNDS, Left, signals
from terminal.clock import Clock
from terminal.config import parse
from terminal.demo.stage import Play, settings_of
from terminal.devices import build_devices
from terminal.faces import Scene
from terminal.left_behind import left_behind
from terminal.presenter import Presenter
from terminal.signals import SIGNALS, signals_of
from terminal.strings.catalogue import catalogue
from terminal.visit import states as s
from terminal.visit.known import Belongings, CardFacts, CardFault, CardReturned, Ending, Visit, Wish
from terminal.visit.screen import Text
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from terminal.voice.composing import Unrecorded
from tests.terminal.visit.test_machine import explore
from tests.terminal.visit.world import DOCUMENT, NOON, PAYMENT, PERSON, REFUSAL, RESIDENCE

VISIT = Visit("v")
CARD = CardFacts(3)
WISH = Wish(RESIDENCE, frozenset({"p1"}))
ALL = Belongings(card=True, sheets=True, receipt=True, change=True)
NONE = Belongings()
OFF, STEADY, SLOW, QUICK = FlashRate.OFF, FlashRate.STEADY, FlashRate.SLOW, FlashRate.QUICK
CALM = {Light.STATUS: STEADY}
FAULT = {Light.STATUS: SLOW}


class Stopwatch(Clock):
    """A clock that tests move."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


NOWHERE = Path("/nonexistent")
SETTINGS = parse(settings_of(Play(NOWHERE, port=None), NOWHERE, NOWHERE, 1, 0), NOWHERE)


class Faces:
    """A presenter with its lamps and buzzer; ``failing`` is what it said of them."""

    def __init__(self, *, with_voice: bool = False) -> None:
        self.lights = SimulatedLights()
        self.sounder = SimulatedSounder()
        self.speaker = SimulatedSpeaker()
        self.display = SimulatedDisplay()
        devices = replace(
            build_devices(SETTINGS),
            lights=self.lights,
            sounder=self.sounder,
            speaker=self.speaker if with_voice else None,
            display=self.display,
        )
        self.clock = Stopwatch()
        self.failing: list[tuple[str, bool]] = []
        self.presenter = Presenter(
            devices,
            SETTINGS,
            self.clock,
            Unrecorded(),
            None,
            lambda name, fails: self.failing.append((name, fails)),
        )

    async def show(self, state: State, there: Belongings = NONE) -> frozenset[Left]:
        due = self.presenter.show(state, there, None)
        await self.shown()
        return due

    async def shown(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    @property
    def is_sounding(self) -> bool:
        return self.sounder.sounding is not None

    @property
    def sounds(self) -> list[str]:
        return [sound.name for sound in self.sounder.history]


@asynccontextmanager
async def faces(*, with_voice: bool = False) -> AsyncGenerator[Faces]:
    made = Faces(with_voice=with_voice)
    async with made.lights, made.sounder, made.speaker, made.display:
        running = asyncio.create_task(made.presenter.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.wait({running})
            if not running.cancelled():
                running.result()


def test_every_screen_has_a_row_and_every_row_names_lights_and_sounds_that_exist() -> None:
    used = {screen_of(state).situation or screen_of(state).id for state, _ in explore()}
    assert used <= SIGNALS.keys()
    for row in SIGNALS.values():
        assert row.guide is None or row.guide in {light.value for light in Light}
        assert row.sound is None or row.sound in SOUNDS


TABLE: list[tuple[State, Belongings, dict[Light, FlashRate], list[str]]] = [
    (s.Idle(), NONE, CALM, []),
    (s.Guide("ja"), NONE, CALM, []),
    (s.Guide("ja"), ALL, CALM | {Light.CARD_READER: SLOW}, ["card.chime"]),
    (s.Consent(VISIT), NONE, CALM, []),
    (s.AwaitingCard(VISIT), NONE, CALM | {Light.CARD_READER: SLOW}, []),
    (
        s.AwaitingCard(VISIT, CardFault.MUTE),
        NONE,
        CALM | {Light.CARD_READER: SLOW},
        ["attention"],
    ),
    (s.ReadingCard(VISIT), NONE, CALM, []),
    (s.EnteringPin(VISIT, CARD), NONE, CALM | {Light.KEYPAD: SLOW}, []),
    (s.EnteringPin(VISIT, CARD, was_wrong=True), NONE, CALM | {Light.KEYPAD: SLOW}, ["error"]),
    (s.EnteringPin(VISIT, CardFacts(1)), NONE, CALM, ["attention"]),
    (
        s.TypingAtReader(VISIT, CARD, was_wrong=True),
        NONE,
        CALM | {Light.CARD_READER: SLOW},
        ["error"],
    ),
    (s.Authenticating(VISIT, CARD), NONE, CALM, []),
    (s.ChoosingCertificate(VISIT, PERSON), Belongings(card=True), CALM, []),
    (s.ChoosingYear(VISIT, PERSON, WISH), Belongings(card=True), CALM, []),
    (s.ChoosingPeople(VISIT, PERSON, WISH), Belongings(card=True), CALM, []),
    (s.Confirming(VISIT, PERSON, WISH), Belongings(card=True), CALM, []),
    (s.Preparing(VISIT, DOCUMENT.product), Belongings(card=True), CALM, []),
    (
        s.ReturningCard(VISIT, DOCUMENT),
        Belongings(card=True),
        CALM | {Light.CARD_READER: SLOW},
        ["card.chime"],
    ),
    (
        s.Paying(VISIT, DOCUMENT, CardReturned(NOON)),
        NONE,
        CALM | {Light.PAYMENT: SLOW},
        [],
    ),
    (
        s.TakingCardBack(VISIT, Ending.CANCELLED),
        Belongings(card=True),
        CALM | {Light.CARD_READER: SLOW},
        ["card.chime"],
    ),
    (
        s.HandingOver(VISIT, DOCUMENT, PAYMENT, Belongings(sheets=True, receipt=True)),
        Belongings(sheets=True, receipt=True),
        CALM | {Light.PRINTER_TRAY: SLOW, Light.RECEIPT: SLOW},
        ["paper.chime"],
    ),
    (
        s.Collecting(VISIT, REFUSAL, Belongings(change=True)),
        Belongings(change=True, sheets=True),
        CALM | {Light.PAYMENT: SLOW},
        ["money.chime"],
    ),
    (s.Farewell(VISIT, Ending.DELIVERED), NONE, CALM, ["farewell"]),
    (s.Farewell(VISIT, Ending.CANCELLED), NONE, CALM, []),
    (s.Refused(VISIT, REFUSAL, card_present=False), NONE, FAULT, ["error"]),
    (s.Settling(VISIT, "settling.money_stuck", "r"), NONE, FAULT, ["error"]),
    (s.Closed("ja", "closed.hours", None), NONE, {}, []),
    (s.OutOfService("ja", ("trouble.link",)), NONE, FAULT, []),
    (
        s.OutOfService("ja", ("trouble.card_left",)),
        Belongings(card=True),
        FAULT | {Light.CARD_READER: SLOW},
        ["card.chime"],
    ),
    (s.OutOfService("ja", ("trouble.void_sheets",)), Belongings(sheets=True), FAULT, []),
    (s.Supervisor("ja"), ALL, CALM, []),
]


@pytest.mark.parametrize(("state", "there", "lights", "sounds"), TABLE)
async def test_R66_R67_R68_how_each_state_looks_and_sounds(
    state: State, there: Belongings, lights: dict[Light, FlashRate], sounds: list[str]
) -> None:
    async with faces() as made:
        await made.show(s.Printing(VISIT, DOCUMENT, PAYMENT))
        await made.show(state, there)
        await made.show(state, there)  # shown again, nothing sounds again
        assert made.lights.pattern == lights
        assert made.sounds == sounds


def test_the_table_knows_every_state_that_can_be_shown() -> None:
    shown = {type(state) for state, *_ in TABLE} | {s.Printing}
    working = {s.Ordering, s.ReturningMoney, s.ChoosingItems, s.Notices}  # as their neighbours
    assert shown | working == set(s.State.__args__)


def test_what_the_screen_asks_for_is_not_called_out_a_second_time() -> None:
    state = s.TakingCardBack(VISIT, Ending.CANCELLED)
    screen, words = screen_of(state), catalogue("ja")
    call = signals({Left.CARD: 0, Left.CHANGE: 0})
    scene = Scene(state, screen, signals_of(screen), words, call, 0.0)
    assert scene.unsaid == (Text("attention.change"),)


def test_void_sheets_are_called_for_by_nobody() -> None:
    """They are for staff: "please take your certificate" would give them to a passer-by (I-12)."""
    sheets = Belongings(sheets=True)
    for trouble in ("trouble.void_sheets", "trouble.found_sheets"):
        assert not left_behind(s.OutOfService("ja", (trouble,)), sheets)
    assert left_behind(s.OutOfService("ja", ("trouble.left_behind",)), sheets) == {Left.SHEETS}


async def test_a_sound_is_not_lost_between_two_steps() -> None:
    """Two events in one turn of the loop: the second must not swallow what the first had to say."""
    async with faces() as made:
        refused = s.Refused(VISIT, REFUSAL, card_present=True)
        made.presenter.show(refused, NONE, None)
        made.presenter.show(s.Refused(VISIT, REFUSAL, card_present=False), NONE, None)
        await made.shown()
        assert made.sounds == ["error"]


async def test_R67_a_call_climbs_repeats_and_ends() -> None:
    async with faces() as made:
        state, there = s.TakingCardBack(VISIT, Ending.CANCELLED), Belongings(card=True)
        assert await made.show(state, there) == set()
        made.clock.at = 10
        assert await made.show(state, there) == set()
        assert made.lights.pattern[Light.CARD_READER] is QUICK
        sounding = made.sounder.sounding
        assert sounding is not None
        assert sounding.repeat
        made.clock.at = 30
        assert await made.show(state, there) == {Left.CARD}
        made.clock.at = 31
        assert await made.show(state, there) == set(), "staff are called once"
        assert made.sounds == ["card.chime", "card.louder", "card.continuous"]
        await made.show(s.Farewell(VISIT, Ending.CANCELLED))
        assert not made.is_sounding
        assert Light.CARD_READER not in made.lights.pattern
        made.clock.at = 40
        assert await made.show(state, there) == set(), "a new card is a new thing"
        made.clock.at = 70
        assert await made.show(state, there) == {Left.CARD}


async def test_a_key_clicks_and_interrupts_no_call() -> None:
    async with faces() as made:
        await made.show(s.Idle())
        made.presenter.click()
        await made.shown()
        assert made.sounds == ["key"]
        made.clock.at = 10
        await made.show(s.TakingCardBack(VISIT, Ending.CANCELLED), Belongings(card=True))
        made.presenter.click()
        await made.shown()
        assert made.sounds == ["key", "card.chime"]


async def test_a_broken_lamp_is_told_tried_again_and_silences_no_buzzer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("terminal.faces.bringing.RETRY_S", 0.01)
    works = SimulatedLights._set

    def broken(_lights: SimulatedLights, _pattern: Pattern) -> None:
        raise HardwareFault("lights", "a lamp is broken")

    monkeypatch.setattr(SimulatedLights, "_set", broken)
    made = Faces()
    await made.lights.open()
    await made.sounder.open()
    await made.display.open()
    running = asyncio.create_task(made.presenter.run())
    try:
        await made.show(s.Refused(VISIT, REFUSAL, card_present=False))
        assert made.sounds == ["error"]
        assert made.failing == [("lights", True)]
        monkeypatch.setattr(SimulatedLights, "_set", works)
        async with asyncio.timeout(5):
            while len(made.failing) < 2:
                await asyncio.sleep(0.005)
        assert made.failing == [("lights", True), ("lights", False)]
        assert made.lights.pattern == FAULT
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.wait({running})
        await made.sounder.close()
        await made.display.close()


async def test_a_buzzer_that_hangs_is_told_and_the_lamps_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("terminal.faces.bringing.LIMIT_S", 0.01)

    async def hangs(_sounder: SimulatedSounder, _sound: Sound) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(SimulatedSounder, "play", hangs)
    async with faces() as made:
        await made.show(s.Refused(VISIT, REFUSAL, card_present=False))
        async with asyncio.timeout(5):
            while not made.failing:
                await asyncio.sleep(0.005)
        assert made.failing == [("sounder", True)]
        await made.show(s.Paying(VISIT, DOCUMENT, CardReturned(NOON)))
        assert made.lights.pattern == CALM | {Light.PAYMENT: SLOW}
