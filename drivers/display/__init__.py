"""A small text display of some lines: OLED, or a till's customer display."""

from __future__ import annotations

import abc

from drivers.device import Device
from drivers.display.cells import cells


class Display(Device):
    """Publishes StateChanged. ``columns`` counts half-width cells: a kanji takes two."""

    columns: int
    rows: int

    @abc.abstractmethod
    def can_show(self, text: str) -> bool:
        """Has the display every character of this text? Nothing is ever substituted in silence."""

    @abc.abstractmethod
    async def show(self, lines: tuple[str, ...]) -> None:
        """Replace everything; missing lines are blank. Returns once it is on the display.

        What is longer than ``columns`` cells, or more than ``rows`` lines, is a mistake: ValueError.
        Raises DeviceUnavailable while closed, HardwareFault when the display does not answer.
        """


def checked(lines: tuple[str, ...], display: Display) -> tuple[str, ...]:
    """The lines, filled up with blank ones. Raises ValueError for what does not fit."""
    if len(lines) > display.rows or any(cells(line) > display.columns for line in lines):
        raise ValueError(f"{display.name} has {display.rows} lines of {display.columns} cells")
    return lines + ("",) * (display.rows - len(lines))
