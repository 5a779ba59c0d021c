"""The command that puts a virtual card into a pcscd: ``python -m drivers.card.vpcd --help``."""

from __future__ import annotations

import asyncio
import shlex
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import click

from drivers.card.apdu_log import ApduLog
from drivers.card.drawer import DEFAULT_DRAWER, Drawer, taken_out
from drivers.card.foreign import FOREIGN_KINDS, ForeignCard
from drivers.card.kinds import CardKind
from drivers.card.oddities import PLAIN, Oddities
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.software import SoftwareCard
from drivers.card.vpcd import DEFAULT_PORT, VpcdSlot
from drivers.card.vpcd.stay import ListenerFailed
from drivers.card.vpcd.switches import odd_switches
from drivers.errors import DeviceUnavailable

MUTE = "mute"
ALONE = {**{kind.value: kind for kind in CardKind if kind in FOREIGN_KINDS}, MUTE: None}
"""Kinds that need no persona."""

_HOW_TO_START = """\
Start the machine's own, with the packages pcscd and vsmartcard-vpcd installed: systemctl start pcscd
Or let this command start one for itself: add --pcscd"""


_Hand: TypeAlias = tuple[SoftwareCard | None, Oddities]  # a card of None is something mute


@click.command(
    epilog="Ctrl-C takes the card out. For fictional people only: card files hold keys and PINs."
)
@click.option("--persona", metavar="NAME", help="Whose card, of those in --cards.")
@click.option(
    "--cards",
    default=DEFAULT_DRAWER,
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The directory of the personas' cards; the demo makes this one.",
)
@click.option(
    "--card",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A card file anywhere, instead of --persona (drivers/card/cardfile.py).",
)
@click.option(
    "--kind",
    type=click.Choice([*(kind.value for kind in CardKind), MUTE]),
    help="With a persona: her card as if it were of this kind. Alone: a card that needs no persona"
    f" ({', '.join(ALONE)}; juki is one without certificates then).",
)
@click.option(
    "--tries",
    "tries_left",
    type=click.IntRange(0, 3),
    help="As if so many PIN tries were left, 0 being locked. Without it wrong PINs are counted in the"
    " card's file, as in life; with it, or with --kind, the file stays as it is.",
)
@click.option(
    "--beside",
    metavar="NAME",
    help="Another card in the next slot: a persona, or a kind that needs none. No oddity, no log.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The slot's TCP port.",
)
@click.option(
    "--pcscd", "own_pcscd", is_flag=True, help="Start a pcscd for this, and say how to reach it."
)
@click.option(
    "--log",
    type=click.File("w", lazy=False),
    metavar="FILE",
    help="A line for each command; “-” for here.",
)
@odd_switches
def main(
    persona: str | None,
    cards: Path,
    path: Path | None,
    kind: str | None,
    tries_left: int | None,
    beside: str | None,
    port: int,
    own_pcscd: bool,
    log: TextIO | None,
    **odd: Any,  # noqa: ANN401 - each has the type that its switch has made
) -> None:
    """Put a virtual card into a running pcscd, where any PC/SC program finds it.

    Without further switches it behaves as a My Number Card does, as far as that is known. Commands are
    counted from when the card was laid down, the first being 1. Times are milliseconds.

    \b
      python -m drivers.card.vpcd --persona NAME --pcscd
      python -m drivers.card.vpcd --persona NAME --tries 1 --log -
      python -m drivers.card.vpcd --persona NAME --pull during:14
      python -m drivers.card.vpcd --kind licence
    """  # noqa: D301 - click's mark for lines to keep
    drawer = Drawer(cards)
    try:
        hands = [(_chosen(drawer, persona, path, kind, tries_left), Oddities(**odd))]
        if beside is not None:
            hands.append((_named(drawer, beside), PLAIN))
        asyncio.run(_hold(hands, port, own_pcscd=own_pcscd, log=log))
    except DeviceUnavailable as error:
        advice = "" if own_pcscd else f"\n{_HOW_TO_START}"
        raise click.ClickException(f"{error}{advice}") from error
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _chosen(
    drawer: Drawer, persona: str | None, path: Path | None, kind: str | None, tries_left: int | None
) -> SoftwareCard | None:
    if persona is not None and path is not None:
        raise click.UsageError("name a --persona or a --card, not both")
    if persona is None and path is None:
        if kind is None:
            raise click.UsageError("say which card: --persona NAME, --card FILE or --kind KIND")
        if tries_left is not None:
            raise click.UsageError(
                f"a card of the kind {kind} without a --persona has no PIN to try"
            )
        return _named(drawer, kind)
    if kind == MUTE:
        raise click.UsageError("nobody's card is mute: leave the persona out, or use --silent-at 1")
    file = drawer.path(persona) if persona is not None else path
    assert file is not None
    return taken_out(file, None if kind is None else CardKind(kind), tries_left)


def _named(drawer: Drawer, name: str) -> SoftwareCard | None:
    """A card by one name: of a kind that needs no persona, or else a persona's."""
    if name in ALONE:
        kind = ALONE[name]
        return None if kind is None else ForeignCard(kind)
    if name in {kind.value for kind in CardKind}:
        raise click.UsageError(f"a card of the kind {name} is somebody's: name its --persona, too")
    return taken_out(drawer.path(name))


async def _hold(hands: list[_Hand], port: int, *, own_pcscd: bool, log: TextIO | None) -> None:
    """Cards in slots that follow each other, until Ctrl-C. The first one is odd and logged."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        if own_pcscd:
            pcscd = await stack.enter_async_context(PrivatePcscd())
            port = pcscd.ports[0]
            for name, value in pcscd.environment.items():
                click.echo(f"export {name}={shlex.quote(value)}")
        slots = [
            VpcdSlot(port + at, listener=ApduLog(log) if log is not None and at == 0 else None)
            for at in range(len(hands))
        ]
        for slot, (card, oddities) in zip(slots, hands, strict=True):
            await stack.enter_async_context(slot)
            await (slot.insert_mute() if card is None else slot.insert(card, oddities))
            click.echo(f"The card lies in the reader at port {slot.port}.")
        click.echo("Ctrl-C takes out whatever lies there.")
        telling = asyncio.create_task(_tell_when_pulled(slots[0], stop))
        await stop.wait()
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _tell_when_pulled(slot: VpcdSlot, stop: asyncio.Event) -> None:
    try:
        await slot.emptied()
    except ListenerFailed as error:
        stop.set()
        raise click.ClickException(
            f"the card is out: its log cannot be written: {error}"
        ) from error
    click.echo(f"The card has been pulled, at its command {slot.commands}.")


if __name__ == "__main__":
    main(prog_name="python -m drivers.card.vpcd")
