"""``./run bench [GROUP…] [--json]``: measures, compares with the goals, and says on what machine.

A group is the first part of a name (``card``, ``start``, ``visit``). Nothing is read from a file: each
figure is measured in this run, several times, and its median is told. Some have no goal: what others come
from, or are compared with.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from terminal.version import VERSION
from tests.bench import attention, card, escpos, forms, idle, page, start, visit


@dataclass(frozen=True)
class Figure:
    """``ok``: at most the goal (or at least, where more is better), if there is one."""

    value: float
    unit: str
    goal: float | None
    ok: bool
    at_least: bool = False


GOALS: dict[str, tuple[str, float | None]] = {
    "attention.light_p50_ms": ("ms", None),
    "attention.light_p99_ms": ("ms", 50),
    "card.apdus": ("", 16),
    "card.wall_ratio_opensc": ("", 0.35),
    "card.overhead_ms": ("ms", 3),
    "card.line_ms": ("ms", None),
    "card.above_card_ms": ("ms", None),
    "card.bare_wall_ms": ("ms", None),
    "card.bytes": ("", None),
    "card.wall_ms": ("ms", None),
    "card.opensc_apdus": ("", None),
    "card.opensc_bytes": ("", None),
    "card.opensc_wall_ms": ("ms", None),
    "card.opensc_default_apdus": ("", None),
    "card.opensc_default_bytes": ("", None),
    "card.opensc_default_wall_ms": ("ms", None),
    "escpos.receipt_bytes_ratio": ("", 0.7),
    "escpos.peer_receipt_kb": ("kB", None),
    "forms.per_second_core": ("/s", 25),
    "forms.ratio_fastest_peer": ("", 3),
    "forms.weasyprint_per_second": ("/s", None),
    "forms.reportlab_per_second": ("/s", None),
    "forms.bulk_100000_s": ("s", 60),
    "idle.cpu_percent": ("%", 0.5),
    "idle.ratio_peer": ("", 0.5),
    "idle.wakeups": ("/s", None),
    "idle.wakeups_ratio_peer": ("", 0.5),
    "idle.peer_cpu_percent": ("%", None),
    "idle.peer_wakeups": ("/s", None),
    "idle.bare_peer_cpu_percent": ("%", None),
    "idle.bare_peer_wakeups": ("/s", None),
    "page.ms": ("ms", 80),
    "page.poppler_ms": ("ms", None),
    "page.ghostscript_ms": ("ms", None),
    "page.cups_filters_ms": ("ms", None),
    "page.ratio_fastest_peer": ("", None),
    "page.peak_mb": ("MB", 120),
    "page.first_byte_ms": ("ms", 150),
    "page.loop_lag_p99_ms": ("ms", 10),
    "start.ready_s": ("s", 0.6),
    "start.rss_mb": ("MB", 70),
    "visit.software_s": ("s", 1.5),
    "visit.paid_to_first_byte_ms": ("ms", 150),
}
AT_LEAST = {"forms.per_second_core", "forms.ratio_fastest_peer"}
"""Figures of which more is better; all others are at most their goal."""
GROUPS: dict[str, Callable[[], Awaitable[dict[str, float]]]] = {
    "attention": attention.measure,
    "card": card.measure,
    "escpos": escpos.measure,
    "forms": forms.measure,
    "idle": idle.measure,
    "page": page.measure,
    "start": start.measure,
    "visit": visit.measure,
}


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(sorted(GROUPS)))
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
def main(groups: tuple[str, ...], *, as_json: bool) -> None:
    """Measure GROUPS (all when none is named)."""
    values: dict[str, float] = {}
    for group in groups or tuple(GROUPS):
        if not as_json:
            click.echo(f"measuring {group} …", err=True)
        values |= asyncio.run(_measured(GROUPS[group]))
    figures = {name: _figure(name, value) for name, value in values.items()}
    if as_json:
        click.echo(json.dumps({name: asdict(figure) for name, figure in figures.items()}))
    else:
        _print(figures)
    sys.exit(0 if all(figure.ok for figure in figures.values()) else 1)


async def _measured(group: Callable[[], Awaitable[dict[str, float]]]) -> dict[str, float]:
    return await group()


def _figure(name: str, value: float) -> Figure:
    unit, goal = GOALS[name]
    at_least = name in AT_LEAST
    reached = goal is None or (value >= goal if at_least else value <= goal)
    return Figure(round(value, 3), unit, goal, reached, at_least)


def _print(figures: dict[str, Figure]) -> None:
    python = f"Python {platform.python_version()}"
    print(
        f"Madoguchi {VERSION}, {python}, {platform.machine()}, {_processor()}, {os.cpu_count()} cores"
    )
    for name, figure in figures.items():
        print(f"{name:30} {figure.value:10.3f} {figure.unit:3} {_judged(figure)}".rstrip())


def _judged(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    sign = "≥" if figure.at_least else "≤"
    return f"goal {sign} {figure.goal:g}  {'ok' if figure.ok else 'MISSED'}"


def _processor() -> str:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


if __name__ == "__main__":
    main()
