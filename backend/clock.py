"""The one clock of the backend: aware times in Japan, injected everywhere (I-15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

# Fixed, because Japan has no summer time and a minimal Debian carries no time zone data.
JST = timezone(timedelta(hours=9), "JST")


def _system_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Says what time it is in Japan; ``offset`` shifts it, ``source`` replaces it in tests."""

    def __init__(
        self,
        offset: timedelta = timedelta(),
        source: Callable[[], datetime] = _system_time,
    ) -> None:
        self._offset = offset
        self._source = source

    def now(self) -> datetime:
        return (self._source() + self._offset).astimezone(JST)

    def today(self) -> date:
        return self.now().date()


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch: how a moment is stored, so that databases compare it exactly."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, JST)
