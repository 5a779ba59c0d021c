"""One clock, injected everywhere (I-15): aware Japan time, and a monotonic one for limits."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")  # no daylight saving time, so no zone data is needed


class Clock:
    """The system's clock, moved by ``offset`` where a demonstration or a test asks for it."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """Aware, in Asia/Tokyo."""
        return datetime.now(UTC).astimezone(JST) + self._offset

    def monotonic(self) -> float:
        """Seconds that never jump; for limits, never for paper."""
        return time.monotonic()
