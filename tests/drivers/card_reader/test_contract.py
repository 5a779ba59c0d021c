"""What every card reader does, in memory and at a real pcscd."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest

from drivers.card import jpki
from drivers.card.apdu import SW, Command
from drivers.card.kinds import JPKI_AID, CardKind, select_jpki
from drivers.card.virtual import VirtualCard
from drivers.card_reader import CardConnection, CardInserted, CardMuteInserted, CardRemoved
from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.errors import ApduError, CardMute, DeviceUnavailable, ImpossibleAct, NoCard
from tests.drivers.card.cards import PIN, new_card, summary_of
from tests.drivers.card_reader.conftest import PATIENCE_S, Rig, unpowered

SELECT = Command(0x00, 0xA4, 0x04, 0x0C, JPKI_AID)


async def inserted(rig: Rig, card: VirtualCard | None = None) -> VirtualCard:
    card = card or new_card()
    await rig.insert(card)
    await rig.next(CardInserted)
    return card


async def sign_in(connection: CardConnection, card: VirtualCard) -> bytes:
    await jpki.run(connection, select_jpki())
    await jpki.run(connection, jpki.verify_pin(bytearray(PIN.encode())))
    return await jpki.run(connection, jpki.sign(b"message", summary_of(card)))


async def test_a_card_comes_and_goes(rig: Rig) -> None:
    assert rig.reader.state is DeviceState.ONLINE
    seen = [rig.reader.card_present]
    await inserted(rig)
    seen.append(rig.reader.card_present)
    await rig.remove()
    await rig.next(CardRemoved)
    seen.append(rig.reader.card_present)
    assert seen == [False, True, False]


async def test_a_card_that_lies_there_when_the_reader_opens_is_told(closed_rig: Rig) -> None:
    await closed_rig.insert(new_card())
    async with closed_rig.reader:
        await closed_rig.next(StateChanged)
        await closed_rig.next(CardInserted)
        assert closed_rig.reader.card_present


async def test_R66_a_mute_card_is_told_and_counts_as_something_left_behind(rig: Rig) -> None:
    await rig.insert_mute()
    await rig.next(CardMuteInserted)
    assert rig.reader.card_present
    with pytest.raises(CardMute):
        async with rig.reader.connect():
            pass
    await rig.remove()
    await rig.next(CardRemoved)


async def test_without_a_card_there_is_nothing_to_connect_to(rig: Rig) -> None:
    with pytest.raises(NoCard):
        async with rig.reader.connect():
            pass


async def test_hands_cannot_do_the_impossible(rig: Rig) -> None:
    with pytest.raises(ImpossibleAct):
        await rig.remove()
    await rig.insert(new_card())
    with pytest.raises(ImpossibleAct):
        await rig.insert(new_card())


async def test_R1_a_card_is_read_and_signs(rig: Rig) -> None:
    card = await inserted(rig)
    async with rig.reader.connect() as connection:
        assert connection.atr == card.atr
        summary = await jpki.run(connection, jpki.read_card(connection.atr))
    assert (summary.kind, summary.tries_left) == (CardKind.MY_NUMBER, 3)
    assert summary.certificate == card.certificate
    async with rig.reader.connect() as connection:
        assert len(await sign_in(connection, card)) == 256
        assert len(await jpki.run(connection, jpki.sign(b"order", summary_of(card)))) == 256


async def test_the_rest_of_an_answer_is_fetched(rig: Rig) -> None:
    card = await inserted(rig)
    async with rig.reader.connect() as connection:
        signature = await sign_in(connection, card)
        to_sign = jpki.DIGEST_INFO_SHA256 + bytes(32)
        without_le = Command(0x80, 0x2A, 0x00, 0x97, to_sign)
        response = await connection.transmit(without_le)
    assert (response.sw, len(response.data)) == (SW.OK, len(signature))


async def test_one_connection_at_a_time(rig: Rig) -> None:
    await inserted(rig)
    async with rig.reader.connect() as connection:
        with pytest.raises(DeviceUnavailable, match="another"):
            async with rig.reader.connect():
                pass
        assert (await connection.transmit(SELECT)).sw == SW.OK
    async with rig.reader.connect() as connection:
        assert (await connection.transmit(SELECT)).sw == SW.OK


@pytest.mark.parametrize("way_out", ["end", "error", "cancellation"])
async def test_every_way_out_takes_the_verified_pin_along(rig: Rig, way_out: str) -> None:
    card = await inserted(rig)
    verified = asyncio.Event()

    async def visit() -> None:
        async with rig.reader.connect() as connection:
            await sign_in(connection, card)
            verified.set()
            if way_out == "error":
                raise ZeroDivisionError
            if way_out == "cancellation":
                await asyncio.Event().wait()

    task = asyncio.create_task(visit())
    await verified.wait()
    if way_out == "cancellation":
        task.cancel()
    await asyncio.wait({task}, timeout=PATIENCE_S)
    assert task.cancelled() or isinstance(task.exception(), ZeroDivisionError | None)
    await unpowered(card)
    async with rig.reader.connect() as connection:
        await jpki.run(connection, select_jpki())
        with pytest.raises(ApduError, match="6982"):
            await jpki.run(connection, jpki.sign(b"message", summary_of(card)))


async def test_a_pulled_card_is_told_to_whoever_speaks_to_it_and_to_whoever_listens(
    rig: Rig,
) -> None:
    await inserted(rig)
    async with rig.reader.connect() as connection:
        await connection.transmit(SELECT)
        await rig.remove()
        with pytest.raises(NoCard):
            await connection.transmit(SELECT)
    await rig.next(CardRemoved)


async def test_a_card_pulled_while_it_signs_is_no_card(rig: Rig) -> None:
    card = await inserted(rig)
    async with rig.reader.connect() as connection:
        await jpki.run(connection, select_jpki())
        await jpki.run(connection, jpki.verify_pin(bytearray(PIN.encode())))
        rig.slow_down(1.0)
        signing = asyncio.create_task(jpki.run(connection, jpki.sign(b"m", summary_of(card))))
        await asyncio.sleep(0.2)
        await rig.remove()
        with pytest.raises(NoCard):
            await signing
    rig.slow_down(0.0)
    await rig.next(CardRemoved)
    await inserted(rig, card)
    async with rig.reader.connect() as connection:
        assert (await connection.transmit(SELECT)).sw == SW.OK


async def test_an_old_connection_never_speaks_to_the_next_card(rig: Rig) -> None:
    await inserted(rig)
    async with rig.reader.connect() as connection:
        await connection.transmit(SELECT)
        await rig.remove()
        await rig.insert(new_card())
        for _ in range(3):
            with pytest.raises(NoCard):
                await connection.transmit(SELECT)
    await rig.next(CardRemoved)
    await rig.next(CardInserted)
    async with rig.reader.connect() as connection:
        assert (await connection.transmit(SELECT)).sw == SW.OK


async def test_an_old_connection_is_dead_also_for_the_same_card_laid_down_again(rig: Rig) -> None:
    card = await inserted(rig)
    async with rig.reader.connect() as connection:
        await connection.transmit(SELECT)
        await rig.remove()
        await rig.insert(card)
        with pytest.raises(NoCard):
            await connection.transmit(SELECT)


async def test_insertions_and_removals_alternate_however_fast_they_come(rig: Rig) -> None:
    for _ in range(5):
        await rig.insert(new_card())
        await rig.remove()
    # A tap that pcscd powers half way may leave it deaf to what follows at once; a hand is slower.
    told = await until_quiet(rig)
    await rig.insert(new_card())
    told += await until_quiet(rig)
    assert told[-1] == CardInserted()
    # A card that is gone before it has been powered may have been mute for all anybody knows.
    arrivals = told[0::2]
    assert all(isinstance(event, CardInserted | CardMuteInserted) for event in arrivals)
    assert all(isinstance(event, CardRemoved) for event in told[1::2])


async def until_quiet(rig: Rig) -> list[DeviceEvent]:
    """All events until the reader has been quiet for longer than pcscd needs to notice anything."""
    told: list[DeviceEvent] = []
    events = rig.reader.events()
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(rig.quiet_s):
                told.append(await anext(events))
    return told


async def test_a_closed_reader_is_unavailable(closed_rig: Rig) -> None:
    async with closed_rig.reader:
        await closed_rig.insert(new_card())
        await closed_rig.settled(present=True)
    assert closed_rig.reader.state is DeviceState.OFFLINE
    assert not closed_rig.reader.card_present
    with pytest.raises(DeviceUnavailable):
        async with closed_rig.reader.connect():
            pass


async def test_R14_the_pin_is_in_no_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.NOTSET + 1):
        card = await inserted(rig, new_card(pin="7203"))
        pin = bytearray(b"7203")
        async with rig.reader.connect() as connection:
            await jpki.run(connection, select_jpki())
            await jpki.run(connection, jpki.verify_pin(pin))
    assert card.tries_left == 3
    assert pin == bytes(4)
    assert "7203" not in caplog.text
    assert "37323033" not in caplog.text
    assert "37 32 30 33" not in caplog.text
