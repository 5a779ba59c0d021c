"""The matrix keypad on mock pins that are wired as a matrix: what is pressed is what is heard."""

from __future__ import annotations

import asyncio

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.keypad import Key, KeyPressed, matrix
from drivers.keypad.matrix import MatrixKeypad
from tests.drivers.pins import heard, silent, until

ROWS, COLUMNS = (5, 6, 13, 19), (16, 20, 21)
KEYS = tuple(
    tuple(Key(value) for value in row)
    for row in (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), ("cancel", "0", "ok"))
)


class Membrane:
    """Twelve keys between the pins of a board."""

    def __init__(self) -> None:
        self.down: set[tuple[int, int]] = set()
        self.fails_at: int | None = None
        membrane = self

        class Line(MockPin):  # type: ignore[misc]  # gpiozero has no annotations
            def _get_state(self) -> int:
                number = int(self.info.name.removeprefix("GPIO"))
                if number in COLUMNS:
                    return int(not membrane.is_low(COLUMNS.index(number)))
                return int(super()._get_state())

            def _set_function(self, value: str) -> None:
                if membrane.fails_at == int(self.info.name.removeprefix("GPIO")):
                    raise OSError(5, "Input/output error")
                super()._set_function(value)

        self.factory = MockFactory(pin_class=Line)

    def is_low(self, column: int) -> bool:
        """Through a key to a low row, or through three keys by the way round."""
        rows = {row for row, at in self.down if at == column}
        joined = {at for row, at in self.down if row in rows}
        rows |= {row for row, at in self.down if at in joined}
        pins = [self.factory.pin(ROWS[row]) for row in rows]
        return any(pin.function == "output" and not MockPin._get_state(pin) for pin in pins)

    async def press(self, *places: tuple[int, int]) -> None:
        self.down |= set(places)
        await self._edges(places)

    async def release(self, *places: tuple[int, int]) -> None:
        self.down -= set(places)
        await self._edges(places)

    async def _edges(self, places: tuple[tuple[int, int], ...]) -> None:
        for _, column in places:
            pin = self.factory.pin(COLUMNS[column])
            pin._state = pin.state
            await asyncio.to_thread(pin._call_when_changed)


@pytest.fixture
def membrane() -> Membrane:
    return Membrane()


def keypad(membrane: Membrane) -> MatrixKeypad:
    return MatrixKeypad(ROWS, COLUMNS, KEYS, membrane.factory)


async def pressed(device: MatrixKeypad, count: int) -> list[DeviceEvent]:
    return await heard(device, count)


async def test_every_key_is_heard_once_as_itself(membrane: Membrane) -> None:
    async with keypad(membrane) as device:
        assert await heard(device, 1) == [StateChanged(DeviceState.ONLINE)]
        for row, keys in enumerate(KEYS):
            for column, key in enumerate(keys):
                await membrane.press((row, column))
                assert await heard(device, 1) == [KeyPressed(key)]
                await membrane.release((row, column))
                await until(lambda: device._scanning is None or device._scanning.done())
        assert await silent(device)


async def test_a_contact_that_bounces_is_one_key(membrane: Membrane) -> None:
    async with keypad(membrane) as device:
        await heard(device, 1)
        for _ in range(4):
            await membrane.press((1, 1))
            await asyncio.sleep(0.004)
            await membrane.release((1, 1))
            await asyncio.sleep(0.002)
        await membrane.press((1, 1))
        assert await heard(device, 1) == [KeyPressed(Key.D5)]
        await membrane.release((1, 1))
        assert await silent(device)


async def test_two_keys_at_once_are_nothing_until_one_is_up(membrane: Membrane) -> None:
    async with keypad(membrane) as device:
        await heard(device, 1)
        await membrane.press((0, 0), (0, 1))
        await asyncio.sleep(0.1)
        assert await silent(device)
        await membrane.release((0, 0))
        assert await heard(device, 1) == [KeyPressed(Key.D2)]


async def test_three_keys_never_make_a_fourth(membrane: Membrane) -> None:
    async with keypad(membrane) as device:
        await heard(device, 1)
        await membrane.press((0, 0), (0, 1), (1, 0))
        await asyncio.sleep(0.1)
        await membrane.release((0, 0), (0, 1), (1, 0))
        assert await silent(device)


async def test_a_stuck_key_is_named_by_its_place(
    membrane: Membrane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "STUCK_S", 0.1)
    async with keypad(membrane) as device:
        await heard(device, 1)
        await membrane.press((2, 1))
        assert (await heard(device, 2))[1] == StateChanged(
            DeviceState.HARDWARE_ERROR, "a key is stuck: row 3 column 2"
        )
        await membrane.release((2, 1))
        assert await heard(device, 1) == [StateChanged(DeviceState.ONLINE)]


async def test_a_scan_that_was_cut_off_leaves_no_key_dead(membrane: Membrane) -> None:
    """The chip fails while rows are let go, and works again: they must be low once more."""
    async with keypad(membrane) as device:
        await until(lambda: device._scanning is None or device._scanning.done())
        membrane.fails_at = ROWS[1]
        await membrane.press((0, 0))
        await until(lambda: device.state is DeviceState.HARDWARE_ERROR)
        await membrane.release((0, 0))
        await device.probe()
        assert device.state is DeviceState.HARDWARE_ERROR
        membrane.fails_at = None
        await device.probe()
        await until(lambda: device._scanning is None or device._scanning.done())
        await heard(device, 3)
        for row, keys in enumerate(KEYS):
            await membrane.press((row, 0))
            assert await heard(device, 1) == [KeyPressed(keys[0])]
            await membrane.release((row, 0))
            await until(lambda: device._scanning is None or device._scanning.done())


async def test_a_stuck_key_stays_named_when_the_chip_fails_as_well(
    membrane: Membrane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "STUCK_S", 0.1)
    async with keypad(membrane) as device:
        await membrane.press((2, 1))
        await until(lambda: device.state is DeviceState.HARDWARE_ERROR)
        membrane.fails_at = ROWS[1]
        await until(lambda: device._scanning is None or device._scanning.done())
        membrane.fails_at = None
        await device.probe()
        await asyncio.sleep(0)
        assert device.state is DeviceState.HARDWARE_ERROR, "the key is still down"
        await membrane.release((2, 1))
        await until(lambda: device.state is DeviceState.ONLINE)


async def test_at_rest_nobody_looks(membrane: Membrane) -> None:
    async with keypad(membrane) as device:
        await until(lambda: device._scanning is None or device._scanning.done())
        assert all(membrane.factory.pin(row).function == "output" for row in ROWS)
    assert device.state is DeviceState.OFFLINE


def test_keys_must_be_as_many_as_the_pins() -> None:
    with pytest.raises(ValueError, match="4 rows of 3"):
        MatrixKeypad(ROWS, COLUMNS, KEYS[:3], MockFactory())
