"""Whole visits without looking: by keypad and voice, and by two switches and headphones, in every language.

What was heard and pressed is in ``spoken/``, for people to read and judge. ``MADOGUCHI_WRITE=1`` writes it anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.buttons import Button
from drivers.sensors import Sensor
from drivers.sensors.simulated import SimulatedSensors
from drivers.sounder import Sound
from drivers.speaker import Outlet, Speech
from terminal.demo.rig_simulated import simulated
from terminal.strings.catalogue import NAMES
from terminal.switches import Stop
from terminal.visit import states as s
from tests.terminal.visits.place import PAPER, Backend, Person, Place, exact, terminal_at

SPOKEN = Path(__file__).with_name("spoken")
WRITE = bool(os.environ.get("MADOGUCHI_WRITE"))
SIMULATED = {"type": "simulated"}
PATIENT = {"screen_s": 600.0, "pin_s": 600.0, "payment_s": 600.0, "left_behind_s": 600.0}


DOES: dict[type, str] = {
    s.AwaitingCard: "lays the card down",
    s.ReturningCard: "takes the card",
}


class Transcript:
    """Everything that was said, sounded and pressed, in order; a click is left out, it follows each key."""

    def __init__(self, place: Place) -> None:
        self.lines: list[str] = []
        self._place = place
        voice, buzzer = place.terminal.presenter.voice, place.terminal.presenter._buzzer
        assert voice._bringing is not None
        self._overhear(voice._bringing, self._said)
        self._overhear(buzzer._bringing, self._sounded)

    def _overhear(self, bringing: object, hear: Callable[[object], None]) -> None:
        want = bringing.want  # type: ignore[attr-defined]

        def heard(what: object) -> None:
            hear(what)
            want(what)

        bringing.want = heard  # type: ignore[attr-defined]

    def _said(self, speech: object) -> None:
        if isinstance(speech, Speech):
            where = "🎧" if speech.outlet is Outlet.HEADPHONES else "🔊"
            self.lines += [f"{where} {words}" for words in speech.words]

    def _sounded(self, sound: object) -> None:
        if isinstance(sound, Sound) and sound.name != "key":
            self.lines.append(f"♪ {sound.name}")

    def pressed(self, what: str) -> None:
        self.lines.append(f"{'':>60}☞ {what}")

    def happened(self, what: str) -> None:
        self.lines.append(f"{'':>60}({what})")

    def agrees_with(self, name: str) -> None:
        path, text = SPOKEN / name, "\n".join(self.lines) + "\n"
        if WRITE:
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")


class Listener(Person):
    """Does with keys what a person does who hears what is said, and hears it out."""

    def __init__(self, place: Place, transcript: Transcript, **wishes: object) -> None:
        super().__init__(place, **wishes)  # type: ignore[arg-type]
        self.transcript = transcript
        self.whole = place

    async def hands(self, *keys: str) -> None:
        for key in keys:
            pin = isinstance(self.whole.state, s.EnteringPin) and key.isdigit()
            self.transcript.pressed("a digit" if pin else key)
            await self._give(key)

    async def _give(self, key: str) -> None:
        before = len(self.transcript.lines)
        await self.whole.press(key)
        await self.whole.until(lambda: len(self.transcript.lines) > before, f"an answer to {key}")

    async def _act(self, state: s.State) -> None:
        person = self

        class Through:
            """The place, with each key written down."""

            def __getattr__(self, name: str) -> object:
                return person.hands if name == "press" else getattr(person.whole, name)

        if type(state) in DOES:
            self.transcript.happened(DOES[type(state)])
        self.place = Through()  # type: ignore[assignment]
        try:
            await super()._act(state)
        finally:
            self.place = self.whole

    async def pay(self) -> None:
        """One coin after the other, each when the last has been answered."""
        state, payment = self.whole.state, self.whole.payment
        assert isinstance(state, s.Paying)
        await self.whole.until(lambda: payment.slot_open, "asked to pay")
        for coin in exact(state.document.total_yen):
            before = len(self.transcript.lines)
            self.transcript.happened(f"drops {coin} yen")
            payment.drop(coin)
            await self.whole.until(lambda b=before: len(self.transcript.lines) > b + 1, "heard")  # type: ignore[misc]

    async def take(self) -> None:
        await self.whole.until(lambda: "attention.receipt" in self.whole.words(), "a receipt")
        await self.whole.until(lambda: not self.whole.terminal.conductor.busy, "done printing")
        self.transcript.happened("takes what lies there")
        self.whole.take_all()


class Switcher(Listener):
    """With NEXT and CHOOSE alone: goes on until the wanted thing is reached."""

    async def _give(self, key: str) -> None:
        wanted = self._stop(key)
        focus = self.whole.terminal.conductor._hands.focus
        for _ in range(40):
            await self._button(Button.NEXT)
            if focus.at == wanted:
                break
        assert focus.at == wanted, f"{key} cannot be reached"
        await self._button(Button.CHOOSE)

    def _stop(self, key: str) -> Stop:
        from terminal.visit.screens import screen_of

        screen = screen_of(self.whole.state)
        if key.isdigit() and screen.pin_length is None:
            chosen = next(choice for choice in screen.choices if str(choice.number) == key)
            return Stop(choice=chosen.value)
        return Stop(key=key)

    async def _button(self, button: Button) -> None:
        before = len(self.transcript.lines)
        self.whole.buttons.press(button)
        self.whole.buttons.release(button)
        await self.whole.until(
            lambda: len(self.transcript.lines) > before, f"an answer to {button}"
        )


def no_luck(_below: int) -> int:
    return 0


async def finish(place: Place, listener: Listener) -> None:
    await listener.go(s.Farewell)
    await place.reach(s.Idle)
    await place.settled()
    assert place.steps() == PAPER
    assert place.incidents == []


async def turn_to(listener: Listener, language: str) -> None:
    for _ in range(list(NAMES).index(language)):
        await listener.hands("language")


@pytest.mark.parametrize("language", NAMES)
async def test_R16_R67_R68_a_whole_visit_by_keypad_and_voice(
    backend: Backend, here: Path, language: str
) -> None:
    async with terminal_at(backend, here, PATIENT, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        transcript = Transcript(place)
        listener = Listener(
            place, transcript, persona="morita-kenji", people=("1", "2", "ok"), items=("3", "ok")
        )
        await listener.hands("ok")
        await turn_to(listener, language)
        await finish(place, listener)
    transcript.agrees_with(f"keypad.{language}.txt")


@pytest.mark.parametrize("language", NAMES)
async def test_R16_R67_R68_a_whole_visit_by_two_switches_and_headphones(
    backend: Backend, here: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.hands.secrets.randbelow", no_luck)
    async with terminal_at(backend, here, PATIENT, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        transcript = Transcript(place)
        transcript.happened("headphones are plugged in")
        simulated(place.terminal.devices.sensors, SimulatedSensors).set(Sensor.HEADPHONES, True)
        await place.until(lambda: bool(transcript.lines[1:]), "told")
        listener = Switcher(place, transcript, persona="aoki-haruna", items=("2", "ok"))
        await turn_to(listener, language)
        await finish(place, listener)
    assert not any(line.startswith("🔊") for line in transcript.lines), "R59: nobody else hears it"
    transcript.agrees_with(f"switches.{language}.txt")
