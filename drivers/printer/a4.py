"""The one size of paper (R29), in the names and dots that printers use."""

from __future__ import annotations

from drivers.printer import PageFormat

A4 = "iso_a4_210x297mm"
SHEET_BACKS = ("normal", "flipped", "rotated", "manual-tumble")


def a4(dpi: int, *, duplex: bool = False, sheet_back: str = "normal") -> PageFormat:
    """A4 at ``dpi``; the width is cut to whole bytes, as RIPs do (4960 x 7016 at 600)."""
    width = round(210 / 25.4 * dpi) // 8 * 8
    return PageFormat(dpi, width, round(297 / 25.4 * dpi), duplex, sheet_back)
