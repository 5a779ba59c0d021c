"""Forms set by typst, one sheet at a time, each a PDF of exactly one page.

A sheet is compiled from its own data alone: nothing of another sheet, person or order is in the
process's reach while it is set, and a page cannot end up in another's set. A form that does not fit
says so (``overflow: …``) instead of spilling or shrinking beyond its stated limits.

A compiler keeps its fonts and the parsed form warm (about 20 ms a sheet instead of 100) and must not
be shared: every thread has its own.
"""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import typst
from msgspec import Struct

FORMS = Path(__file__).parent / "forms"
_OVERFLOW = "overflow: "


class FormOverflow(Exception):
    """A value is too long for its field even at the field's smallest size."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} does not fit its field of the form")
        self.field = field


class FormBroken(Exception):
    """The form itself does not compile, or did not make one page: ours to mend."""


class Typesetter:
    """Sets sheets in the given font file's family; usable from any thread."""

    def __init__(self, font: Path) -> None:
        # Only this font: neither the system's nor typst's own may step in for a missing glyph.
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[font.parent]
        )
        self._local = threading.local()

    def set(self, form: str, sheet: Struct) -> bytes:
        """One sheet as a one-page PDF. Raises FormOverflow or FormBroken."""
        data = msgspec.json.encode(sheet).decode()
        try:
            pdf = self._compiler(form).compile(format="pdf", sys_inputs={"sheet": data})
        except typst.TypstError as error:
            _, overflow, field = error.message.partition(_OVERFLOW)
            if overflow:
                raise FormOverflow(field) from error
            raise FormBroken(f"{form}: {error.message}") from error
        if not isinstance(pdf, bytes):
            raise FormBroken(f"{form}: not one PDF")
        return pdf

    def _compiler(self, form: str) -> typst.Compiler:
        compilers: dict[str, typst.Compiler] = self._local.__dict__.setdefault("compilers", {})
        if form not in compilers:
            compilers[form] = typst.Compiler(
                FORMS / f"{form}.typ",
                root=FORMS,
                font_paths=self._fonts,
                ignore_system_fonts=True,
            )
        return compilers[form]
