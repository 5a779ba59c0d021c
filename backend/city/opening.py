"""The cities of a directory: each folder's configuration, forms, key and view of the registry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from backend.city import configuration, signing
from backend.city.city import City
from backend.city.configuration import ConfigurationError
from backend.city.glyphs import Fonts, find_fonts
from backend.city.registry.snapshot import Registry
from backend.city.trying import try_forms
from backend.city.typesetting import Typesetter

SAMPLE = Path(__file__).with_name("sample")
"""Two fictional cities."""


def city_folder(directory: Path, code: str) -> Path:
    """The folder of one city. Raises ConfigurationError, which lists those that there are."""
    if not (directory / code / "city.toml").is_file():
        known = ", ".join(sorted(path.parent.name for path in directory.glob("*/city.toml")))
        raise ConfigurationError(
            f"{directory}: there is no city {code!r}; there are {known or 'none'}"
        )
    return directory / code


def load_cities(
    directory: Path,
    *,
    registry: Path,
    keys: Path,
    fonts: Callable[[], Fonts] = find_fonts,
    today: date | None = None,
) -> dict[str, City]:
    """Every city of a directory (DIR/<code>/city.toml), with its key in KEYS/<code>.pem.

    With ``today``, each must be able to issue on that day. Raises ConfigurationError, or FontMissing when the forms cannot be set on this machine.
    """
    found = fonts()
    cities: dict[str, City] = {}
    for path in sorted(directory.glob("*/city.toml")):
        city = configuration.load(path)
        if city.code != path.parent.name:
            raise ConfigurationError(
                f"{path}: code: {city.code!r} is not the name of its folder, {path.parent.name!r}"
            )
        for problem in configuration.missing_on(city, today) if today is not None else ():
            raise ConfigurationError(f"{path}: {problem}")
        key = signing.CityKey.load(keys / f"{city.code}.pem")
        typesetter = Typesetter(found, path.parent / "forms")
        try_forms(city, typesetter)
        cities[city.code] = City(city, Registry(registry), key, typesetter, found)
    if not cities:
        raise ConfigurationError(f"{directory}: no folder with a city.toml in it")
    return cities
