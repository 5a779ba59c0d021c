"""Forms set by typst, one sheet at a time, each a PDF of exactly one page.

A sheet is compiled from its own data alone: nothing of another sheet, person or order is in the
process's reach while it is set, and a page cannot end up in another's set. A form that does not fit
says so (``overflow: …``) instead of spilling or shrinking beyond its stated limits.

A compiler keeps its fonts and the parsed form warm and must not be shared: every thread has its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import typst
from msgspec import Struct

from backend.city.configuration import Stamp
from backend.city.glyphs import MAIN, SECOND, Fonts

FORMS = Path(__file__).parent / "forms"
_PACKAGES = FORMS / "packages"
_ONE_PAGE = b"/Type/Pages/Count 1/"
_OVERFLOW = "overflow: "
_FOREIGN_PACKAGE = re.compile(r"@(?!madoguchi/)[\w-]+/[\w-]+:[\d.]+")

S = TypeVar("S", bound=Struct)


class SealPicture(Struct, frozen=True):
    """A page's seal as it is drawn: a PNG of one dot a module, as the numbers of its bytes."""

    modules: int
    picture: list[int]


class Frame(Struct, frozen=True, kw_only=True):
    """What every sheet of every form carries. ``second``: names set in the second font.

    ``seal`` is None until the content stands.
    """

    city: str
    mayor: str
    stamp: Stamp
    statement: str
    serial: str
    issue_date: str
    page: int
    pages: int
    second: tuple[str, ...]
    seal: SealPicture | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.page}/{self.pages})"


class Heights(Struct, frozen=True):
    """What a form says of its flowing rows, in mm: a page's room for them, each of the sheet's rows,
    and the least that stands ``below`` the last one."""

    room: float
    below: float
    rows: tuple[float, ...]


class Titled(Struct, frozen=True):
    """What a sheet says it is: its title, and what follows the title in smaller letters."""

    title: str
    suffix: str


class FormOverflow(Exception):
    """A value is too long for its field even at the field's smallest size."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} does not fit its field of the form")
        self.field = field


class NotDrawn(Exception):
    """A character that neither font draws as it is written. Its text shows nothing of it."""

    def __init__(self, character: str) -> None:
        super().__init__("a character cannot be drawn as it is written")
        self.character = character


class FormBroken(Exception):
    """The form itself does not compile, or did not make one page: ours to mend."""


def texts_of(value: object) -> Iterator[str]:
    """Every text in a sheet, however deep: whatever can be set at all."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from texts_of(one)


def _place(error: typst.TypstError) -> str:
    """Where in which file, as far as typst tells: its diagnostic draws an arrow to it."""
    found = re.search(r"─ (\S*?)([^/\s]+\.typ:\d+:\d+)", error.diagnostic or "")
    return f" at {found[2]}" if found else ""


class Typesetter:
    """Sets sheets in the given fonts; usable from any thread. Raises FormBroken without them.

    ``own``: a city's folder of forms, each of which stands for the standard form of that name.
    """

    def __init__(self, fonts: Fonts, own: Path | None = None) -> None:
        self._coverage = fonts
        # Only these: neither the system's nor typst's own may step in for a missing glyph.
        self._fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[font.parent for font in fonts.paths],
        )
        # Without its font a form compiles all the same, to rules without a letter.
        missing = {MAIN.family, SECOND.family} - set(self._fonts.families())
        if missing:
            raise FormBroken(f"no font of the family {', '.join(sorted(missing))} was loaded")
        self._own = own
        self._local = threading.local()

    def own_forms(self) -> frozenset[str]:
        """The forms that are the city's own, by name: what another of them imports is none.

        Raises FormBroken for one that wants a package of somewhere else, which would be fetched.
        """
        paths = list(self._own.glob("*.typ")) if self._own is not None else []
        texts = {path.stem: path.read_text("utf-8", errors="replace") for path in paths}
        for name, text in texts.items():
            foreign = _FOREIGN_PACKAGE.search(text)
            if foreign:
                raise FormBroken(
                    f"{name}: imports {foreign[0]}: only packages of @madoguchi are at hand, and "
                    "nothing is fetched: put a copy beside the form"
                )
        whole = "".join(texts.values())
        return frozenset(name for name in texts if f"{name}.typ" not in whole)

    def set(self, form: str, sheet: Frame) -> bytes:
        """One sheet as a one-page PDF. Raises NotDrawn, FormOverflow or FormBroken."""
        missing = self._coverage.not_drawn(texts_of(sheet), sheet.second)
        if missing is not None:
            raise NotDrawn(missing)
        pdf = self._compile(form, sheet, "pdf", measure=False)
        # Asked in the form itself, it would be laid out twice.
        if not isinstance(pdf, bytes) or _ONE_PAGE not in pdf:
            raise FormBroken(f"{form}: the sheet is longer than its page")
        return pdf

    def measure(self, form: str, sheet: Frame) -> Heights:
        """How high the sheet's rows are. Raises FormOverflow or FormBroken."""
        self._compile(form, sheet, "svg", measure=True)
        return self._said(form, "heights", Heights)

    def frame(self, form: str, sheet: Frame) -> Titled:
        """What a sheet says it is, by its frame. Raises FormOverflow or FormBroken."""
        self._compile(form, sheet, "svg", measure=False)
        return self._said(form, "frame", Titled)

    def _said(self, form: str, label: str, kind: type[S]) -> S:
        """What the sheet that was compiled last says of itself, under ``label``, once."""
        try:
            found = self._compiler(form).query(f"<{label}>", field="value", one=True)
            return msgspec.json.decode(found, type=kind)
        except (RuntimeError, msgspec.DecodeError) as error:
            raise FormBroken(f"{form}: does not say its <{label}>") from error

    def _compile(
        self, form: str, sheet: Frame, kind: Literal["pdf", "svg"], *, measure: bool
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
