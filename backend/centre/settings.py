"""The backend's configuration: one TOML file, closed structs, paths relative to the file."""

from __future__ import annotations

import re
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, structs

from backend.city.opening import SAMPLE
from backend.errors import OperatorError
from backend.hours import Closure, Limit, contradictions
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


class World(Enum):
    """Cards of one world are worth nothing in the other."""

    TEST = "test"
    PRODUCTION = "production"


class Jpki(Table, frozen=True):
    """The pinned roots of one JPKI, and who says what has become of its cards (centre/jpki.py)."""

    world: World
    roots: Annotated[tuple[Path, ...], Meta(min_length=1)]
    revocation_lists: Annotated[tuple[Path, ...], Meta(min_length=1)]
    ocsp: str | None = None
    # How old a list or an answer may be (I-9); a day, for lists that come out daily.
    statement_age_s: Annotated[int, Meta(ge=60, le=2_678_400)] = 86_400
    # With a responder that is silent, how old a list may be that lets people in by itself: 0 for none may.
    # Whoever can cut the line to the responder would otherwise undo the stop of a lost card (R69).
    list_alone_age_s: Annotated[int, Meta(ge=0, le=2_678_400)] = 0

    def __post_init__(self) -> None:
        if self.ocsp is not None and not _is_plain_http(self.ocsp):
            raise ValueError(
                "ocsp: not an address such as http://ocsp.example/path: give no user, query or "
                "fragment; it is not https, because each answer carries its own signature"
            )


def _is_plain_http(url: str) -> bool:
    try:
        address = urlsplit(url)
        return (
            url == address.geturl()
            and address.scheme == "http"
            and bool(address.hostname and address.hostname.encode("idna"))
            and address.port != 0
            and address.username is None
            and not (address.query or address.fragment)
            and re.fullmatch(r"[!-~]*", address.path) is not None
        )
    except ValueError:
        return False


class Cities(Table, frozen=True):
    """The cities' registry, the folder of their keys, and that of their data (docs/city.md)."""

    residents: Path
    keys: Path
    folder: Path = SAMPLE


class Calendar(Table, frozen=True):
    """The centre's own hours; a city's may be shorter and are the city's to enforce (R71)."""

    hours: wire.DailyHours
    year_end: wire.YearEnd
    closures: tuple[Closure, ...] = ()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """None: shorter hours are the cities' business."""
        return ()

    @property
    def holidays(self) -> frozenset[date]:
        return frozenset()

    def __post_init__(self) -> None:
        for problem in contradictions(self):
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

    def __post_init__(self) -> None:
        if self.development and self.jpki.world is not World.TEST:
            raise ValueError(
                'development = true needs [jpki] world = "test": nothing real is developed with'
            )

    def asking(self, ocsp: str) -> Settings:
        """The same, with this responder to ask."""
        return structs.replace(self, jpki=structs.replace(self.jpki, ocsp=ocsp))


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
