"""A USB card reader of the guest's, and a software card in it: QEMU's usb-ccid and its VSCard protocol."""

from __future__ import annotations

import asyncio
import contextlib
import struct

from drivers.card.software import SoftwareCard
from tests.guest.machine import Machine

_INIT, _ERROR, _READER_ADD, _READER_REMOVE, _ATR, _CARD_REMOVE, _APDU = range(1, 8)
_EVERYBODY = 0xFFFFFFFF
_MAGIC, _VERSION = 0x56534344, 2


class UsbReader:
    """Plugged in by ``plug_in``; ``insert`` and ``remove`` are the hands on it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._card: SoftwareCard | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._slot = asyncio.Event()
        self._id = 0

    async def plug_in(self) -> None:
        """Return when QEMU has taken the card's side of the line."""
        monitor = self._machine.monitor
        await monitor.ask("device_add", driver="usb-ccid", id="reader", bus="usb.0")
        slot = {"driver": "ccid-card-passthru", "id": "slot", "bus": "reader.0"}
        await monitor.ask("device_add", **slot, chardev="card")
        if self._writer is None:
            path = self._machine.directory / "card"
            reader, self._writer = await asyncio.open_unix_connection(path)
            self._reading = asyncio.create_task(self._serve(reader))
            self._send(_INIT, _EVERYBODY, struct.pack(">III", _MAGIC, _VERSION, 0))
        async with asyncio.timeout(30):
            await self._slot.wait()

    async def unplug(self) -> None:
        self._slot.clear()
        await self._machine.monitor.ask("device_del", id="reader")

    def insert(self, card: SoftwareCard) -> None:
        self._card = card
        # The one answer to reset that QEMU's reader is known to power up.
        self._send(_ATR, self._id, bytes.fromhex("3B80800101"))

    def remove(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card.power_off()
        self._send(_CARD_REMOVE, self._id)

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    def _send(self, kind: int, reader: int, payload: bytes = b"") -> None:
        assert self._writer is not None
        self._writer.write(struct.pack(">III", kind, reader, len(payload)) + payload)

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                kind, number, size = struct.unpack(">III", await reader.readexactly(12))
                payload = await reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return  # the guest has ended
            if kind == _INIT:
                self._send(_READER_ADD, _EVERYBODY, b"reader")
            elif kind == _ERROR and not self._slot.is_set():
                self._id = number
                self._slot.set()
            elif kind == _APDU and self._card is not None:
                if not self._card.is_powered:
                    self._card.power_on()
                self._send(_APDU, self._id, self._card.transmit(payload))
