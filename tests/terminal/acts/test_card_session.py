"""One conversation at a time, none for ever, and no PIN left in memory (R1, R14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from drivers.card_reader.simulated import SimulatedCardReader
from drivers.errors import DeviceTimeout, NoCard, PinIncorrect
from terminal.acts import card_session
from terminal.acts.card_session import CardSession
from tests.drivers.card.cards import PIN, WRONG_PIN, new_card


@pytest.fixture
async def reader() -> AsyncGenerator[SimulatedCardReader]:
    async with SimulatedCardReader() as made:
        yield made


async def test_two_signatures_by_one_entry_and_the_power_goes_with_the_release(
    reader: SimulatedCardReader,
) -> None:
    card = new_card()
    reader.insert(card)
    session = CardSession(reader)
    await session.identify()
    pin = bytearray(PIN.encode())
    await session.sign_in(pin, b"one")
    assert pin == bytes(4)
    verified = [card.is_pin_verified]
    await session.sign(b"two")
    await session.release()
    verified.append(card.is_pin_verified)
    assert verified == [True, False]
    with pytest.raises(NoCard):
        await session.sign(b"three")


async def test_R14_a_wrong_pin_is_wiped_and_lets_go_of_the_card(
    reader: SimulatedCardReader,
) -> None:
    card = new_card()
    reader.insert(card)
    session = CardSession(reader)
    await session.identify()
    pin = bytearray(WRONG_PIN.encode())
    with pytest.raises(PinIncorrect):
        await session.sign_in(pin, b"one")
    assert pin == bytes(4)
    async with reader.connect():
        pass  # nobody holds it


async def test_a_card_that_takes_for_ever_is_a_reader_that_does_not_answer(
    reader: SimulatedCardReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_session, "SIGNING_LIMIT_S", 0.05)
    reader.insert(new_card())
    reader.apdu_s = 10
    session = CardSession(reader)
    with pytest.raises(DeviceTimeout, match="card reader did not finish reading the card"):
        await session.identify()


async def test_a_cancelled_sign_in_leaves_the_card_without_power(
    reader: SimulatedCardReader,
) -> None:
    card = new_card()
    reader.insert(card)
    session = CardSession(reader)
    await session.identify()
    reader.apdu_s = 0.05
    pin = bytearray(PIN.encode())
    signing = asyncio.create_task(session.sign_in(pin, b"one"))
    await asyncio.sleep(0.12)
    signing.cancel()
    await asyncio.wait({signing})
    assert pin == bytes(4)
    assert not card.is_pin_verified
    await session.release()
