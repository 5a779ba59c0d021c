"""Sixteen readers at once, thousands of sign-ins: no error, and memory stays flat."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from functools import partial

import pytest

from drivers.card.apdu_log import Exchange
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.vpcd import VpcdSlot
from drivers.card.vpcd.readers import MAX_SLOTS
from tests.drivers.card.cards import new_card
from tests.drivers.card.crowd import Terminal, resident_kb
from tests.own_pcscd import or_skip

PATIENCE_S = 300.0  # it takes half a minute on two cores
SIGN_INS_EACH = 200
IN_ALL = MAX_SLOTS * SIGN_INS_EACH

# What three quarters of the sign-ins may add. A terminal that kept its card's certificate each time
# would be beyond it, and so would a pcscd that kept a hundred bytes for each connection.
TERMINAL_GROWTH_KB = 128
CARDS_GROWTH_KB = 1024
PCSCD_GROWTH_KB = 512


@pytest.fixture
async def pcscd() -> AsyncIterator[PrivatePcscd]:
    async with or_skip(PrivatePcscd(MAX_SLOTS)) as private:
        yield private


async def test_thousands_sign_in_at_sixteen_readers_and_memory_stays_flat(
    pcscd: PrivatePcscd,
) -> None:
    assert len({*pcscd.ports}) == len({*pcscd.readers}) == MAX_SLOTS
    signed = [0] * MAX_SLOTS

    def count(at: int, exchange: Exchange) -> None:
        signed[at] += exchange.command.startswith("80 2A") and exchange.sw == 0x9000

    slots = [VpcdSlot(port, listener=partial(count, at)) for at, port in enumerate(pcscd.ports)]
    # Neighbours differ, so that an answer of the wrong card would not verify.
    cards = [new_card(elliptic=bool((at + at // 2) % 2)) for at in range(MAX_SLOTS)]
    await asyncio.gather(*map(VpcdSlot.insert, slots, cards))
    terminals = await asyncio.gather(
        *(Terminal.start(pcscd, name, SIGN_INS_EACH) for name in pcscd.readers)
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            early = await asyncio.gather(*map(Terminal.report, terminals))
            before = resident_kb(os.getpid()), resident_kb(pcscd.pid)
            late = await asyncio.gather(*map(Terminal.report, terminals))
            after = resident_kb(os.getpid()), resident_kb(pcscd.pid)
            assert {await terminal.leave() for terminal in terminals} == {0}
    finally:
        for terminal in terminals:
            terminal.stop()
        await asyncio.gather(*map(VpcdSlot.close, slots))
    assert sum(report.made for report in late) == IN_ALL
    assert signed == [SIGN_INS_EACH] * MAX_SLOTS
    grown = [end.resident_kb - start.resident_kb for start, end in zip(early, late, strict=True)]
    assert max(grown) <= TERMINAL_GROWTH_KB, grown
    assert after[0] - before[0] <= CARDS_GROWTH_KB
    assert after[1] - before[1] <= PCSCD_GROWTH_KB


@pytest.mark.parametrize("slots", [0, 1, 3, 17, 18, -2])
def test_slots_come_in_pairs_and_up_to_sixteen(slots: int) -> None:
    with pytest.raises(ValueError, match="even number of slots from 2 to 16"):
        PrivatePcscd(slots)
