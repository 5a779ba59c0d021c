"""Runs inside the guest: our reader's driver, and a line of JSON for each thing that it says."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from drivers.card import jpki
from drivers.card_reader import CardInserted
from drivers.card_reader.pcsc import PcscCardReader
from drivers.device import StateChanged
from drivers.errors import DriverError

PORT = "/dev/virtio-ports/madoguchi.lines"


async def main() -> None:
    with Path(PORT).open("w", buffering=1) as lines:  # noqa: ASYNC230 - lines are short and few
        async with PcscCardReader("card reader", sys.argv[1]) as reader:
            async for event in reader.events():
                told = {"event": type(event).__name__}
                if isinstance(event, StateChanged):
                    told |= {"state": event.state.value, "detail": event.detail}
                if isinstance(event, CardInserted):
                    told["card"] = await _read(reader)
                print(json.dumps(told), file=lines)


async def _read(reader: PcscCardReader) -> str:
    try:
        async with reader.connect() as connection:
            card = await jpki.run(connection, jpki.read_card(connection.atr))
    except DriverError as error:
        return repr(error)
    return f"{card.kind.value}, {card.tries_left} tries, {len(card.certificate)} bytes"


if __name__ == "__main__":
    asyncio.run(main())
