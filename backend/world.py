"""Where things are in a development world, and what is said when one is not as it was made.

    DIR/backend/     backend.toml, both databases, the server's and the cities' keys
    DIR/jpki/        the fictional authority: root-N.pem and its key, list-N.crl, revoked.json
    DIR/terminals/   <id>/key.pem, certificate.pem, ca.pem
    DIR/cards/       <persona>.json (a fictional card, with its PIN), index.json
    DIR/trust/       cities/<city>/<key id>.pem: whose documents a terminal believes (city_keys.py)

A path is only a name here: nothing is made or changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from backend.errors import COMMAND, OperatorError

_T = TypeVar("_T")
TERMINAL = "dev-1"


class DevelopmentError(OperatorError):
    """The directory cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Development:
    """Where things are in a prepared directory."""

    directory: Path

    @property
    def backend(self) -> Path:
        return self.directory / "backend"

    @property
    def settings(self) -> Path:
        return self.backend / "backend.toml"

    @property
    def database(self) -> Path:
        return self.backend / "madoguchi.sqlite3"

    @property
    def residents(self) -> Path:
        return self.backend / "residents.sqlite3"

    @property
    def jpki(self) -> Path:
        return self.directory / "jpki"

    @property
    def revoked(self) -> Path:
        """Whose certificates the authority has withdrawn, since when, and why."""
        return self.jpki / "revoked.json"

    @property
    def cards(self) -> Path:
        return self.directory / "cards"

    @property
    def trusted_cities(self) -> Path:
        return self.directory / "trust" / "cities"

    def trust_of(self, city: str) -> Path:
        """What a terminal needs in order to believe a city's documents."""
        return self.trusted_cities / city

    def root(self, generation: int) -> Path:
        return self.jpki / f"root-{generation}.pem"

    def root_key(self, generation: int) -> Path:
        return self.jpki / f"root-{generation}.key"

    def revocations(self, generation: int) -> Path:
        return self.jpki / f"list-{generation}.crl"

    def card(self, persona: str) -> Path:
        return self.cards / f"{persona}.json"

    def terminal(self, terminal: str = TERMINAL) -> Path:
        return self.directory / "terminals" / terminal

    def read(self, path: Path, parse: Callable[[bytes], _T]) -> _T:
        """What is in one of its files. Raises DevelopmentError naming one that is not as it was."""
        try:
            return parse(path.read_bytes())
        except OSError as error:
            wrong = error.strerror
        except (AttributeError, KeyError, TypeError, ValueError):
            wrong = "not as it was made"
        raise DevelopmentError(
            f"{path}: {wrong}: put it back, or empty {self.directory} and run init"
        )

    def refuse_older(self) -> None:
        """Raises DevelopmentError for a world of a version that kept its authority elsewhere."""
        if (self.backend / "jpki-root.pem").exists() or made_on(self.residents) == date.min:
            raise DevelopmentError(
                f"{self.directory} was made by an earlier version, with other authorities or people: "
                f"empty it and run {COMMAND} init --dir {self.directory}"
            )


def made_on(residents: Path) -> date | None:
    """The day as of which a registry's people were made; the earliest of all for an older version's.

    None if there is no registry.
    """
    if not residents.is_file():
        return None
    with closing(sqlite3.connect(residents)) as connection:
        (ordinal,) = connection.execute("PRAGMA user_version").fetchone()
    return date.fromordinal(max(1, ordinal))
