"""A terminal whose body lies, is opened, or dies: each is handled and named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.buttons import Button
from drivers.device import DeviceState, StateChanged
from drivers.display.simulated import SimulatedDisplay
from drivers.errors import HardwareFault
from drivers.keypad import Key
from drivers.sensors import Sensor
from drivers.sensors.simulated import SimulatedSensors
from drivers.sounder import Sound
from drivers.speaker.simulated import SimulatedSpeaker
from terminal.demo.rig_simulated import simulated
from terminal.visit import states as s
from tests.terminal.visits.place import PAPER, Backend, Person, Place, terminal_at

SIMULATED = {"type": "simulated"}


def sensors(place: Place) -> SimulatedSensors:
    return simulated(place.terminal.devices.sensors, SimulatedSensors)


async def test_I12_R68_a_blind_tray_sensor_sends_nobody_off_without_the_paper(
    backend: Backend, here: Path
) -> None:
    """It says “nothing there” while sheets lie there: the person is asked, and the operator told."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        place.printer.on_tray = lambda _count: None  # the sheets pass by the sensor
        person = Person(place)
        await person.go(s.HandingOver)
        await place.until(lambda: bool(place.receipts.receipts), "a receipt")
        await place.settled()
        place.receipts.take()
        await place.until(lambda: "handing_over.title" in place.words(), "asked for the sheets")
        assert isinstance(place.state, s.HandingOver), "it does not go on by itself"
        await place.press("ok")
        await place.reach(s.Farewell)
        place.printer.take()
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == PAPER
        assert place.terminal.health.current().notes == ("trouble.tray_sensor",)
        kinds = backend.rows("SELECT kind, detail FROM incidents ORDER BY rowid DESC LIMIT 1")
        assert [tuple(row) for row in kinds] == [
            ("sensor", "sheets: saw nothing of what was put there")
        ]
        assert place.incidents == [], "nobody is kept out by it"


async def test_I12_a_stuck_sensor_is_overruled_by_staff_and_by_nobody_else(
    backend: Backend, here: Path
) -> None:
    def stuck(place: Place) -> None:
        sensors(place).set(Sensor.SHEETS_IN_TRAY, True)

    async with terminal_at(backend, here, before=stuck) as place:
        await place.reach(s.OutOfService)
        await place.until(lambda: "trouble.found_sheets" in place.words(), "named")
        place.buttons.press(Button.SUPERVISOR)
        await place.reach(s.Supervisor)
        await place.until(lambda: "trouble.found_sheets" in place.words(), "shown to staff")
        await place.press("1")
        await place.settled()
        assert place.incidents == ["found_sheets"], "something lies there: that cannot be cleared"
        await place.press("2")
        await place.until(lambda: place.troubles == (), "overruled")
        place.buttons.release(Button.SUPERVISOR)
        await place.reach(s.Idle)
        place.printer.on_tray = lambda _count: None
        await Person(place).go(s.HandingOver)
        await place.settled()
        place.take_all()
        await place.until(lambda: "handing_over.title" in place.words(), "asked")
        await place.press("ok")
        await place.reach(s.Idle)
        await place.settled()
        sensors(place).set(Sensor.SHEETS_IN_TRAY, False)
        await place.until(lambda: not place.terminal.health.current().notes, "believed again")
        await place.settled()


@pytest.mark.parametrize(
    ("sensor", "trouble"),
    [
        (Sensor.SHEETS_IN_TRAY, "trouble.found_sheets"),
        (Sensor.RECEIPT_IN_SLOT, "trouble.found_receipt"),
        (Sensor.CHANGE_IN_CUP, "trouble.found_change"),
        (Sensor.TAMPERED, "trouble.tampered"),
    ],
)
async def test_I12_what_lies_there_at_start_is_named(
    backend: Backend, here: Path, sensor: Sensor, trouble: str
) -> None:
    async with terminal_at(
        backend, here, before=lambda place: sensors(place).set(sensor, True)
    ) as place:
        await place.until(
            lambda: isinstance(place.state, s.OutOfService) and place.state.troubles == (trouble,),
            trouble,
        )
        await place.press("1")
        assert isinstance(place.state, s.OutOfService)
        sensors(place).set(sensor, False)
        await place.clear_by_staff()
        await place.reach(s.Idle)


async def test_a_housing_that_is_opened_ends_in_front_of_staff(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        sensors(place).set(Sensor.TAMPERED, True)
        await place.reach(s.OutOfService)
        sensors(place).set(Sensor.TAMPERED, False)
        await place.settled()
        assert place.incidents == ["tampered"], "it is not forgotten when it is closed again"
        await place.clear_by_staff()
        await place.reach(s.Idle)


@pytest.mark.parametrize(
    ("device", "trouble"),
    [
        ("keypad", "trouble.keypad"),
        ("lights", "trouble.lights"),
        ("sounder", "trouble.sounder"),
        ("speaker", "trouble.speaker"),
        ("display", "trouble.display"),
        ("buttons", "trouble.buttons"),
        ("sensors", "trouble.sensors"),
    ],
)
async def test_a_dead_device_is_named_and_comes_back(
    backend: Backend, here: Path, device: str, trouble: str
) -> None:
    async with terminal_at(backend, here, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        dead = getattr(place.terminal.devices, device)
        dead.publish(StateChanged(DeviceState.NO_DEVICE, "its cable is out"))
        out = await place.reach(s.OutOfService)
        assert out.troubles == (trouble,)
        dead.publish(StateChanged(DeviceState.ONLINE))
        await place.reach(s.Idle)


async def test_devices_are_looked_at_every_second(
    backend: Backend, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A voice that has died is seen although nothing is said: by the look that is taken once a second."""
    monkeypatch.setattr("terminal.pulse.EVERY_S", 0.02)

    async def died(speaker: SimulatedSpeaker) -> None:
        speaker.publish(StateChanged(DeviceState.NO_DEVICE, "no sound card"))

    async with terminal_at(backend, here, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        monkeypatch.setattr(SimulatedSpeaker, "probe", died)
        assert (await place.reach(s.OutOfService)).troubles == ("trouble.speaker",)


async def test_a_person_can_call_staff_and_is_told(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.AwaitingCard)
        await place.press(Key.CALL_STAFF.value)
        speaker = simulated(place.terminal.devices.speaker, SimulatedSpeaker)
        await place.until(
            lambda: any(
                "係員を呼びました" in line for each in speaker.history for line in each.words
            ),
            "told",
        )
        await place.settled()
        called = [facts["left"] for _, step, facts in place.rows() if step == "called"]
        assert called == ["called"]
        assert isinstance(place.state, s.AwaitingCard)
        await place.press("cancel")
        await place.reach(s.Idle)


async def test_the_small_display_shows_what_the_screen_asks(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        display = simulated(place.terminal.devices.display, SimulatedDisplay)
        await place.until(lambda: "".join(display.lines).startswith("証明書の交付"), "idle")
        person = Person(place)
        await person.go(s.EnteringPin)
        await place.press("1", "2")
        await place.until(lambda: "**--" in display.lines, "two digits, and not which")
        await place.press("cancel")
        await place.until(lambda: "".join(display.lines).startswith("カードをお取り"), "the card")
        await person.go(s.Idle)
        assert not any("1" in line for lines in display.history for line in lines if "*" in line)


@pytest.mark.parametrize("error", [HardwareFault("sounder", "no current"), ValueError("a mistake")])
async def test_a_buzzer_that_raises_what_nobody_expects_stops_no_visit(
    backend: Backend, here: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from drivers.sounder.simulated import SimulatedSounder

    async def broken(_sounder: SimulatedSounder, _sound: Sound) -> None:
        raise error

    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.AwaitingCard)
        monkeypatch.setattr(SimulatedSounder, "play", broken)
        await person.go(s.Farewell)
        assert (await place.reach(s.OutOfService)).troubles == ("trouble.sounder",)
        await place.settled()
        assert place.steps() == PAPER


async def test_R59_in_headphones_nobody_can_look_on(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        display = simulated(place.terminal.devices.display, SimulatedDisplay)
        await Person(place).go(s.EnteringPin)
        sensors(place).set(Sensor.HEADPHONES, True)
        await place.until(lambda: "".join(display.lines).startswith("音声でご案内"), "hidden")
        sensors(place).set(Sensor.HEADPHONES, False)
        await place.until(lambda: "".join(display.lines).startswith("暗証番号"), "shown again")
        await place.press("cancel")
        await Person(place).go(s.Idle)


async def test_R59_where_nobody_can_tell_there_are_no_headphones(
    backend: Backend, here: Path
) -> None:
    """The plug may have been pulled since: what is spelled in the ear would come from the loudspeaker."""
    async with terminal_at(backend, here, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        sensors(place).set(Sensor.HEADPHONES, True)
        await Person(place).go(s.AwaitingCard)
        voice = place.terminal.presenter.voice
        assert voice.listener.alone
        sensors(place).publish(StateChanged(DeviceState.HARDWARE_ERROR, "its chip has died"))
        await place.until(lambda: not voice.listener.alone, "nobody is believed to be alone")
        sensors(place).publish(StateChanged(DeviceState.ONLINE))
        await place.until(lambda: voice.listener.alone, "it is known again")
        await place.press("cancel")
        await place.reach(s.Idle)


async def test_headphones_left_in_the_jack_hide_nothing_from_who_touches(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here, speaker=SIMULATED) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.AwaitingCard)
        sensors(place).set(Sensor.HEADPHONES, True)
        voice = place.terminal.presenter.voice
        await place.until(lambda: voice.private, "somebody has put them in")
        await place.press("cancel")
        await place.reach(s.Idle)
        place.terminal.conductor.choose("services")
        await place.reach(s.Consent)
        assert voice.headphones
        assert not voice.private
        await place.press("cancel")
        await place.reach(s.Idle)


async def test_I12_R68_what_somebody_laid_there_since_is_not_for_the_next(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        sensors(place).set(Sensor.SHEETS_IN_TRAY, True)
        await place.settled()
        assert isinstance(place.state, s.Idle), "a hand in passing is no sheet"
        place.terminal.conductor.choose("services")
        assert (await place.reach(s.OutOfService)).troubles == ("trouble.found_sheets",)
        assert place.incidents == ["found_sheets"]
        sensors(place).set(Sensor.SHEETS_IN_TRAY, False)
        await place.clear_by_staff()
        await place.reach(s.Idle)


async def test_a_switch_gives_no_time_where_none_is_asked_for(backend: Backend, here: Path) -> None:
    """The next person tries to begin: what the last one left behind is an incident at its second all the same."""
    async with terminal_at(backend, here, {"left_behind_s": 0.5}) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.HandingOver)
        async with asyncio.timeout(20):
            while not place.incidents:
                place.buttons.press(Button.NEXT)
                place.buttons.release(Button.NEXT)
                await asyncio.sleep(0.05)
        place.take_all()
        await place.clear_by_staff()
        await place.reach(s.Idle)


async def test_a_stuck_key_does_not_flood_the_operator(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:

        def calls() -> int:
            return [row[1] for row in place.rows()].count("called")

        await place.reach(s.Idle)
        for _ in range(50):
            place.buttons.press(Button.CALL_STAFF)
            place.buttons.release(Button.CALL_STAFF)
        await place.until(lambda: calls() > 0, "staff are called")
        await Person(place).go(s.AwaitingCard)
        place.buttons.press(Button.CALL_STAFF)
        place.buttons.release(Button.CALL_STAFF)
        await place.press("cancel")
        await place.reach(s.Idle)
        await place.until(lambda: calls() == 2, "and by somebody else")
