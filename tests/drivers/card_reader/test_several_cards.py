"""Two cards at once: on both faces of a dual-interface reader at a real pcscd, and in memory."""

from __future__ import annotations

import abc
import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from drivers.card import jpki
from drivers.card.apdu import SW
from drivers.card.kinds import CardKind, select_jpki
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from drivers.card_reader import CardInserted, CardReader, CardRemoved, SeveralCardsInserted
from drivers.card_reader.pcsc import PcscCardReader
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.device import DeviceEvent, DeviceState
from drivers.errors import NoCard, SeveralCards
from tests.drivers.card.cards import PIN, new_card, summary_of
from tests.drivers.card_reader.conftest import PATIENCE_S


class TwoCardRig(abc.ABC):
    """A reader on which two cards find room."""

    reader: CardReader

    @abc.abstractmethod
    async def lay_first(self, card: VirtualCard) -> None: ...

    @abc.abstractmethod
    async def lay_second(self) -> None: ...

    @abc.abstractmethod
    async def take_second(self) -> None: ...

    @abc.abstractmethod
    async def take_all(self) -> None: ...

    async def told(self) -> DeviceEvent:
        async with asyncio.timeout(PATIENCE_S):
            return await anext(self.reader.events())


class InMemory(TwoCardRig):
    def __init__(self) -> None:
        self.simulated = SimulatedCardReader()
        self.reader = self.simulated

    async def lay_first(self, card: VirtualCard) -> None:
        self.simulated.insert(card)

    async def lay_second(self) -> None:
        self.simulated.insert_another()

    async def take_second(self) -> None:
        self.simulated.remove_another()

    async def take_all(self) -> None:
        self.simulated.remove()


class OnBothFaces(TwoCardRig):
    def __init__(self, first: VpcdSlot, second: VpcdSlot) -> None:
        self.first, self.second = first, second
        self.reader = PcscCardReader("card reader", "Virtual PCD 00")

    async def lay_first(self, card: VirtualCard) -> None:
        await self.first.insert(card)

    async def lay_second(self) -> None:
        await self.second.insert(new_card())

    async def take_second(self) -> None:
        await self.second.remove()

    async def take_all(self) -> None:
        await self.second.remove()
        await self.first.remove()


@pytest.fixture(params=["simulated", "pcsc"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[TwoCardRig]:
    async with AsyncExitStack() as stack:
        rig: TwoCardRig = InMemory()
        if request.param == "pcsc":
            pcscd: PrivatePcscd = request.getfixturevalue("pcscd")
            slots = [await stack.enter_async_context(VpcdSlot(port)) for port in pcscd.ports[:2]]
            rig = OnBothFaces(*slots)
        async with rig.reader:
            async with asyncio.timeout(PATIENCE_S):  # of an earlier test
                while rig.reader.card_present:
                    await asyncio.sleep(0.01)
            while rig.reader.state is not DeviceState.ONLINE or not rig.reader._queue.empty():
                await rig.told()
            yield rig


async def test_one_card_of_two_is_read_when_it_is_left_alone(rig: TwoCardRig) -> None:
    card = new_card()
    await rig.lay_first(card)
    told = [await rig.told()]
    await rig.lay_second()
    told.append(await rig.told())
    with pytest.raises(SeveralCards):
        async with rig.reader.connect():
            pass
    await rig.take_second()
    told.append(await rig.told())
    assert told == [CardInserted(), SeveralCardsInserted(), CardInserted()]
    async with rig.reader.connect() as connection:
        summary = await jpki.run(connection, jpki.read_card(connection.atr))
    assert summary.kind is CardKind.MY_NUMBER


async def test_R66_two_cards_count_as_left_behind_until_both_are_gone(rig: TwoCardRig) -> None:
    await rig.lay_first(new_card())
    await rig.lay_second()
    told = [await rig.told(), await rig.told()]
    assert told == [CardInserted(), SeveralCardsInserted()]
    assert rig.reader.card_present
    await rig.take_all()
    while told[-1] != CardRemoved():
        told.append(await rig.told())
    assert told.count(CardRemoved()) == 1
    assert not rig.reader.card_present


async def test_a_card_that_is_being_spoken_to_is_not_disturbed_by_another(rig: TwoCardRig) -> None:
    card = new_card()
    await rig.lay_first(card)
    await rig.told()
    async with rig.reader.connect() as connection:
        await jpki.run(connection, jpki.meet_again(summary_of(card)))
        await jpki.run(connection, jpki.verify_pin(bytearray(PIN.encode())))
        await rig.lay_second()
        assert await rig.told() == SeveralCardsInserted()
        assert len(await jpki.run(connection, jpki.sign(b"m", summary_of(card)))) == 256
    await rig.take_second()


async def test_an_empty_reader_with_two_faces_has_no_card(rig: TwoCardRig) -> None:
    with pytest.raises(NoCard):
        async with rig.reader.connect():
            pass


async def test_a_card_on_the_second_face_is_found_there(pcscd: PrivatePcscd) -> None:
    async with (
        VpcdSlot(pcscd.ports[1]) as slot,
        PcscCardReader("card reader", "Virtual PCD 00") as reader,
    ):
        await slot.insert(new_card())
        async with asyncio.timeout(PATIENCE_S):
            while not reader.card_present:
                await asyncio.sleep(0.01)
        async with reader.connect() as connection:
            assert await jpki.run(connection, select_jpki())
            assert (await connection.transmit(jpki._OVERWRITE)).sw != SW.OK
