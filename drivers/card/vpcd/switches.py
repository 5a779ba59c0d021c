"""The oddities of a card as switches of a command: each is named after, and makes, a field of ``Oddities``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from drivers.card.oddities import (
    LOCKED_WORDS,
    Certificate,
    MasterFile,
    Moment,
    Pull,
    Signature,
)
from drivers.card.software import CONTACTLESS_ATR

_MAX_ATR = 33

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _seconds(_context: click.Context, _option: click.Parameter, milliseconds: float) -> float:
    return milliseconds / 1000


def _word(_context: click.Context, _option: click.Parameter, word: str) -> int:
    return int(word, 16)


def _pull(_context: click.Context, _option: click.Parameter, value: str | None) -> Pull | None:
    if value is None:
        return None
    moment, _, command = value.partition(":")
    try:
        return Pull(int(command), Moment[moment.upper()])
    except (KeyError, ValueError) as error:
        raise click.BadParameter("say before:N, during:N or after:N, N from 1 on") from error


def _atr(_context: click.Context, _option: click.Parameter, value: str | None) -> bytes | None:
    if value is None or value == "contactless":
        return None if value is None else CONTACTLESS_ATR
    try:
        atr = bytes.fromhex(value)
    except ValueError as error:
        raise click.BadParameter("say “contactless”, or bytes in hexadecimal") from error
    if not 2 <= len(atr) <= _MAX_ATR:
        raise click.BadParameter(f"an answer to reset has 2 to {_MAX_ATR} bytes (ISO/IEC 7816-3)")
    return atr


_SWITCHES = (
    click.option(
        "--locked-word",
        type=click.Choice([f"{word:04X}" for word in LOCKED_WORDS], case_sensitive=False),
        default="6984",
        show_default=True,
        callback=_word,
        help="What a locked PIN answers; the try that locks it answers 63C0 in any case. OpenSC"
        " takes the others for a card that it does not know.",
    ),
    click.option("--no-pin", is_flag=True, help="A card that has none: every VERIFY answers 6A88."),
    click.option(
        "--certificate",
        type=click.Choice(Certificate, case_sensitive=False),
        default=Certificate.WHOLE,
        help="What the authentication certificate's file holds. [default: whole]",
    ),
    click.option(
        "--signature",
        type=click.Choice(Signature, case_sensitive=False),
        default=Signature.GOOD,
        help="What the card answers to the order to sign. [default: good]",
    ),
    click.option(
        "--master-file",
        type=click.Choice(MasterFile, case_sensitive=False),
        default=MasterFile.STAYS,
        help="Whether SELECT MF stays in the application, as observed, or leaves it. [default: stays]",
    ),
    click.option(
        "--short-ids/--no-short-ids",
        default=True,
        help="Whether files have short ids, too. [default: yes]",
    ),
    click.option(
        "--get-response", is_flag=True, help="Answers in parts, as over T=0 (61xx, 6Cxx)."
    ),
    click.option(
        "--fails-first", is_flag=True, help="6F00 to the first command after each power-up."
    ),
    click.option(
        "--atr",
        metavar="HEX",
        callback=_atr,
        help="Another answer to reset; “contactless” is known, too.",
    ),
    click.option(
        "--pull",
        metavar="MOMENT:N",
        callback=_pull,
        help="Pull the card before it hears its N-th command, during it, or after its answer.",
    ),
    click.option(
        "--silent-at",
        type=click.IntRange(1),
        metavar="N",
        help="No answer from the N-th command on.",
    ),
    click.option(
        "--delay",
        "apdu_delay_s",
        default=0,
        type=click.FloatRange(0),
        callback=_seconds,
        metavar="MS",
        help="How long each command takes.",
    ),
    click.option(
        "--sign-delay",
        "sign_delay_s",
        default=0,
        type=click.FloatRange(0),
        callback=_seconds,
        metavar="MS",
        help="How much longer one takes that signs.",
    ),
)


def odd_switches(command: _Command) -> _Command:
    """Give ``command`` the switches; it is called with the fields of ``Oddities`` by name."""
    for switch in reversed(_SWITCHES):
        command = switch(command)
    return command
