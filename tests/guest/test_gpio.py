"""Lamps, buzzer, buttons and sensors on real kernel lines, through libgpiod (``./run guest``)."""

from __future__ import annotations

import json

import pytest

from tests.guest.machine import Machine

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_gpio_driver_on_a_chip_of_the_kernels(machine: Machine) -> None:
    await machine.run("insmod /opt/gpiosim.ko")
    python = "cd /tmp && PYTHONPATH=/opt:/opt/lib python3 /opt/tests/guest/try_gpio.py"
    told = json.loads(await machine.run(python))
    assert told["chip"]
    assert told["lit"] == [1, 0]
    assert told["flashes"]
    assert told["dark when closed"] == [0, 0]
    assert told["sounds"] == 1
    assert told["silent again"]
    assert told["inhibit"] == [0, 1]
    assert told["inhibited when closed"] == 0
    pressed, released = "ButtonPressed", "ButtonReleased"
    for name in ("button", "bounce"):
        assert [event.partition("(")[0] for event in told[name]] == [pressed, released], name
    assert told["after a callback that raised"][0].startswith(pressed)
    assert told["sensor"][0] is False
    assert told["sensor"][1].startswith("SensorChanged")
    assert told["sensor"][2] is True
    assert "already used" in told["given twice"]
    assert "PWM" in told["tonal"]
    assert told["dead chip"] == ["faulty"]
