"""``madoguchi-backend``: prepare a development world, serve it, and try what a city says."""

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


_city = click.option("--city", "code", required=True, help="As in its folder's name.")
_cities = click.option(
    "--cities",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="The folder of the cities; without it the two fictional ones.",
)


def _known_year(
    _context: click.Context, _parameter: click.Parameter, moment: datetime | None
) -> datetime | None:
    if moment is not None and not 2020 <= moment.year <= 2100:
        raise click.BadParameter(f"{moment.year} is not a year from 2020 to 2100")
    return moment


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
    except BrokenPipeError:
        raise  # whoever reads has read enough
    except OSError as error:
        raise Unusable(
            f"{error.filename or directory}: {error.strerror or error}: "
            f"see that {directory} can be made and written to, and that the disk is not full"
        ) from error


@click.group()
def main() -> None:
    """The reference backend: an issuing centre and its cities, two fictional ones or your own."""


@main.command()
@_directory
@_offset
def init(directory: Path, clock_offset_s: int) -> None:
    """Make keys, databases and fictional cards, or bring existing ones up to today."""
    from backend.city_keys import provide_keys
    from backend.clock import Clock
    from backend.development import prepare

    with _spoken(directory):
        development = prepare(directory, Clock(timedelta(seconds=clock_offset_s)))
        made = provide_keys(development)
    for city in made:
        click.echo(f"made a key for {city}; terminals believe it by {development.trust_of(city)}")
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
@_city
@click.option("--persona", required=True, help="Whom it is about, as in cards/index.json.")
@click.option(
    "--at",
    "moment",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    callback=_known_year,
    help="The moment in Japan; now, if it is not given.",
)
@click.option("--site", help="Where the terminal stands, as the city's hours call it.")
@_cities
@click.option(
    "--dir",
    "directory",
    type=_DIRECTORY,
    help="A development world's registry and cities; without it fresh people of that day.",
)
def explain(
    code: str,
    persona: str,
    moment: datetime | None,
    site: str | None,
    cities: Path | None,
    directory: Path | None,
) -> None:
    """What a person may have, product by product: yes or no, from when, and by which rule.

    For staff: it names reasons that no screen, log or terminal ever does.
    """
    from backend.clock import JST, Clock
    from backend.sample_people.asking import asked, decisions, unknown_site

    now = moment.replace(tzinfo=JST) if moment is not None else Clock().now()
    with _spoken(directory or Path()):
        question = asked(code, persona, now, site=site, directory=directory, cities=cities)
        doubt = unknown_site(question)
        if doubt is not None:
            click.echo(f"{doubt}: what follows is as anywhere else", err=True)
        for line in decisions(question):
            click.echo(line)


@main.command()
@_city
@_cities
@click.option(
    "--to",
    "folder",
    type=_DIRECTORY,
    required=True,
    help="Where to put the pages; what has the same name there is replaced.",
)
def specimen(code: str, cities: Path | None, folder: Path) -> None:
    """Each certificate of a city about nobody, as PDF pages: to look at forms, names and stamps."""
    from backend.city.opening import SAMPLE, city_folder
    from backend.city.trying import pages
    from backend.clock import Clock

    with _spoken(folder):
        made = list(pages(city_folder(cities or SAMPLE, code), Clock().today()))
        folder.mkdir(parents=True, exist_ok=True)
        for name, page in made:
            path = folder / f"{name}.pdf"
            path.write_bytes(page)
            click.echo(path)


@main.command()
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The registry to make.",
)
@_city
@_cities
@click.option("--residents", type=click.IntRange(1, 10_000_000), default=100_000, show_default=True)
@click.option("--seed", default="1", show_default=True, help="Another seed, other people.")
def populate(path: Path, code: str, cities: Path | None, residents: int, seed: str) -> None:
    """Make a registry of fictional residents, as many as are wanted: for measuring and for trials."""
    from backend.city.configuration import load
    from backend.city.opening import SAMPLE, city_folder
    from backend.sample_people.crowd import fill
    from backend.sample_people.words import settle

    with _spoken(path.parent):
        city = load(city_folder(cities or SAMPLE, code) / "city.toml")
        settle(city.code, city.name)
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
