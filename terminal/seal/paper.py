"""Pages to be verified: pictures of them, and PDFs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageSequence, UnidentifiedImageError

from terminal.errors import TerminalError
from terminal.seal.scan import Grey

_DPI = 300
_MOST_PIXELS = 200_000_000  # A4 at 1200 dots an inch, and half as much again


class PaperUnreadable(TerminalError):
    """The file holds no page that can be looked at; the message says why."""


def pages(path: Path) -> Iterator[Grey]:
    """Each page of a PDF, or each picture of a file, as grey pixels. Raises PaperUnreadable."""
    try:
        head = path.read_bytes()[:5] if path.is_file() else None
    except OSError as error:
        raise PaperUnreadable(f"{path}: {error.strerror}") from error
    if head is None:
        raise PaperUnreadable(f"{path}: no such file")
    yield from _of_pdf(path) if head == b"%PDF-" else _of_picture(path)


def _of_pdf(path: Path) -> Iterator[Grey]:
    try:
        with pypdfium2.PdfDocument(path) as document:
            for page in document:
                picture = page.render(scale=_DPI / 72, grayscale=True).to_pil()  # pyright: ignore[reportArgumentType]
                yield np.asarray(picture.convert("L"))
    except pypdfium2.PdfiumError as error:
        raise PaperUnreadable(f"{path}: a PDF that cannot be read") from error


def _of_picture(path: Path) -> Iterator[Grey]:
    try:
        with Image.open(path) as file:
            if file.width * file.height > _MOST_PIXELS:
                raise PaperUnreadable(f"{path}: larger than a page at 1200 dots an inch")
            for frame in ImageSequence.Iterator(file):
                yield np.asarray(frame.convert("L"))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise PaperUnreadable(f"{path}: no picture and no PDF that can be read") from error
