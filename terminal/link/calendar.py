"""Keeps asking the centre for the service's calendar, and so whether the line holds (R7–R9)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from enum import Enum

from terminal.errors import CentreProblem, CentreRefused, LinkDown, OutcomeUnknown
from terminal.link.client import CentreClient
from terminal.link.wire import Service

logger = logging.getLogger(__name__)

EVERY_S = 30.0
WHILE_DOWN_S = 2.0


# What the centre says to a terminal that it no longer serves (R11, R12).
ENDED = frozenset(
    {
        "terminal.unknown",
        "terminal.expired",
        "terminal.operator_unknown",
        "terminal.operator_expired",
        "terminal.certificate_withdrawn",
    }
)


class NotServed(Enum):
    """Why there is no calendar: the line or the centre is down, or this terminal's service has ended."""

    NO_ANSWER = "no answer"
    ENDED = "ended"


async def watch_service(
    centre: CentreClient,
    told: Callable[[Service | NotServed], None],
    every_s: float = EVERY_S,
) -> None:
    """Calls ``told`` with each answer, and while there is none with why. Runs for ever."""
    was_down = False
    while True:
        service: Service | NotServed = NotServed.NO_ANSWER
        try:
            service = await centre.get("/v1/service", Service)
        except (LinkDown, OutcomeUnknown, CentreProblem, CentreRefused) as error:
            # Once an outage: at a line every two seconds staff would find nothing else in the log.
            logger.log(logging.DEBUG if was_down else logging.WARNING, "%s", error)
            if isinstance(error, CentreProblem) and error.problem.code in ENDED:
                service = NotServed.ENDED
        is_down = isinstance(service, NotServed)
        if was_down and not is_down:
            logger.info("the centre answers again")
        was_down = is_down
        told(service)
        if is_down:
            await asyncio.sleep(WHILE_DOWN_S)
        else:
            await _disturbed(centre, every_s)


async def _disturbed(centre: CentreClient, limit_s: float) -> None:
    """Until it is time to ask again, or somebody else got no answer: then the next person must know."""
    centre.disturbed.clear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await centre.disturbed.wait()
