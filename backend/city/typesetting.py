"""Forms set by typst, one sheet at a time, each a PDF of exactly one page.

A sheet is compiled from its own data alone: nothing of another sheet, person or order is in the
process's reach while it is set, and a page cannot end up in another's set. A form that does not fit
says so (``overflow: …``) instead of spilling or shrinking beyond its stated limits.

A compiler keeps its fonts and the parsed form warm and must not be shared: every thread has its own.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec
import typst
from msgspec import Struct

from backend.city.glyphs import MAIN, SECOND

FORMS = Path(__file__).parent / "forms"
_PACKAGES = FORMS / "packages"
_OVERFLOW = "overflow: "


class FormOverflow(Exception):
    """A value is too long for its field even at the field's smallest size."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} does not fit its field of the form")
        self.field = field


class FormBroken(Exception):
    """The form itself does not compile, or did not make one page: ours to mend."""


def _place(error: typst.TypstError) -> str:
    """Where in which file, as far as typst tells: its diagnostic draws an arrow to it."""
    found = re.search(r"─ (\S*?)([^/\s]+\.typ:\d+:\d+)", error.diagnostic or "")
    return f" at {found[2]}" if found else ""


class Typesetter:
    """Sets sheets in the given fonts; usable from any thread. Raises FormBroken without them.

    ``own``: a city's folder of forms, each of which stands for the standard form of that name.
    """

    def __init__(self, fonts: Iterable[Path], own: Path | None = None) -> None:
        # Only these: neither the system's nor typst's own may step in for a missing glyph.
        self._fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[font.parent for font in fonts],
        )
        # Without its font a form compiles all the same, to rules without a letter.
        missing = {MAIN.family, SECOND.family} - set(self._fonts.families())
        if missing:
            raise FormBroken(f"no font of the family {', '.join(sorted(missing))} was loaded")
        self._own = own
        self._local = threading.local()

    def own_forms(self) -> frozenset[str]:
        """The forms that are the city's own, by name."""
        own = self._own.glob("*.typ") if self._own is not None else ()
        return frozenset(path.stem for path in own)

    def set(self, form: str, sheet: Struct) -> bytes:
        """One sheet as a one-page PDF. Raises FormOverflow or FormBroken."""
        pdf = self._compile(form, sheet, "pdf", measure=False)
        if not isinstance(pdf, bytes):
            raise FormBroken(f"{form}: not one PDF")
        return pdf

    def measure(self, form: str, sheet: Struct) -> list[float]:
        """Heights in mm: the room that a page has for flowing rows, then each of the sheet's rows.

        Raises FormOverflow or FormBroken.
        """
        self._compile(form, sheet, "svg", measure=True)
        try:
            found = json.loads(self._compiler(form).query("<heights>", field="value", one=True))
            return [float(height) for height in found]
        except (RuntimeError, TypeError, ValueError) as error:
            raise FormBroken(f"{form}: does not say its <heights> when it is measured") from error

    def _compile(
        self, form: str, sheet: Struct, kind: Literal["pdf", "svg"], *, measure: bool
    ) -> object:
        inputs = {"sheet": msgspec.json.encode(sheet).decode()}
        if measure:
            inputs["measure"] = "rows"
        try:
            return self._compiler(form).compile(format=kind, sys_inputs=inputs)
        except typst.TypstError as error:
            _, overflow, field = error.message.partition(_OVERFLOW)
            if overflow:
                raise FormOverflow(field) from error
            raise FormBroken(f"{form}: {error.message}{_place(error)}") from error

    def _compiler(self, form: str) -> typst.Compiler:
        compilers: dict[str, typst.Compiler] = self._local.__dict__.setdefault("compilers", {})
        if form not in compilers:
            path = self._path(form)
            compilers[form] = typst.Compiler(
                path,
                root=path.parent,
                font_paths=self._fonts,
                ignore_system_fonts=True,
                package_path=_PACKAGES,
            )
        return compilers[form]

    def _path(self, form: str) -> Path:
        own = self._own / f"{form}.typ" if self._own is not None else None
        return own if own is not None and own.is_file() else FORMS / f"{form}.typ"
