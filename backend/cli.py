"""``madoguchi-backend``: prepare a development world, serve it, revoke a card in it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backend.errors import COMMAND, OperatorError

if TYPE_CHECKING:
    import ssl

    from backend.centre.settings import Settings
    from backend.clock import Clock
    from backend.development import Development

# The rest is imported inside the commands: help and mistakes in typing answer at once.

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_directory = click.option(
    "--dir", "directory", type=_DIRECTORY, required=True, help="Where the development world is."
)
_offset = click.option(
    "--clock-offset-s",
    # Beyond it, the dates of what is made here are none that a certificate can carry.
    type=click.IntRange(-630_000_000, 630_000_000),
    default=0,
    help="Shift the backend's clock, in seconds; at most 20 years.",
)


class Unusable(click.ClickException):
    """Something outside this program must be put right first."""

    exit_code = 2


@contextmanager
def _spoken(directory: Path) -> Generator[None]:
    """What an operator can put right ends the command with one line instead of a trace."""
    try:
        yield
    except OperatorError as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        raise Unusable(
            f"{error.filename or directory}: {error.strerror or error}: "
            f"see that {directory} can be made and written to, and that the disk is not full"
        ) from error


@click.group()
def main() -> None:
    """The reference backend: an issuing centre and two sample cities."""


@main.command()
@_directory
@_offset
def init(directory: Path, clock_offset_s: int) -> None:
    """Make keys, databases and fictional cards, or bring existing ones up to today."""
    from backend.clock import Clock
    from backend.development import prepare

    with _spoken(directory):
        prepare(directory, Clock(timedelta(seconds=clock_offset_s)))
    click.echo(f"{directory} is ready: {COMMAND} serve --dir {directory} starts the backend")


@main.command()
@_directory
@click.option("--persona", required=True, help="Whose certificate, as in cards/index.json.")
@click.option("--suspend", is_flag=True, help="A lost card: suspended, not revoked.")
def revoke(directory: Path, persona: str, *, suspend: bool) -> None:
    """Withdraw a persona's certificate, by list and responder; a running backend notices."""
    from backend.development import Development
    from backend.development import revoke as revoke_card

    with _spoken(directory):
        revoke_card(Development(directory), persona, suspend=suspend)
    click.echo(
        f"the certificate of {persona} is {'suspended' if suspend else 'revoked'} from now on"
    )


@main.command()
@click.option("--city", "code", required=True, help="As in its folder's name.")
@click.option("--persona", required=True, help="Whom it is about, as in cards/index.json.")
@click.option(
    "--at",
    "moment",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="The moment in Japan; now, if it is not given.",
)
@click.option("--site", help="Where the terminal stands, as the city's hours call it.")
@click.option(
    "--dir",
    "directory",
    type=_DIRECTORY,
    help="A development world's registry; fresh people of that day without it.",
)
def explain(
    code: str, persona: str, moment: datetime | None, site: str | None, directory: Path | None
) -> None:
    """What a person may have, product by product: yes or no, from when, and by which rule.

    For staff: it names reasons that no screen, log or terminal ever does.
    """
    from backend.clock import JST, Clock
    from backend.sample_people.asking import decisions

    now = moment.replace(tzinfo=JST) if moment is not None else Clock().now()
    with _spoken(directory or Path()):
        for line in decisions(code, persona, now, site=site, directory=directory):
            click.echo(line)


@main.command()
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The registry to make.",
)
@click.option("--city", "code", required=True, help="As in its folder's name.")
@click.option("--residents", type=click.IntRange(1, 10_000_000), default=100_000, show_default=True)
@click.option("--seed", default="1", show_default=True, help="Another seed, other people.")
def populate(path: Path, code: str, residents: int, seed: str) -> None:
    """Make a registry of fictional residents, as many as are wanted: for measuring and for trials."""
    from backend.sample_people.crowd import fill

    with _spoken(path.parent):
        made = fill(path, code, residents, seed)
    click.echo(f"{path} holds {made} fictional residents of {code}")


@main.command()
@_directory
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="0 takes a free one.",
)
@_offset
def serve(directory: Path, host: str, port: int, clock_offset_s: int) -> None:
    """Serve until SIGTERM or Ctrl-C; prints one line when ready."""
    from backend import log
    from backend.app import server_context
    from backend.centre.settings import load
    from backend.clock import Clock
    from backend.development import Development, refresh

    log.start()
    development = Development(directory)
    clock = Clock(timedelta(seconds=clock_offset_s))
    if not development.settings.is_file():
        raise Unusable(f"{directory} is not prepared: run {COMMAND} init --dir {directory}")
    with _spoken(directory):
        development.refuse_older()
        settings = load(development.settings)
        if settings.development:
            refresh(development, clock)
        context = server_context(settings.tls)
        asyncio.run(_serve(development, settings, clock, context, host, port))


async def _serve(
    development: Development,
    settings: Settings,
    clock: Clock,
    context: ssl.SSLContext,
    host: str,
    port: int,
) -> None:
    from backend.app import listening, opened

    async with AsyncExitStack() as stack:
        if settings.development and settings.jpki.ocsp is None:
            from backend.sample_jpki.responder import responding

            address = await stack.enter_async_context(responding(development, clock))
            settings = settings.asking(address)
        centre = stack.enter_context(opened(settings, clock))
        bound = await stack.enter_async_context(listening(centre, context, host, port))
        await _until_told(f"listening on https://{host}:{bound}")


async def _until_told(ready: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    click.echo(ready)
    sys.stdout.flush()
    await stop.wait()


if __name__ == "__main__":
    main(prog_name=COMMAND)
