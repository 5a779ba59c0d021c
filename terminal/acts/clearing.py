"""Staff say that all is in order again: only what is in order can be cleared (I-12, R66, R68)."""

from __future__ import annotations

import logging

from drivers.errors import DriverError
from terminal.acts.desk import Desk
from terminal.acts.ending import report_sensor
from terminal.journal import Step
from terminal.translation import SEEN_BY

logger = logging.getLogger(__name__)


async def clear(desk: Desk, *, distrust: bool = False) -> bool:
    """False while something still lies there, or money of an earlier visit cannot be given out.

    ``distrust``: staff say that what a sensor still sees does not lie there. A card reader is never
    overruled: a card that it can feel is one.

    Money that is still in escrow falls into the cup before the eyes of staff: left inside, it would
    pay for the next person.
    """
    if distrust:
        await _distrust(desk)
    there = desk.belongings()
    if there.card or there.sheets or there.receipt:
        # Before the money: what is given out must be in the row that says so.
        logger.warning("not cleared: something still lies at the terminal")
        return False
    device = desk.devices.payment
    try:
        held = (await device.status()).held_yen
        returned = await device.give_back() if held else 0
    except DriverError as error:
        logger.error("not cleared: %s", error)
        return False
    await desk.journal.write(desk.clock.now(), "-", Step.CLEARED, {"returned_yen": returned})
    desk.trust.begin()
    return True


async def _distrust(desk: Desk) -> None:
    """The operator is told which: somebody must mend it."""
    readings = {left: desk.devices.sensors.read(sensor) for left, sensor in SEEN_BY.items()}
    for left in desk.trust.cleared(readings):
        await report_sensor(desk, left)
