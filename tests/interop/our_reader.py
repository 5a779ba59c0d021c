"""Our own reading of a card as a program of its own: libpcsclite is led to one pcscd for life.

``python -m tests.interop.our_reader [PIN [MESSAGE]]`` prints one JSON object: what it found, and, with a
PIN, how the sign-in went; ``error`` is the name of the driver's error that ended it.
"""

from __future__ import annotations

import asyncio
import json
import sys

from drivers.card import jpki
from drivers.card_reader.pcsc import PcscCardReader
from drivers.errors import DriverError


async def read(told: dict[str, object], pin: str | None, message: bytes) -> None:
    """Both conversations of a visit, as terminal/acts/card.py has them."""
    async with PcscCardReader("card reader") as reader:
        async with reader.connect() as connection:
            card = await jpki.run(connection, jpki.read_card(connection.atr))
        told["kind"] = card.kind.value
        told["tries_left"] = card.tries_left
        told["certificate"] = card.certificate.hex()
        if pin is None:
            return
        async with reader.connect() as connection:
            await jpki.run(connection, jpki.meet_again(card))
            await jpki.run(connection, jpki.verify_pin(bytearray(pin.encode())))
            signature = await jpki.run(connection, jpki.sign(message, card))
        told["signature"] = signature.hex()


def main() -> None:
    told: dict[str, object] = {}
    pin = sys.argv[1] if len(sys.argv) > 1 else None
    message = sys.argv[2].encode() if len(sys.argv) > 2 else b""
    try:
        asyncio.run(read(told, pin, message))
    except DriverError as error:
        told["error"] = type(error).__name__
    print(json.dumps(told))


if __name__ == "__main__":
    main()
