"""The backend's configuration: one TOML file, closed structs, paths relative to the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from backend import hours
from backend.errors import OperatorError
from terminal.link import wire


class SettingsError(OperatorError):
    """The file cannot be used: which file, which place, what is wrong."""


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: an unknown key is an error."""


class Tls(Table, frozen=True):
    """The server's own key, and the authority whose terminals may connect."""

    certificate: Path
    key: Path
    terminal_authority: Path


class Jpki(Table, frozen=True):
    """Pinned roots of one JPKI world and their revocation lists; test and real are never mixed."""

    roots: Annotated[tuple[Path, ...], Meta(min_length=1)]
    revocation_lists: Annotated[tuple[Path, ...], Meta(min_length=1)]


class Cities(Table, frozen=True):
    """The cities' registry and the folder of their keys."""

    residents: Path
    keys: Path


class Calendar(Table, frozen=True):
    """The centre's own hours; a city's may be shorter and are the city's to enforce (R71)."""

    hours: wire.DailyHours
    year_end: wire.YearEnd
    closures: tuple[wire.Closure, ...] = ()

    def __post_init__(self) -> None:
        for problem in hours.contradictions(self):
            raise ValueError(problem)


class Limits(Table, frozen=True):
    """How long things live, in seconds."""

    nonce_s: Annotated[int, Meta(ge=10, le=3600)] = 300  # consent, card and PIN, with one more try
    visit_s: Annotated[int, Meta(ge=60, le=7200)] = 1800  # choosing without hurry, then payment


class Settings(Table, frozen=True):
    database: Path
    tls: Tls
    jpki: Jpki
    cities: Cities
    calendar: Calendar
    hotline: wire.Contact
    limits: Limits = Limits()
    development: bool = False


def load(path: Path) -> Settings:
    """Read backend.toml. Raises SettingsError naming the file and the place in it."""
    folder = path.resolve().parent

    def convert(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return folder / value
        raise NotImplementedError

    try:
        return msgspec.toml.decode(path.read_bytes(), type=Settings, dec_hook=convert)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from error
