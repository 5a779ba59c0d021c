"""What hands can do to the reader in memory beyond the contract: its cable, and its own keys."""

from __future__ import annotations

import asyncio

import pytest

from drivers.card import jpki
from drivers.card_reader import CardInserted, CardRemoved
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.errors import (
    CardError,
    DeviceUnavailable,
    ImpossibleAct,
    NoCard,
    PinEntryCancelled,
    PinEntryIncomplete,
    PinEntryTimedOut,
    PinIncorrect,
)
from tests.drivers.card.cards import PIN, WRONG_PIN, new_card, summary_of


def told(reader: SimulatedCardReader) -> list[DeviceEvent]:
    events: list[DeviceEvent] = []
    while not reader._queue.empty():
        events.append(reader._queue.get_nowait())
    return events


@pytest.mark.parametrize("stays", [True, False])
async def test_R66_a_card_in_an_unplugged_reader_counts_as_taken_only_when_it_is_back(
    stays: bool,
) -> None:
    async with SimulatedCardReader() as reader:
        reader.insert(new_card())
        told(reader)
        reader.unplug()
        assert told(reader) == [StateChanged(DeviceState.NO_DEVICE, "unplugged")]
        assert not reader.card_present
        if not stays:
            reader.remove()
        reader.plug_in()
        arrived: list[DeviceEvent] = [CardInserted()] if stays else []
        assert told(reader) == [StateChanged(DeviceState.ONLINE), CardRemoved(), *arrived]
        assert reader.card_present is stays


async def ask(reader: SimulatedCardReader, digits: str | None, typing_s: float = 5) -> None:
    """VERIFY at the reader; ``digits`` None: nobody types, "-": the card is pulled instead."""
    async with reader.connect() as connection:
        card = summary_of(reader._card)  # type: ignore[arg-type]
        await jpki.run(connection, jpki.meet_again(card))
        asking = asyncio.create_task(jpki.verify_at_reader(connection, typing_s))
        while reader._typing is None and not asking.done():
            await asyncio.sleep(0)
        if digits == "-":
            reader.remove()
        elif digits is not None:
            reader.type_pin(digits)
        await asking


@pytest.mark.parametrize(
    ("digits", "error", "tries"),
    [
        (WRONG_PIN, PinIncorrect, 2),
        ("", PinEntryCancelled, 3),
        ("123", PinEntryIncomplete, 3),
        ("12345", PinEntryIncomplete, 3),
        ("-", NoCard, 3),
        (None, PinEntryTimedOut, 3),
    ],
)
async def test_R45_only_four_digits_on_the_readers_keys_can_cost_a_try(
    digits: str | None, error: type[CardError], tries: int
) -> None:
    card = new_card()
    async with SimulatedCardReader(pin_at_reader=True) as reader:
        reader.insert(card)
        with pytest.raises(error):
            await ask(reader, digits, 0.05 if digits is None else 5)
        assert card.tries_left == tries


async def test_R14_the_right_pin_on_the_readers_keys_lets_the_card_sign() -> None:
    card = new_card()
    async with SimulatedCardReader(pin_at_reader=True) as reader:
        reader.insert(card)
        await ask(reader, PIN)
        assert not card.is_pin_verified  # the connection has been left


async def test_a_reader_without_keys_says_so_and_nobody_can_type_on_it() -> None:
    async with SimulatedCardReader() as reader:
        reader.insert(new_card())
        with pytest.raises(ImpossibleAct):
            reader.type_pin(PIN)
        with pytest.raises(DeviceUnavailable, match="no keys"):
            await ask(reader, None)


async def test_another_card_needs_one_to_lie_on() -> None:
    async with SimulatedCardReader() as reader:
        with pytest.raises(ImpossibleAct):
            reader.insert_another()
        with pytest.raises(ImpossibleAct):
            reader.remove_another()
