"""Readers with hands on them: in memory, and at a pcscd of this run's own."""

from __future__ import annotations

import abc
import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from drivers.card_reader import CardReader
from drivers.card_reader.pcsc import PcscCardReader
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.device import DeviceEvent

PATIENCE_S = 15.0  # for what takes half a second on an idle machine

_Event = TypeVar("_Event", bound=DeviceEvent)


async def unpowered(card: VirtualCard) -> None:
    """Return when the card has forgotten its PIN: pcscd does not wait until an order to unpower arrives."""
    async with asyncio.timeout(PATIENCE_S):
        while card.is_pin_verified:
            await asyncio.sleep(0.005)


class Rig(abc.ABC):
    """A reader, and what a person can do to it."""

    reader: CardReader
    quiet_s: float  # nothing happens for longer than this only when nothing will

    @abc.abstractmethod
    async def insert(self, card: VirtualCard) -> None: ...

    @abc.abstractmethod
    async def insert_mute(self) -> None: ...

    @abc.abstractmethod
    async def remove(self) -> None: ...

    @abc.abstractmethod
    def slow_down(self, seconds: float) -> None:
        """How long the card takes to sign, from now on."""

    async def next(self, kind: type[_Event]) -> _Event:
        """The reader's next event, which must be of this kind."""
        async with asyncio.timeout(PATIENCE_S):
            async for event in self.reader.events():
                assert isinstance(event, kind), event
                return event
        raise AssertionError

    async def settled(self, *, present: bool) -> None:
        """Wait until the reader knows what lies in it."""
        async with asyncio.timeout(PATIENCE_S):
            while self.reader.card_present is not present:
                await asyncio.sleep(0.01)


class SimulatedRig(Rig):
    quiet_s = 0.05

    def __init__(self) -> None:
        self.simulated = SimulatedCardReader()
        self.reader = self.simulated

    async def insert(self, card: VirtualCard) -> None:
        self.simulated.insert(card)

    async def insert_mute(self) -> None:
        self.simulated.insert_mute()

    async def remove(self) -> None:
        self.simulated.remove()

    def slow_down(self, seconds: float) -> None:
        self.simulated.apdu_s = seconds


class PcscRig(Rig):
    quiet_s = 1.5  # pcscd looks every 0.4 s, and we again after 1 s where we doubt it

    def __init__(self, pcscd: PrivatePcscd, slot: VpcdSlot, pattern: str) -> None:
        self.pcscd = pcscd
        self.slot = slot
        self.pattern = pattern
        self.reader = PcscCardReader("card reader", pattern)

    async def insert(self, card: VirtualCard) -> None:
        await self.slot.insert(card)

    async def insert_mute(self) -> None:
        await self.slot.insert_mute()

    async def remove(self) -> None:
        await self.slot.remove()

    def slow_down(self, seconds: float) -> None:
        self.slot.sign_delay_s = seconds


_slots = itertools.cycle((0, 1))


@pytest.fixture
async def pcsc_rig(pcscd: PrivatePcscd) -> AsyncIterator[PcscRig]:
    """The reader is not open yet. Two slots take turns: each has time to notice that it is empty again."""
    slot = next(_slots)
    pattern = f"Virtual PCD 00 0{slot}"
    await _emptied(pattern)
    async with VpcdSlot(pcscd.ports[slot]) as vpcd:
        yield PcscRig(pcscd, vpcd, pattern)


async def _emptied(pattern: str) -> None:
    """What one test leaves in the slot, the next must not find."""
    async with PcscCardReader("card reader", pattern) as reader, asyncio.timeout(PATIENCE_S):
        while reader.card_present:
            await asyncio.sleep(0.01)


@pytest.fixture(params=["simulated", "pcsc"])
def closed_rig(request: pytest.FixtureRequest) -> Rig:
    if request.param == "simulated":
        return SimulatedRig()
    rig: PcscRig = request.getfixturevalue("pcsc_rig")
    return rig


@pytest.fixture
async def rig(closed_rig: Rig) -> AsyncIterator[Rig]:
    """Open, and its first StateChanged told."""
    async with closed_rig.reader:
        await closed_rig.next(DeviceEvent)
        yield closed_rig
