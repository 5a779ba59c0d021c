"""The keypad's driver on a real kernel's input events (``./run guest``)."""

from __future__ import annotations

import json

import pytest

from tests.guest.machine import Machine

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_keypad_of_the_kernels_is_grabbed_read_lost_and_refused(machine: Machine) -> None:
    await machine.run("modprobe uinput && modprobe evdev")
    told = json.loads(await machine.run("python3 /opt/tests/guest/try_keypad.py"))
    assert told["heard"] == ["online", *"0123456789", "ok"]
    assert [0, 1] in told["lights"], "NumLock is lit"
    assert "another program" in told["second program"], "it is grabbed"
    assert told["pulled out"] == ["not connected"]
    assert told["released"] == "taken"
    for radio in ("with a mouse beside", "bluetooth"):
        assert "wireless" in told[radio], radio
    assert told["a mouse"] != "taken"
