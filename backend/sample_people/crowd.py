"""Households in bulk: a city of any size from a seed, stored as it is drawn."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from backend.city.registry import filling
from backend.city.registry.records import Records
from backend.errors import OperatorError
from backend.sample_people import registration
from backend.sample_people.growing import everyday, furnish
from backend.sample_people.seeds import drawing

# Of a hundred households, as in Japan's census of 2020, rounded: one person, two, three, and so on.
_SIZES = (1,) * 38 + (2,) * 28 + (3,) * 17 + (4,) * 12 + (5,) * 4 + (6,)
# A register is often kept where somebody comes from.
_KEPT_HERE = 0.6


def fill(path: Path, city: str, residents: int, seed: str) -> int:
    """Make the registry at ``path`` and fill it; answers how many residents it holds.

    Whole or not at all. Raises OperatorError for a file that is there, or a folder that is not.
    """
    if path.exists():
        raise OperatorError(f"{path} is there: name another file, or remove it")
    if not path.parent.is_dir():
        raise OperatorError(f"{path.parent} is no directory: make it first")
    parts = path.with_suffix(".new")
    parts.unlink(missing_ok=True)
    with closing(sqlite3.connect(parts)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # whoever is cut off starts anew
        filling.store(connection, crowd(city, residents, seed))
        (count,) = connection.execute("SELECT count(*) FROM residents").fetchone()
    parts.rename(path)
    return int(count)


def crowd(city: str, residents: int, seed: str) -> Iterator[Records]:
    """At least so many residents, household by household."""
    draw = drawing("crowd", city, seed)
    made = 0
    while made < residents:
        size = min(draw.choice(_SIZES), residents - made)
        yield _household(draw, city, f"{city[0]}{seed}-{made}", size)
        made += size


def _household(draw: Random, city: str, key: str, size: int) -> Records:
    kept_in = city if draw.random() < _KEPT_HERE else "elsewhere"
    household = furnish(everyday(draw, city, key, size, domicile_city=kept_in))
    return Records((household,), registration.registers([household]))
