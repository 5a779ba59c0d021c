"""What every kind of certificate has in common: a selection comes in, sheets go out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from backend.city.configuration import Configuration
from backend.city.eras import ERAS, Era, era_date, western_date
from backend.city.page_seal import Fact
from backend.city.rules.judge import Permit
from backend.city.rules.people import Subject
from backend.city.typesetting import Frame, Heights


@dataclass(frozen=True, slots=True)
class Selection:
    """What a permitted order asks for: whom, in the registry's order, and which items.

    ``everyone``: these are all who belong on the set, so it may be called whole.
    """

    permit: Permit
    subjects: tuple[Subject, ...]
    items: frozenset[str]
    everyone: bool


Measure = Callable[[str, Frame], Heights]
"""How high a form's flowing rows are."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One set to be made: of which city, under which serial, on which day, and how it is measured."""

    city: Configuration
    serial: str
    issued: date
    measure: Measure
    second: tuple[str, ...] = field(repr=False, default=())
    eras: tuple[Era, ...] = ERAS

    def frame(self, statement: str, page: int, pages: int) -> Frame:
        """Serial, n and N are on each sheet (R28), and the city's words, date and seal (I-14)."""
        mayor = self.city.mayor_on(self.issued)
        return Frame(
            city=self.city.name,
            mayor=mayor.name,
            stamp=mayor.stamp,
            statement=statement,
            serial=self.serial,
            issue_date=self.era_date(self.issued),
            page=page,
            pages=pages,
            second=self.second,
        )

    def era_date(self, day: date) -> str:
        return era_date(day, self.eras)

    def birth(self, day: date, *, is_foreign: bool) -> str:
        """As it is written: by eras, and for residents of other nationalities by the western year."""
        return western_date(day) if is_foreign else self.era_date(day)


class Content(ABC):
    """What one certificate says."""

    @property
    @abstractmethod
    def form(self) -> str:
        """The name of its form."""

    def names(self) -> Iterable[str]:
        """Names of residents of other nationalities: these alone may be set in the second font."""
        return ()

    @abstractmethod
    def facts(self, pages: int) -> tuple[tuple[Fact, ...], ...]:
        """Whom each of so many sheets is about, for a seal that says so."""

    @abstractmethod
    def sheets(self, edition: Edition) -> tuple[tuple[str, Frame], ...]:
        """The set's sheets in order, each with the name of its form. Raises FormOverflow."""
