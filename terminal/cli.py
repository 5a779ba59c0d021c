"""The command ``madoguchi``. Every failure ends in one line that says what to do next."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import click

from terminal.version import VERSION

CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("/etc/madoguchi/terminal.toml"),
    show_default=True,
    help="The terminal's configuration file.",
)

DRAIN_LIMIT_S = 170  # within the service's TimeoutStopSec; printing may take two minutes


@click.group()
@click.version_option(VERSION)
def main() -> None:
    """Madoguchi, a self-service terminal for municipal certificates."""


@main.command()
@CONFIG
@click.option("--verbose", is_flag=True, help="Log details of devices and link.")
def run(config_path: Path, *, verbose: bool) -> None:
    """Serve people until told to stop (what systemd starts)."""
    from drivers.errors import DriverError
    from terminal.config import load
    from terminal.daemon import serve
    from terminal.errors import TerminalError
    from terminal.log import configure
    from terminal.panel.server import PanelError

    configure(verbose=verbose)
    try:
        config = load(config_path)
        asyncio.run(_until_stopped(lambda stopping: serve(config, stopping)))
    except (TerminalError, DriverError, PanelError) as error:
        raise SystemExit(_complain(error)) from error


@main.command()
@CONFIG
def check(config_path: Path) -> None:
    """Read the configuration and say whether a terminal could run with it."""
    from terminal.config import load
    from terminal.errors import TerminalError

    try:
        config = load(config_path)
    except TerminalError as error:
        raise SystemExit(_complain(error)) from error
    click.echo(f"{config_path}: in order; terminal “{config.name}” speaks to {config.link.url}")


async def _until_stopped(serve: Callable[[asyncio.Event], Coroutine[object, object, None]]) -> None:
    """Run until SIGTERM or SIGINT; a stop is a clean end. A second signal does not wait for people."""
    stopping = asyncio.Event()
    task = asyncio.create_task(serve(stopping))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            task.cancel()
        stopping.set()
        loop.call_later(DRAIN_LIMIT_S, task.cancel)

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop)
    try:
        await task
    except asyncio.CancelledError:
        return
    except BaseExceptionGroup as group:
        raise _innermost(group) from group


def _innermost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """A TaskGroup wraps what went wrong; people are told the thing itself."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _complain(error: BaseException) -> int:
    click.echo(f"madoguchi: {error}", err=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
