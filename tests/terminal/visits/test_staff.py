"""The bell and the housing's cover: what staff are told, and what keeps people from being served."""

from __future__ import annotations

from pathlib import Path

from drivers.sensors import Sensor
from drivers.sensors.simulated import SimulatedSensors
from terminal.visit import states as s
from tests.terminal.visits.place import Backend, Place, terminal_at


def open_cover(place: Place, *, is_open: bool) -> None:
    sensors = place.terminal.devices.sensors
    assert isinstance(sensors, SimulatedSensors)
    sensors.set(Sensor.COVER_OPEN, is_open)


async def test_the_bell_calls_staff_and_disturbs_nothing(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await place.rig.press_button("call_staff")
        await place.until(
            lambda: [f for _, step, f in place.rows() if step == "called"] == [{"left": "called"}],
            "staff are called",
        )
        await place.settled()
        assert isinstance(place.state, s.Idle)
        assert place.incidents == []


async def test_an_open_housing_serves_nobody_until_it_is_closed(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        open_cover(place, is_open=True)
        out = await place.reach(s.OutOfService)
        assert out.troubles == ("trouble.cover_open",)
        open_cover(place, is_open=False)
        await place.reach(s.Idle)
