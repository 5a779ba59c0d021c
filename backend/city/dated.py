"""Things that hold from one day to another: a tariff, a mayor, a rule's figure (I-15).

A change is a new entry that is known before its first day; nobody has to do anything at midnight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TypeVar

from msgspec import Struct


class Dated(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds from ``valid_from`` to ``valid_to``, both days included; without an end, from then on."""

    valid_from: date
    valid_to: date | None = None

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


D = TypeVar("D", bound=Dated)


def in_force(entries: Sequence[D], day: date) -> D | None:
    """The entry that holds on ``day``."""
    return next((entry for entry in entries if entry.in_force(day)), None)


def contradictions(name: str, entries: Sequence[Dated]) -> Iterator[str]:
    """Where two entries hold on one day, or none does in between or after the last."""
    in_order = sorted(enumerate(entries), key=lambda numbered: numbered[1].valid_from)
    for place, entry in in_order:
        if entry.valid_to is not None and entry.valid_to < entry.valid_from:
            yield f"{name}[{place}]: valid_to {entry.valid_to} is before valid_from"
    for (place, earlier), (next_place, later) in pairwise(in_order):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            yield (
                f"{name}[{place}] and [{next_place}] overlap: end the first on "
                f"{later.valid_from - timedelta(days=1)}"
            )
        elif earlier.valid_to + timedelta(days=1) != later.valid_from:
            yield (
                f"{name}[{place}] and [{next_place}]: nothing holds from "
                f"{earlier.valid_to + timedelta(days=1)} to {later.valid_from - timedelta(days=1)}"
            )
    last_place, last = in_order[-1]
    if last.valid_to is not None:
        yield (
            f"{name}[{last_place}] ends on {last.valid_to} and nothing follows: "
            "leave valid_to out until the next one is known"
        )
