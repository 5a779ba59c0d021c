"""``madoguchi-backend``: prepare a development world, serve it, revoke a card in it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import ssl

    from backend.centre.centre import Centre

# The rest is imported inside the commands: help and mistakes in typing answer at once.

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_directory = click.option(
    "--dir", "directory", type=_DIRECTORY, required=True, help="Where the development world is."
)
_offset = click.option(
    "--clock-offset-s", default=0, show_default=True, help="Shift the backend's clock, in seconds."
)


class Unusable(click.ClickException):
    """Something outside this program must be put right first."""

    exit_code = 2


@click.group()
def main() -> None:
    """The reference backend: an issuing centre and two sample cities."""


@main.command()
@_directory
@_offset
def init(directory: Path, clock_offset_s: int) -> None:
    """Make keys, databases and fictional cards, or bring existing ones up to today."""
    from backend.clock import Clock
    from backend.development import DevelopmentError, prepare

    try:
        prepare(directory, Clock(timedelta(seconds=clock_offset_s)))
    except (DevelopmentError, OSError) as error:
        raise Unusable(str(error)) from error


@main.command()
@_directory
@click.option("--persona", required=True, help="Whose certificate, as in cards/index.json.")
@click.option("--suspend", is_flag=True, help="A lost card: suspended, not revoked.")
def revoke(directory: Path, persona: str, *, suspend: bool) -> None:
    """Put a persona's certificate on the revocation list; a running backend notices."""
    from backend.development import Development, DevelopmentError
    from backend.development import revoke as revoke_card

    try:
        revoke_card(Development(directory), persona, suspend=suspend)
    except (DevelopmentError, OSError) as error:
        raise Unusable(str(error)) from error


@main.command()
@_directory
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="0 takes a free one.")
@_offset
def serve(directory: Path, host: str, port: int, clock_offset_s: int) -> None:
    """Serve until SIGTERM or Ctrl-C; prints one line when ready."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    from backend.app import AddressUnavailable, opened, server_context
    from backend.centre.settings import SettingsError, load
    from backend.city.city import ConfigurationError
    from backend.city.glyphs import FontMissing
    from backend.clock import Clock
    from backend.development import Development, DevelopmentError, refresh
    from backend.storage.database import StorageError

    development = Development(directory)
    clock = Clock(timedelta(seconds=clock_offset_s))
    if not development.settings.is_file():
        raise Unusable(f"{directory} is not prepared: run madoguchi-backend init --dir {directory}")
    try:
        settings = load(development.settings)
        if settings.development:
            refresh(development, clock)
        context = server_context(settings.tls)
        with opened(settings, clock) as centre:
            asyncio.run(_serve(centre, context, host, port))
    except (
        AddressUnavailable,
        ConfigurationError,
        DevelopmentError,
        FontMissing,
        OSError,
        SettingsError,
        StorageError,
    ) as error:
        raise Unusable(str(error)) from error


async def _serve(centre: Centre, context: ssl.SSLContext, host: str, port: int) -> None:
    from backend.app import listening

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with listening(centre, context, host, port) as bound:
        click.echo(f"listening on https://{host}:{bound}")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
