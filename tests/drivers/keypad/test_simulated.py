from __future__ import annotations

import pytest

from drivers.device import DeviceState, StateChanged
from drivers.errors import ImpossibleAct
from drivers.keypad import Key, KeyPressed
from drivers.keypad.simulated import SimulatedKeypad


async def test_keys_arrive_in_the_order_they_were_pressed() -> None:
    async with SimulatedKeypad() as keypad:
        for key in (Key.D1, Key.D0, Key.OK):
            keypad.press(key)
        events = keypad.events()
        assert await anext(events) == StateChanged(DeviceState.ONLINE)
        assert [await anext(events) for _ in range(3)] == [
            KeyPressed(Key.D1),
            KeyPressed(Key.D0),
            KeyPressed(Key.OK),
        ]


async def test_an_unpowered_keypad_cannot_be_pressed() -> None:
    keypad = SimulatedKeypad()
    with pytest.raises(ImpossibleAct):
        keypad.press(Key.D1)
    async with keypad:
        keypad.press(Key.D1)
    with pytest.raises(ImpossibleAct):
        keypad.press(Key.D1)


@pytest.mark.parametrize("key", [key for key in Key if key.value.isdigit()])
def test_R14_no_event_shows_which_digit_it_carries(key: Key) -> None:
    assert repr(KeyPressed(key)) == "KeyPressed(digit)"
