"""The decision table of a persona: whose card it is, and the registry as of some moment."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from backend.city import configuration
from backend.city.casework import case_of
from backend.city.configuration import Configuration
from backend.city.explaining import decision_table, lines
from backend.city.opening import SAMPLE
from backend.city.registry import openings
from backend.city.registry.snapshot import Registry, RegistryUnreadable
from backend.city.rules.case import CardHolder
from backend.errors import OperatorError
from backend.refusals import Refused
from backend.sample_people.personas import PERSONAS, Persona, seed
from backend.world import Development


class NobodySuch(OperatorError):
    """No persona, or no city, of that name; the message lists those that exist."""


def decisions(
    code: str, persona_id: str, now: datetime, *, site: str | None, directory: Path | None
) -> Iterator[str]:
    """Whom and when it is about, then the table (explaining.py).

    Raises NobodySuch, ConfigurationError, and OperatorError for a registry that cannot be read.
    """
    city = _city(code)
    persona = next((one for one in PERSONAS if one.id == persona_id), None)
    if persona is None or persona.city != code:
        known = ", ".join(one.id for one in PERSONAS if one.city == code)
        raise NobodySuch(f"{code} has no persona {persona_id!r}; it has {known}")
    yield f"{persona.id} in {city.name} at {now:%Y-%m-%d %H:%M:%S}{f', {site}' if site else ''}"
    with tempfile.TemporaryDirectory() as folder:
        if directory is not None:
            residents = Development(directory).residents
        else:
            residents = Path(folder) / "residents.sqlite3"
            with closing(sqlite3.connect(residents)) as connection:
                seed(connection, now.date())
        try:
            yield from _table(city, residents, persona, now, site)
        except RegistryUnreadable as error:
            raise OperatorError(f"{residents}: {error}") from error


def _table(
    city: Configuration, residents: Path, persona: Persona, now: datetime, site: str | None
) -> Iterator[str]:
    today = now.date()
    holder = CardHolder(
        persona.city,
        persona.resident,
        persona.issued_on(today),
        persona.continued_on(today),
        persona.pin_changed_on(today),
    )
    products = tuple(city.products)
    with Registry(residents).snapshot(openings.to_judge(products)) as snapshot:
        try:
            case = case_of(snapshot, city, holder, products, now, began=now, site=site)
        except Refused:
            yield "nothing: the registry does not know this resident"
            return
    yield from lines(decision_table(case))


def _city(code: str) -> Configuration:
    path = SAMPLE / code / "city.toml"
    if not path.is_file():
        known = ", ".join(sorted(one.parent.name for one in SAMPLE.glob("*/city.toml")))
        raise NobodySuch(f"there is no city {code!r}; there are {known}")
    return configuration.load(path)
