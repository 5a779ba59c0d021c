"""Sends what must arrive at the centre: oldest first, one at a time, until it is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random

from terminal.errors import (
    CentreProblem,
    CentreRefused,
    JournalError,
    LinkDown,
    OutcomeUnknown,
    TerminalError,
)
from terminal.journal import Journal
from terminal.link.client import UNREADABLE, CentreClient
from terminal.link.wire import Acknowledged, Message, ResultReceipt

logger = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
REST_S = 15.0  # whoever writes a letter wakes us; this is for what was written behind our back
LONGEST_WAIT_S = 60.0
FOR_GOOD = frozenset({400, 404, 409, 413, 422})
"""Asking again with the same body would be answered the same; anything else may pass."""


class Outbox:
    """Runs for the daemon's life. A letter the centre refuses for good is set aside, not lost."""

    def __init__(self, journal: Journal, centre: CentreClient) -> None:
        self._journal = journal
        self._centre = centre
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to send, or the line is back: do not wait any longer."""
        self._woken.set()

    async def run(self) -> None:
        backing_off = FIRST_WAIT_S
        while True:
            wait = REST_S
            try:
                sent = await self.send_one()
                backing_off = FIRST_WAIT_S
                if sent:
                    continue
            except (LinkDown, OutcomeUnknown, JournalError) as error:
                logger.info("outbox waits %.0f s: %s", backing_off, error)
                wait = backing_off = min(backing_off * 2, LONGEST_WAIT_S)
            # full jitter: a thousand terminals must not come back in one second
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(random.uniform(0.5, 1) * wait):  # noqa: S311
                    await self._woken.wait()
                    backing_off = FIRST_WAIT_S

    async def send_one(self) -> bool:
        """Send the oldest letter; False when there is none."""
        oldest = await self._journal.oldest_letter()
        if oldest is None:
            return False
        seq, letter = oldest
        answer: type[Message] = ResultReceipt if letter.path.endswith("/result") else Acknowledged
        try:
            await self._centre.put_bytes(letter.path, letter.body, answer)
        except CentreProblem as error:
            if error.status not in FOR_GOOD or error.problem.code == UNREADABLE:
                raise OutcomeUnknown(str(error)) from error
            await self._refused(seq, error)
        except CentreRefused as error:
            await self._refused(seq, error)
        else:
            await self._journal.delivered(seq)
        return True

    async def _refused(self, seq: int, error: TerminalError) -> None:
        logger.error("the centre will not take a letter; it is kept for staff: %s", error)
        await self._journal.refused(seq, str(error))
