"""``./run demo``: the whole service on this machine, for hands or by itself."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from drivers.errors import DriverError
from terminal.clock import JST
from terminal.demo.backend_process import BackendFailed
from terminal.demo.stage import Play, Stage, set_stage
from terminal.demo.visitor import CardFailed, Took, VisitFailed, Visitor
from terminal.errors import TerminalError
from terminal.log import configure
from terminal.panel.server import PanelError
from terminal.visit.states import State

FAILURES = (TerminalError, DriverError, PanelError, BackendFailed, VisitFailed, TimeoutError)

_ADVICE: dict[type[BaseException], str] = {
    PanelError: "; here: --port",
    CardFailed: "\n--persona takes another card; where .madoguchi (or what --dir names) is removed, everybody's"
    " card is as it was",
    VisitFailed: "\n--persona takes somebody else's card",
}
INTERRUPTED, TERMINATED = 130, 143  # as shells say it


@click.command()
@click.option("--auto", is_flag=True, help="Make one visit without a browser, narrate it and end.")
@click.option(
    "--rig",
    type=click.Choice(["simulated", "virtual"]),
    default="simulated",
    show_default=True,
    help="virtual: a real pcscd, a real IPP server and a serial line.",
)
@click.option("--persona", help="Whose card to use with --auto (default: the first in the drawer).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Where the page is served; 0 takes any free port.",
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".madoguchi/demo"),
    show_default=True,
    help="Where the small world is kept and, with --auto, what was printed.",
)
@click.option("--verbose", is_flag=True, help="Show the log.")
def main(
    *, auto: bool, rig: str, persona: str | None, port: int, directory: Path, verbose: bool
) -> None:
    """Madoguchi on this machine: backend, terminal and devices in one process tree."""
    if persona is not None and not auto:
        raise click.UsageError(
            "--persona is for --auto; without it, the page has everybody's card in its dock"
        )
    configure(verbose=verbose, level=_level(verbose=verbose))
    play = Play(directory.absolute(), rig=rig, port=port)
    try:
        asyncio.run(_by_itself(play, persona) if auto else _for_hands(play))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except asyncio.CancelledError:
        raise SystemExit(TERMINATED) from None
    except BaseExceptionGroup as group:
        raise SystemExit(_complain(group)) from group
    except FAILURES as error:
        raise SystemExit(_complain(error)) from error


def _level(*, verbose: bool) -> int:
    """Quiet but for what is broken: a person is looking at the page."""
    import logging

    return logging.INFO if verbose else logging.ERROR


def _complain(error: BaseException) -> int:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, FAILURES):
        raise error
    advice = _ADVICE.get(type(error), "")
    click.echo(f"demo: {str(error) or type(error).__name__}{advice}", err=True)
    return 2


async def _for_hands(play: Play) -> None:
    """Print the address and serve until interrupted."""
    assert play.port is not None, "hands need a page"
    _require_free(play.port)
    stopped = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signum, stopped.set)
    async with set_stage(play) as stage:
        if stage.clock_offset_s:
            click.echo(
                f"The service is closed in Japan now: the demo's clock says {_clock(stage)}."
            )
        click.echo(f"{stage.page_url}demo")
        running = asyncio.create_task(stage.terminal.run())
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await _ended(running)


async def _by_itself(play: Play, persona: str | None) -> None:
    """One visit, a line a step; ends by naming what was printed."""
    narrator = Narrator()
    visitor: Visitor | None = None
    whole = asyncio.current_task()
    assert whole is not None, "this runs as a task"
    for signum in (signal.SIGTERM, signal.SIGHUP):  # what was started must not go on alone
        asyncio.get_running_loop().add_signal_handler(signum, whole.cancel)

    def watch(state: State) -> None:
        if visitor is not None:
            visitor.watch(state)

    narrator.say("setting the stage")
    play = replace(play, port=None, seconds_per_sheet=0, watch=watch)
    async with set_stage(play) as stage:
        if stage.clock_offset_s:
            narrator.say(f"the service is closed in Japan now; the clock says {_clock(stage)}")
        card = _card(stage, persona)
        visitor = Visitor(stage.rig, card["persona"], card["pin"], narrator.say)
        running = asyncio.create_task(stage.terminal.run())
        visiting = asyncio.create_task(visitor.make_visit())
        try:
            await asyncio.wait({running, visiting}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            took = await visiting
            await stage.terminal.settled()
        finally:
            visiting.cancel()
            await _ended(running)
    for path in _keep(took, play.directory / "paper", stage.terminal.clock.now()):
        click.echo(path)


class NoSuchCard(VisitFailed):
    """The visit did not begin: nobody is called so."""


def _card(stage: Stage, persona: str | None) -> dict[str, str]:
    cards = stage.rig.personas()
    if persona is None:
        return cards[0]
    chosen = next((card for card in cards if card["persona"] == persona), None)
    if chosen is None:
        names = ", ".join(card["persona"] for card in cards if card["pin"])
        raise NoSuchCard(f"there is no card of “{persona}”; there are {names}")
    return chosen


def _clock(stage: Stage) -> str:
    return stage.terminal.clock.now().strftime("%Y-%m-%d %H:%M")


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


def _require_free(port: int) -> None:
    """Raises PanelError before anything is made, where the page could not be served in the end."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise PanelError(f"port {port} of 127.0.0.1: {error.strerror}: name another") from error


def _keep(took: Took, folder: Path, now: datetime) -> list[Path]:
    """What the person took home, as files: the terminal itself keeps nothing (R61)."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = _unused(folder, now.astimezone(JST).strftime("%Y%m%d-%H%M%S"))
    paths: list[Path] = []
    for number, sheet in enumerate(took.sheets, start=1):
        paths.append(folder / f"{stamp}-sheet-{number}.png")
        sheet.save(paths[-1], dpi=(600, 600))
    if took.receipt is not None:
        paths.append(folder / f"{stamp}-receipt.png")
        took.receipt.save(paths[-1])
    return paths


def _unused(folder: Path, stamp: str) -> str:
    """The demo's clock may show one second many times; nothing that was kept is lost by that."""
    names = (stamp, *(f"{stamp}-{again}" for again in range(2, 1000)))
    return next(name for name in names if not list(folder.glob(f"{name}-*.png")))


class Narrator:
    """One line a step, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, what: str) -> None:
        click.echo(f"{time.monotonic() - self._start:7.2f} s  {what}")


if __name__ == "__main__":
    sys.exit(main(prog_name="./run demo"))
