"""The decision table of a persona: whose card it is, and the registry as of some moment."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backend.centre.settings import load as load_settings
from backend.city import configuration
from backend.city.casework import case_of
from backend.city.configuration import Configuration
from backend.city.explaining import decision_table, lines
from backend.city.opening import SAMPLE, city_folder
from backend.city.registry import openings
from backend.city.registry.snapshot import Registry, RegistryUnreadable
from backend.city.rules.case import CardHolder
from backend.errors import COMMAND, OperatorError
from backend.sample_people.personas import PERSONAS, Persona, seed
from backend.world import Development

NOT_ASKED = (
    "not asked here: whether a name fits the form and the fonts draw it, the centre's own hours, "
    "and whether the card and its certificate are good"
)


class NobodySuch(OperatorError):
    """No persona of that name; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whom, where and when it is about; ``residents`` None: fresh people, their days counted from then."""

    city: Configuration
    persona: Persona
    now: datetime
    site: str | None
    residents: Path | None


def asked(
    code: str,
    persona: str,
    now: datetime,
    *,
    site: str | None,
    directory: Path | None,
    cities: Path | None,
) -> Question:
    """Raises OperatorError for a city, a persona or a directory that is none."""
    world = None if directory is None else Development(directory)
    if world is not None and not world.settings.is_file():
        raise OperatorError(
            f"{directory} is no development world: leave --dir out for fresh people, "
            f"or make it with {COMMAND} init --dir {directory}"
        )
    folder = cities or (load_settings(world.settings).cities.folder if world else SAMPLE)
    city = configuration.load(city_folder(folder, code) / "city.toml")
    residents = None if world is None else world.residents
    return Question(city, _persona(code, persona), now, site, residents)


def unknown_site(question: Question) -> str | None:
    """What to say of a site that the city does not know, where everything is as anywhere."""
    known = question.city.sites
    if question.site is None or question.site in known:
        return None
    names = ", ".join(sorted(known)) or "none"
    return f"{question.city.code} names no site {question.site!r}; it names {names}"


def decisions(question: Question) -> Iterator[str]:
    """The table, and above it whom and when it is about. Raises OperatorError."""
    city, persona, now = question.city, question.persona, question.now
    place = f", {question.site}" if question.site else ""
    counted = "" if question.residents else "; days are counted from then"
    heading = f"{persona.id} in {city.name} at {now:%Y-%m-%d %H:%M:%S}{place}{counted}"
    with tempfile.TemporaryDirectory() as folder:
        residents = question.residents or _fresh(Path(folder) / "residents.sqlite3", question)
        try:
            table = list(_table(question, residents))
        except RegistryUnreadable as error:
            raise OperatorError(f"{residents}: {error}") from error
    yield heading
    yield from table
    yield NOT_ASKED


def _fresh(path: Path, question: Question) -> Path:
    """Everybody as of that day; in a city that is not one of ours, as if it were where they live."""
    with closing(sqlite3.connect(path)) as connection:
        seed(connection, question.now.date())
        moved = {"new": question.city.code, "old": question.persona.city}
        for table in ("households", "registers"):
            statement = f"UPDATE {table} SET city = :new WHERE city = :old"  # noqa: S608
            connection.execute(statement, moved)
        connection.commit()
    return path


def _table(question: Question, residents: Path) -> Iterator[str]:
    city, persona, now = question.city, question.persona, question.now
    today = now.date()
    holder = CardHolder(
        city.code,
        persona.resident,
        persona.issued_on(today),
        persona.continued_on(today),
        persona.pin_changed_on(today),
    )
    products = tuple(city.products)
    with Registry(residents).snapshot(openings.to_judge(products)) as snapshot:
        case = case_of(snapshot, city, holder, products, now, began=now, site=question.site)
    return lines(decision_table(case))


def _persona(code: str, persona: str) -> Persona:
    """One of the city's; of a city without personas, any, as if they lived there."""
    own = [one for one in PERSONAS if one.city == code] or PERSONAS
    found = next((one for one in own if one.id == persona), None)
    if found is None:
        known = ", ".join(one.id for one in own)
        raise NobodySuch(f"{code} has no persona {persona!r}; it has {known}")
    return found
