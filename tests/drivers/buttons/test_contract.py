"""One suite for every kind of buttons: simulated ones, and wires on mock pins."""

from __future__ import annotations

import abc
import asyncio

import pytest

from drivers.buttons import Button, ButtonPressed, ButtonReleased, Buttons
from drivers.buttons.gpio import GpioButtons
from drivers.buttons.simulated import SimulatedButtons
from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct
from tests.drivers.pins import Pins, heard, silent

PINS = dict(zip(Button, (5, 6, 13, 18, 19, 20, 21, 26), strict=True))


class Fingers(abc.ABC):
    buttons: Buttons

    @abc.abstractmethod
    async def press(self, button: Button) -> None: ...

    @abc.abstractmethod
    async def release(self, button: Button) -> None: ...

    @abc.abstractmethod
    async def hold_from_before(self, button: Button) -> None:
        """The button is down when the buttons are opened."""


class OnSimulated(Fingers):
    def __init__(self) -> None:
        self.simulated = SimulatedButtons()
        self.buttons = self.simulated

    async def press(self, button: Button) -> None:
        self.simulated.press(button)

    async def release(self, button: Button) -> None:
        self.simulated.release(button)

    async def hold_from_before(self, button: Button) -> None:
        self.simulated.press(button)


class OnPins(Fingers):
    def __init__(self) -> None:
        self.pins = Pins()
        self.buttons = GpioButtons(PINS, self.pins.factory)

    async def press(self, button: Button) -> None:
        await self.pins.drive(PINS[button], high=False)

    async def release(self, button: Button) -> None:
        await self.pins.drive(PINS[button], high=True)

    async def hold_from_before(self, button: Button) -> None:
        self.pins.ground(PINS[button])


@pytest.fixture(params=[OnSimulated, OnPins])
def fingers(request: pytest.FixtureRequest) -> Fingers:
    made = request.param()
    assert isinstance(made, Fingers)
    return made


@pytest.mark.parametrize("button", list(Button))
async def test_press_and_release_are_told_in_order(fingers: Fingers, button: Button) -> None:
    async with fingers.buttons as buttons:
        await fingers.press(button)
        await fingers.release(button)
        assert await heard(buttons, 3) == [
            StateChanged(DeviceState.ONLINE),
            ButtonPressed(button),
            ButtonReleased(button),
        ]
        assert await silent(buttons)


async def test_two_buttons_are_told_apart(fingers: Fingers) -> None:
    async with fingers.buttons as buttons:
        await fingers.press(Button.OK)
        await fingers.press(Button.CANCEL)
        await fingers.release(Button.OK)
        assert (await heard(buttons, 4))[1:] == [
            ButtonPressed(Button.OK),
            ButtonPressed(Button.CANCEL),
            ButtonReleased(Button.OK),
        ]


async def test_nothing_is_told_after_closing(fingers: Fingers) -> None:
    async with fingers.buttons as buttons:
        await heard(buttons, 1)
    await fingers.press(Button.OK)
    assert await heard(buttons, 1) == [StateChanged(DeviceState.OFFLINE)]
    assert await silent(buttons)


async def test_buttons_can_be_opened_again(fingers: Fingers) -> None:
    for _ in range(2):
        async with fingers.buttons as buttons:
            await fingers.press(Button.CALL_STAFF)
            await fingers.release(Button.CALL_STAFF)
            assert ButtonPressed(Button.CALL_STAFF) in await heard(buttons, 3)
        await heard(buttons, 1)


@pytest.mark.parametrize("button", [Button.SUPERVISOR, Button.OK])
async def test_only_a_key_switch_is_told_when_it_is_on_at_the_start(
    fingers: Fingers, button: Button
) -> None:
    await fingers.hold_from_before(button)
    async with fingers.buttons as buttons:
        told = [ButtonPressed(button)] if button is Button.SUPERVISOR else []
        assert (await heard(buttons, 1 + len(told)))[1:] == told
        assert await silent(buttons)


async def test_a_button_that_is_already_down_cannot_go_down() -> None:
    async with SimulatedButtons() as buttons:
        with pytest.raises(ImpossibleAct):
            buttons.release(Button.OK)
        buttons.press(Button.OK)
        with pytest.raises(ImpossibleAct):
            buttons.press(Button.OK)


async def test_a_pin_used_twice_is_refused_with_its_number_and_a_remedy() -> None:
    pins = Pins()
    async with GpioButtons({Button.OK: 5}, pins.factory):
        second = GpioButtons({Button.CANCEL: 6, Button.CALL_STAFF: 5}, pins.factory)
        with pytest.raises(DeviceUnavailable, match=r"GPIO5 \(call_staff\).*config"):
            await second.open()
        async with GpioButtons({Button.CANCEL: 6}, pins.factory):
            """The failed opening gave back what it had taken."""


async def test_a_pin_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DeviceUnavailable, match=r"GPIO99.*correct the pin"):
        await GpioButtons({Button.OK: 99}, Pins().factory).open()


async def test_an_edge_after_the_loop_has_ended_does_not_kill_the_callback_thread() -> None:
    pins = Pins()
    buttons = GpioButtons({Button.OK: 5}, pins.factory)

    def run_a_loop_that_ends() -> None:
        asyncio.run(buttons.open())

    await asyncio.to_thread(run_a_loop_that_ends)
    await pins.drive(5, high=False)  # raises if the callback does
    await buttons.close()
