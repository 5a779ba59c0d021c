"""How loud the terminal is: what the operator set, the hours of quiet, and what a person asks for. Pure."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from msgspec import Meta, Struct

Loudness = Annotated[float, Meta(ge=0.1, le=1)]
"""Never nothing: a call to somebody who forgot a card must be heard (R67, R68)."""


class Volume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``quiet`` holds from ``quiet_from`` to ``quiet_to``, and in a visit whose person asks for it."""

    normal: Loudness = 1.0
    quiet: Loudness = 0.35
    quiet_from: time = time(21, 0)
    quiet_to: time = time(8, 0)

    def __post_init__(self) -> None:
        if self.quiet > self.normal:
            raise ValueError(f"quiet: {self.quiet} is louder than normal, {self.normal}")


def loudness(volume: Volume, now: time, *, asked: bool) -> float:
    """0.1–1.0 at a time of day; ``asked``: the person wants it quieter."""
    if asked or _between(volume.quiet_from, now.replace(tzinfo=None), volume.quiet_to):
        return volume.quiet
    return volume.normal


def _between(start: time, now: time, end: time) -> bool:
    if start <= end:
        return start <= now < end
    return now >= start or now < end
