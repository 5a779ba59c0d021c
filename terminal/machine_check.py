"""What a configuration that is in order needs of this machine, and does not find there.

Everything is looked for by the code that ``run`` does it with; here it goes on after the first that fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from drivers.errors import DriverError
from terminal.config import Config
from terminal.config_check import needed_files
from terminal.daemon import read_city_keys, recordings_of, require_font
from terminal.devices import unusable
from terminal.errors import TerminalError
from terminal.link.identity import certificate_faults
from terminal.link.tls import client_context

CREDENTIALS = Path("/run/credentials")
"""Where systemd lays a service's secrets while it runs, and nobody else sees them."""


def comes_with_the_service(path: Path) -> bool:
    """Absent now, and made by systemd at the start: nothing is missing."""
    return path.is_relative_to(CREDENTIALS)


def shortcomings(config: Config) -> Iterator[str]:
    """Each with its place and what to do. Raises ConfigError where the configuration itself is wrong."""
    for place, path in needed_files(config):
        if not path.exists() and not comes_with_the_service(path):
            yield f"not on this machine yet: {place}: {path}"
    yield from unusable(config)
    yield from _link(config)
    yield from _voice(config)
    try:
        require_font()
    except TerminalError as error:
        yield str(error)


def _link(config: Config) -> Iterator[str]:
    link = config.link
    try:
        if link.ca.exists() and link.certificate.exists():
            yield from certificate_faults(link.ca, link.certificate, datetime.now(UTC))
            if link.key.exists():
                client_context(link.ca, link.certificate, link.key)
    except TerminalError as error:
        yield str(error)
    try:
        if link.city_keys.exists():
            read_city_keys(link.city_keys)
    except TerminalError as error:
        yield str(error)


def _voice(config: Config) -> Iterator[str]:
    try:
        recordings_of(config)
    except (TerminalError, DriverError) as error:
        yield str(error)
