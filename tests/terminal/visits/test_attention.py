"""Things left behind and keys that are heard, in a whole terminal whose clock is moved (R66–R68)."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import HardwareFault
from drivers.lights import FlashRate, Light
from drivers.lights.simulated import Pattern, SimulatedLights
from terminal.visit import states as s
from tests.terminal.visits.place import PAPER, Backend, Person, Place, terminal_at

LIKE_IN_LIFE = {"left_behind_s": 120.0}


async def sees(place: Place, light: Light, rate: FlashRate) -> None:
    await place.until(lambda: place.lights.pattern.get(light) is rate, f"{light} {rate}")


async def hears(place: Place, sound: str) -> None:
    await place.until(
        lambda: place.sounder.sounding is not None and place.sounder.sounding.name == sound, sound
    )


async def test_R66_R67_the_whole_ladder_of_a_forgotten_card(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here, LIKE_IN_LIFE) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.ReturningCard)
        await sees(place, Light.CARD_READER, FlashRate.SLOW)
        await place.let_pass(10)
        await sees(place, Light.CARD_READER, FlashRate.QUICK)
        await hears(place, "card.louder")
        await place.let_pass(20)
        await hears(place, "card.continuous")
        await place.settled()
        await place.let_pass(60)
        await place.settled()
        rows = backend.rows(
            "SELECT detail FROM incidents WHERE kind = 'call_staff' ORDER BY recorded_ms"
        )
        assert [row["detail"] for row in rows][-1] == "card"
        called = [(v, facts) for v, step, facts in place.rows() if step == "called"]
        assert called == [(place.visits[-1], {"left": "card"})], "once"
        assert place.incidents == [], "calling blocks nobody"
        await place.let_pass(30)
        out = await place.reach(s.OutOfService)
        assert out.troubles == ("trouble.card_left",)
        await hears(place, "card.continuous")
        await place.rig.remove_card()
        await place.until(lambda: place.sounder.sounding is None, "silent")
        await place.clear_by_staff()
        await place.reach(s.Idle)
        assert place.lights.pattern == {Light.STATUS: FlashRate.STEADY}


async def test_R68_sheets_and_receipt_are_called_for_and_each_goes_quiet(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here, LIKE_IN_LIFE) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.HandingOver)
        await place.until(lambda: bool(place.receipts.receipts), "receipt")
        await place.let_pass(31)
        await sees(place, Light.PRINTER_TRAY, FlashRate.QUICK)
        await place.settled()
        left = {str(facts["left"]) for _, step, facts in place.rows() if step == "called"}
        assert "sheets" in left
        place.printer.take()
        await place.until(lambda: Light.PRINTER_TRAY not in place.lights.pattern, "quiet")
        place.receipts.take()
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == PAPER
        assert place.incidents == []
        await place.until(
            lambda: place.sounder.sounding is None or not place.sounder.sounding.repeat, "silent"
        )


async def test_R14_every_digit_of_a_pin_sounds_alike(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.EnteringPin)
        heard: list[object] = []
        for digit in "1290":
            place.sounder.history.clear()
            await place.press(digit)
            await place.until(lambda: bool(place.sounder.history), "a click")
            heard.append(place.sounder.history[-1])
        assert len(heard) == 4
        assert len(set(map(repr, heard))) == 1
        await place.press("cancel")
        await place.reach(s.TakingCardBack)


async def test_a_broken_light_is_known_to_staff_and_stops_no_visit(
    backend: Backend, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Paying)
        works = SimulatedLights._set

        def broken(_lights: SimulatedLights, _pattern: Pattern) -> None:
            raise HardwareFault("lights", "a lamp is broken")

        monkeypatch.setattr(SimulatedLights, "_set", broken)
        await person.go(s.HandingOver)
        await place.until(lambda: "trouble.lights" in place.troubles, "known to Health")
        await person.go(s.Farewell)
        await place.reach(s.OutOfService)
        monkeypatch.setattr(SimulatedLights, "_set", works)
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == PAPER


async def test_R7_at_closing_time_a_visit_under_way_may_finish(
    backend: Backend, here: Path
) -> None:
    """Decision b: nobody new, and whoever is being served is served."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Paying)
        place.close_service()
        await person.go(s.Farewell)
        closed = await place.reach(s.Closed)
        assert closed.reason == "closed.hours"
        assert closed.opens is not None
        assert {"closed.opens", "refused.hotline"} <= set(place.words())
        await place.press("1")
        await place.settled()
        assert place.steps() == PAPER
        assert isinstance(place.state, s.Closed)
