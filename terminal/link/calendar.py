"""Keeps asking the centre for the service's calendar, and so whether the line holds (R7–R9)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from terminal.errors import CentreProblem, CentreRefused, LinkDown, OutcomeUnknown
from terminal.link.client import CentreClient
from terminal.link.wire import Service

logger = logging.getLogger(__name__)

EVERY_S = 30.0
WHILE_DOWN_S = 2.0


async def watch_service(
    centre: CentreClient,
    told: Callable[[Service | None], None],
    every_s: float = EVERY_S,
) -> None:
    """Calls ``told`` with each answer, and with None while there is none. Runs for ever."""
    was_down = False
    while True:
        service: Service | None = None
        try:
            service = await centre.get("/v1/service", Service)
        except (LinkDown, OutcomeUnknown, CentreProblem, CentreRefused) as error:
            # Once an outage: at a line every two seconds staff would find nothing else in the log.
            logger.log(logging.DEBUG if was_down else logging.WARNING, "%s", error)
        if was_down and service is not None:
            logger.info("the centre answers again")
        was_down = service is None
        told(service)
        if service is None:
            await asyncio.sleep(WHILE_DOWN_S)
        else:
            await _disturbed(centre, every_s)


async def _disturbed(centre: CentreClient, limit_s: float) -> None:
    """Until it is time to ask again, or somebody else got no answer: then the next person must know."""
    centre.disturbed.clear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await centre.disturbed.wait()
