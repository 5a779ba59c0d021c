"""The command ``madoguchi``. Every failure ends in one line that says what to do next."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from terminal.config import Config
    from terminal.doctor import Finding

from terminal.version import VERSION

CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("/etc/madoguchi/terminal.toml"),
    show_default=True,
    help="The terminal's configuration file.",
)

NOT_ON_THIS_MACHINE = 3
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
    """Say whether this terminal could run with the configuration, and what is missing here.

    Ends with 0 when all is in order, 2 when the configuration is wrong, and 3 when
    something is missing or wrong on this machine: one line each.
    """
    from terminal.config import load
    from terminal.errors import TerminalError
    from terminal.machine_check import shortcomings

    try:
        config = load(config_path)
        found = list(shortcomings(config))
    except TerminalError as error:
        raise SystemExit(_complain(error)) from error
    speaks = f"terminal “{config.name}” speaks to {config.link.url}"
    if not found:
        click.echo(f"{config_path}: in order; {speaks}")
        return
    click.echo(f"{config_path}: the file is in order; {speaks}")
    for each in found:
        click.echo(each)
    click.echo(
        f"{len(found)} missing or wrong on this machine: the terminal cannot run as configured"
    )
    raise SystemExit(NOT_ON_THIS_MACHINE)


@main.group()
def doctor() -> None:
    """Find out what works, with somebody at the terminal."""


@doctor.command()
@CONFIG
@click.option(
    "--record",
    "record_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("body.json"),
    show_default=True,
    help="Where what was found is written.",
)
def body(config_path: Path, record_path: Path) -> None:
    """Go past every light, sound, word, key and sensor; stop the service first."""
    from drivers.errors import DriverError
    from terminal.config import load
    from terminal.errors import TerminalError

    try:
        findings = asyncio.run(_examine(load(config_path), record_path))
    except (TerminalError, DriverError) as error:
        raise SystemExit(_complain(error)) from error
    bad = [finding for finding in findings if not finding.is_well]
    for finding in bad:
        click.echo(f"{finding.part} {finding.name}: {finding.outcome}")
    click.echo(f"{len(findings)} looked at, {len(bad)} not well; recorded in {record_path}")
    raise SystemExit(1 if bad else 0)


async def _examine(config: Config, record_path: Path) -> list[Finding]:
    from contextlib import AsyncExitStack

    from terminal.clock import Clock
    from terminal.daemon import recordings_of
    from terminal.devices import build_devices
    from terminal.doctor import Examination, record

    async def ask(question: str) -> str:
        answer: str = await asyncio.to_thread(click.prompt, question, default="n")
        return answer

    click.echo(
        "Every light, sound, word, key and sensor that the configuration has, one after the other.\n"
        "y: it is as the question says, n (or Enter): it is not, s: it cannot be tried here.\n"
        f"What is found goes to {record_path} after each answer; Ctrl-C ends it, unfinished."
    )

    devices = build_devices(config)
    findings: list[Finding] = []
    bodily = (devices.lights, devices.sounder, devices.keypad, devices.buttons, devices.sensors)
    async with AsyncExitStack() as stack:
        for device in (*bodily, devices.speaker, devices.display):
            if device is not None:
                await stack.enter_async_context(device)
        examination = Examination(devices, recordings_of(config), ask, click.echo)
        async for finding in examination.run():
            findings.append(finding)
            record(record_path, config.name, Clock().now(), findings, finished=False)
    record(record_path, config.name, Clock().now(), findings, finished=True)
    return findings


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


@main.command()
@CONFIG
@click.option(
    "--choose",
    type=click.Choice(["0", "1", "2", "3", "4"]),
    help="Do not print the chart again, only store this choice; 0: no ground.",
)
def calibrate(config_path: Path, choose: str | None) -> None:
    """Choose the ground that this printer prints best: print a chart, copy it, and say which field.

    The ground shows 複写 and 見本 on copies. Stop the service first. The choice is kept in state_dir and
    holds from the next document on.
    """
    from drivers.errors import DriverError
    from terminal import grounds
    from terminal.config import load
    from terminal.errors import TerminalError

    try:
        config = load(config_path)
        if choose is None:
            asyncio.run(_print_chart(config))
            click.echo(
                "Copy the sheet on the copiers that people use. In which field do the words stand out on the\n"
                "copies, and least on the sheet itself? 1 to 4; 0 if in none: then paper has no ground."
            )
            choose = click.prompt(
                "Field", type=click.Choice([grounds.NO_GROUND, *grounds.PAIR_NAMES])
            )
        grounds.choose(config.state_dir, choose)
    except (TerminalError, DriverError) as error:
        raise SystemExit(_complain(error)) from error
    except OSError as error:
        click.echo(f"{error.filename}: {error.strerror}", err=True)
        raise SystemExit(2) from error
    kind = "no ground" if choose == grounds.NO_GROUND else f"the ground of field {choose}"
    click.echo(f"documents have {kind} from now on; kept in {config.state_dir / grounds.CHOICE}")


async def _print_chart(config: Config) -> None:
    from terminal.calibrating import print_chart
    from terminal.devices import build_devices
    from terminal.receipt import find_font

    async with build_devices(config).document_printer as printer:
        await print_chart(printer, str(find_font()))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--keys",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The published keys, <city>/<key id>.pem, as in a terminal's [link] city_keys.",
)
def verify(files: tuple[Path, ...], folder: Path) -> None:
    """Say of scanned certificates, or of PDFs, what their seals say and whether all sheets are there.

    Needs no network. Ends with 0 when every seal verifies and every set is complete, 1 when not, and
    2 when a file or a key cannot be read.
    """
    from terminal.errors import TerminalError
    from terminal.seal.keys import PublishedKeys
    from terminal.seal.paper import pages
    from terminal.seal.report import COMPARE, examined
    from terminal.seal.scan import codes
    from terminal.strings.catalogue import catalogue

    words = catalogue("en")
    try:
        keys = PublishedKeys.load(folder)
        found = [
            (f"{path}, page {number}", codes(page))
            for path in files
            for number, page in enumerate(pages(path), 1)
        ]
    except TerminalError as error:
        raise SystemExit(_complain(error)) from error
    lines = list(examined(found, keys, lambda seal: words.words(f"product.{seal.kind.value}")))
    for line in lines:
        click.echo(line.words if line.holds else f"NOT IN ORDER  {line.words}")
    click.echo(COMPARE)
    if not all(line.holds for line in lines):
        raise SystemExit(1)


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
    sys.exit(main(prog_name=os.environ.get("MADOGUCHI", "madoguchi")))
