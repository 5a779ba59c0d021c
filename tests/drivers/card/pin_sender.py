"""A program that sends one PIN to a card, and stays: so that others can look what is left of it.

``python -m tests.drivers.card.pin_sender bare|covered PIN LIMIT_S``: ``bare`` is a VERIFY and nothing
after it, ``covered`` is the driver's own; LIMIT_S is for each command. It says ``held`` with the connection open, ``left`` when that is closed,
each with the name of the error that came up, and waits for a line after each.
"""

from __future__ import annotations

import asyncio
import sys

from drivers.card import jpki
from drivers.card.apdu import Command
from drivers.card.files import Steps, need_file
from drivers.card.kinds import select_jpki
from drivers.card_reader.pcsc import PcscCardReader
from drivers.errors import DriverError


def bare(pin: bytearray) -> Steps[None]:
    yield from need_file(jpki.AUTH_PIN_EF)
    yield Command(0x00, 0x20, 0x00, 0x80, pin)


async def say(word: str, error: str) -> None:
    print(word, error, flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def main(way: str, pin: bytearray, limit_s: float) -> None:
    error = "-"
    async with PcscCardReader("card reader", apdu_timeout_s=limit_s) as reader:
        async with reader.connect() as connection:
            await jpki.run(connection, select_jpki())
            try:
                await jpki.run(connection, jpki.verify_pin(pin) if way == "covered" else bare(pin))
            except DriverError as raised:
                error = type(raised).__name__
            await say("held", error)
        await say("left", error)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], bytearray(sys.argv[2].encode()), float(sys.argv[3])))
