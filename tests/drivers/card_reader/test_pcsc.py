"""What only a real pcscd can do to a reader's driver."""

from __future__ import annotations

import asyncio
import sys

import pytest

from drivers.card import jpki
from drivers.card.apdu import SW, Command
from drivers.card.kinds import JPKI_AID, select_jpki
from drivers.card_reader import CardInserted, CardRemoved
from drivers.card_reader.pcsc import PcscCardReader
from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.errors import DeviceTimeout, DeviceUnavailable
from tests.drivers.card.cards import PIN, new_card, summary_of
from tests.drivers.card_reader.conftest import PATIENCE_S, PcscRig, unpowered

SELECT = Command(0x00, 0xA4, 0x04, 0x0C, JPKI_AID)

HOLDER = """
import sys
from smartcard.scard import *
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
code, card, _ = SCardConnect(context, sys.argv[1], int(sys.argv[2]), SCARD_PROTOCOL_T1)
print(f"{code & 0xFFFFFFFF:08X}", flush=True)
sys.stdin.read()
SCardDisconnect(card, SCARD_UNPOWER_CARD)
"""
EXCLUSIVE, SHARED = "1", "2"


async def another_program(reader: str, mode: str) -> asyncio.subprocess.Process:
    """Holds the card as ``mode`` says until its input ends; its first line is PC/SC's answer."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, reader, mode, stdin=pipe, stdout=pipe
    )


async def said(program: asyncio.subprocess.Process) -> str:
    assert program.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        return (await program.stdout.readline()).decode().strip()


async def end(program: asyncio.subprocess.Process) -> None:
    assert program.stdin is not None
    program.stdin.close()
    async with asyncio.timeout(PATIENCE_S):
        await program.wait()


async def test_a_restart_of_pcscd_is_lived_through_with_the_card_in(pcsc_rig: PcscRig) -> None:
    async with pcsc_rig.reader as reader:
        await pcsc_rig.next(StateChanged)
        await pcsc_rig.insert(new_card())
        await pcsc_rig.next(CardInserted)
        await pcsc_rig.pcscd.stop()
        try:
            lost = await pcsc_rig.next(StateChanged)
            assert lost.state is DeviceState.OFFLINE
            assert "systemctl start pcscd" in lost.detail
            with pytest.raises(DeviceUnavailable, match="systemctl start pcscd"):
                async with reader.connect():
                    pass
        finally:
            await pcsc_rig.pcscd.start()
        assert (await pcsc_rig.next(StateChanged)).state is DeviceState.ONLINE
        await pcsc_rig.next(CardRemoved)
        await pcsc_rig.next(CardInserted)
        async with reader.connect() as connection:
            assert (await connection.transmit(SELECT)).sw == SW.OK


async def test_pcscd_killed_while_a_card_is_spoken_to(pcsc_rig: PcscRig) -> None:
    async with pcsc_rig.reader as reader:
        await pcsc_rig.next(StateChanged)
        await pcsc_rig.insert(new_card())
        await pcsc_rig.next(CardInserted)
        async with reader.connect() as connection:
            await connection.transmit(SELECT)
            await pcsc_rig.pcscd.stop()
            try:
                with pytest.raises(DeviceUnavailable):
                    await connection.transmit(SELECT)
            finally:
                await pcsc_rig.pcscd.start()
        assert (await pcsc_rig.next(StateChanged)).state is DeviceState.OFFLINE
        assert (await pcsc_rig.next(StateChanged)).state is DeviceState.ONLINE
        await pcsc_rig.next(CardRemoved)


async def test_a_reader_that_is_not_there_is_a_state_and_an_advice(pcsc_rig: PcscRig) -> None:
    async with PcscCardReader("card reader", "RC-S300") as reader:
        assert reader.state is DeviceState.NO_DEVICE
        with pytest.raises(DeviceUnavailable, match="Virtual PCD 00 00"):
            async with reader.connect():
                pass


async def test_a_card_laid_down_before_pcscd_has_missed_the_last_one_is_found(
    pcsc_rig: PcscRig,
) -> None:
    async with pcsc_rig.reader as reader:
        await pcsc_rig.next(StateChanged)
        for _ in range(2):
            await pcsc_rig.insert(new_card())
            await pcsc_rig.next(CardInserted)
            async with reader.connect() as connection:
                await connection.transmit(SELECT)
                await pcsc_rig.remove()
            await pcsc_rig.next(CardRemoved)


async def test_a_card_that_takes_too_long_is_a_time_out_and_loses_its_power(
    pcsc_rig: PcscRig,
) -> None:
    card = new_card()
    pcsc_rig.slow_down(1.0)
    async with PcscCardReader("card reader", pcsc_rig.pattern, apdu_timeout_s=0.3) as reader:
        await pcsc_rig.insert(card)
        pcsc_rig.reader = reader
        await pcsc_rig.settled(present=True)
        async with reader.connect() as connection:
            await jpki.run(connection, select_jpki())
            await jpki.run(connection, jpki.verify_pin(bytearray(PIN.encode())))
            with pytest.raises(DeviceTimeout, match=r"0\.3 s"):
                await jpki.run(connection, jpki.sign(b"message", summary_of(card)))
        await unpowered(card)
        async with reader.connect() as connection:
            assert (await connection.transmit(SELECT)).sw == SW.OK


async def test_another_program_that_holds_the_card_is_named_as_the_cause(
    pcsc_rig: PcscRig,
) -> None:
    async with pcsc_rig.reader as reader:
        await pcsc_rig.insert(new_card())
        await pcsc_rig.settled(present=True)
        program = await another_program(pcsc_rig.pattern, EXCLUSIVE)
        try:
            assert await said(program) == "00000000"
            with pytest.raises(DeviceUnavailable, match="another program"):
                async with reader.connect():
                    pass
        finally:
            await end(program)
        async with reader.connect() as connection:
            assert (await connection.transmit(SELECT)).sw == SW.OK


async def test_a_program_that_only_looks_at_the_card_is_waited_for(pcsc_rig: PcscRig) -> None:
    async with pcsc_rig.reader as reader:
        await pcsc_rig.insert(new_card())
        await pcsc_rig.settled(present=True)
        program = await another_program(pcsc_rig.pattern, EXCLUSIVE)
        assert await said(program) == "00000000"
        asyncio.get_running_loop().call_later(0.3, program.stdin.close)  # type: ignore[union-attr]
        async with reader.connect() as connection:
            assert (await connection.transmit(SELECT)).sw == SW.OK
        await end(program)


@pytest.mark.parametrize("mode", [EXCLUSIVE, SHARED])
async def test_no_other_program_gets_a_card_we_speak_to(pcsc_rig: PcscRig, mode: str) -> None:
    async with pcsc_rig.reader as reader:
        await pcsc_rig.insert(new_card())
        await pcsc_rig.settled(present=True)
        async with reader.connect() as connection:
            program = await another_program(pcsc_rig.pattern, mode)
            assert await said(program) == "8010000B"
            await end(program)
            assert (await connection.transmit(SELECT)).sw == SW.OK


async def test_closing_the_reader_takes_the_power_from_a_card_it_still_holds(
    pcsc_rig: PcscRig,
) -> None:
    card = new_card()
    async with pcsc_rig.reader as reader:
        await pcsc_rig.insert(card)
        await pcsc_rig.settled(present=True)
        async with reader.connect() as connection:
            await jpki.run(connection, select_jpki())
            await jpki.run(connection, jpki.verify_pin(bytearray(PIN.encode())))
            await reader.close()
            await unpowered(card)
            with pytest.raises(DeviceUnavailable):
                await connection.transmit(SELECT)


async def test_R14_a_reader_without_keys_says_so_before_anybody_types(pcsc_rig: PcscRig) -> None:
    card = new_card()
    async with PcscCardReader("card reader", pcsc_rig.pattern, pin_at_reader=True) as reader:
        assert reader.pin_at_reader
        pcsc_rig.reader = reader
        await pcsc_rig.insert(card)
        await pcsc_rig.settled(present=True)
        with pytest.raises(DeviceUnavailable, match="no keys for a PIN: set pin_at_reader"):
            async with reader.connect():
                pass
        await unpowered(card)
    async with PcscCardReader("card reader", pcsc_rig.pattern) as reader:
        async with reader.connect() as connection:
            await jpki.run(connection, select_jpki())
            with pytest.raises(DeviceUnavailable, match="no keys for a PIN: set pin_at_reader"):
                await jpki.verify_at_reader(connection, 5)
        assert card.tries_left == 3


async def test_forty_fast_taps_and_a_card_that_stays_is_found(pcsc_rig: PcscRig) -> None:
    """Some notifications are lost then; whoever comes next must be noticed all the same."""
    told: list[type[DeviceEvent]] = []
    async with pcsc_rig.reader as reader:
        for tap in range(40):
            tapping = asyncio.create_task(pcsc_rig.insert(new_card()))
            await asyncio.sleep(0.02 + 0.05 * (tap % 8))  # across pcscd's own 0.4 s
            if pcsc_rig.slot.occupied:
                await pcsc_rig.slot.close()
            tapping.cancel()
            await asyncio.wait({tapping})
        await pcsc_rig.settled(present=False)
        card = new_card()
        await pcsc_rig.insert(card)
        await pcsc_rig.settled(present=True)
        while not reader._queue.empty():
            told.append(type(reader._queue.get_nowait()))
        async with reader.connect() as connection:
            assert (await connection.transmit(SELECT)).sw == SW.OK
    stream = [kind for kind in told if kind is not StateChanged]
    assert stream[-1] is CardInserted
    assert all(kind is CardRemoved for kind in stream[1::2])
