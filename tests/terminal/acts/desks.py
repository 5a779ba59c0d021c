"""A desk with a real journal and simulated devices, for acts that are looked at one by one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from terminal.acts.desk import Desk
from terminal.clock import Clock
from terminal.config import parse
from terminal.demo.stage import Play, settings_of
from terminal.devices import build_devices, opened
from terminal.grounds import Grounds
from terminal.ids import new_id
from terminal.journal import Journal
from terminal.link.client import CentreClient
from terminal.link.wire import Order, Product
from terminal.pin import PinBuffer
from terminal.trust import Trust


def an_order(visit: str) -> Order:
    """Two copies at 250 yen."""
    return Order(
        order=new_id(),
        visit=visit,
        terminal="t",
        city="c",
        product=Product.RESIDENCE,
        people=("p",),
        items=(),
        acknowledged=(),
        copies=2,
        fee_yen=250,
        tariff="t",
    )


@asynccontextmanager
async def desk_at(folder: Path) -> AsyncGenerator[Desk]:
    """Everything opened but the link: nobody is called."""
    settings = parse(settings_of(Play(folder, port=None), folder, folder, 1, 0), folder)
    devices = build_devices(settings)
    async with Journal(folder / "journal.sqlite3") as journal, opened(devices):
        yield Desk(
            config=settings,
            devices=devices,
            centre=CentreClient(settings.link),
            journal=journal,
            clock=Clock(),
            city_keys={},
            pin=PinBuffer(),
            trust=Trust(),
            grounds=Grounds(folder),
        )
