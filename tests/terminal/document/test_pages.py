from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import typst

from drivers.printer import PageFormat
from drivers.printer.a4 import a4
from terminal.document.pages import PdfPage, Rasteriser, Rows, UnreadablePage, ink_ratio
from tests.terminal.document import press

FORMAT = a4(300)


def drawn(content: str, page_format: PageFormat = FORMAT) -> Rows:
    """The rows of an A4 page without margins that shows ``content``."""
    source = f'#set page(paper: "a4", margin: 0pt)\n{content}'
    with PdfPage(typst.compile(source.encode(), format="pdf")) as page:
        return Rasteriser(page_format).rasterise(page).copy()


def pixels(rows: Rows) -> Rows:
    return np.unpackbits(rows, axis=1)


@pytest.fixture(name="page")
def _page() -> Iterator[PdfPage]:
    with PdfPage(press.Sheet().pdf()) as page:
        yield page


@pytest.mark.parametrize("page_format", [a4(300), a4(600), PageFormat(203, 1679, 2374)])
def test_the_page_fills_exactly_the_rows_the_printer_wants(
    page: PdfPage, page_format: PageFormat
) -> None:
    rows = Rasteriser(page_format).rasterise(page)
    assert rows.shape == (page_format.height_px, -(-page_format.width_px // 8))
    assert 0.01 < ink_ratio(rows, page_format.width_px) < 0.1


def test_edges_lie_where_the_layout_put_them() -> None:
    ink = pixels(drawn("#place(dx: 50mm, dy: 100mm, rect(width: 20mm, height: 10mm, fill: black))"))
    rows, columns = np.nonzero(ink)
    millimetre = 300 / 25.4
    found = [columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]
    assert found == pytest.approx([x * millimetre for x in (50, 70, 100, 110)], abs=1.5)
    assert ink[rows.min() : rows.max(), columns.min() : columns.max()].all()


@pytest.mark.parametrize(("light", "share"), [(0.95, 0.05), (0.88, 0.12), (0.75, 0.25), (0.5, 0.5)])
def test_tones_become_as_much_ink_as_they_are_dark(light: float, share: float) -> None:
    rows = drawn(f"#rect(width: 210mm, height: 297mm, fill: luma({light * 100}%))")
    assert ink_ratio(rows, FORMAT.width_px) == pytest.approx(share, abs=0.02)


def test_a_tone_goes_on_evenly_across_the_bands() -> None:
    ink = pixels(drawn("#rect(width: 210mm, height: 297mm, fill: luma(80%))"))
    cells = ink[:3504, :2480].reshape(438, 8, 310, 8).sum(axis=(1, 3))
    assert len(np.unique(cells[1:-1, 1:-1])) == 1


def test_white_is_white_and_dark_is_solid() -> None:
    assert ink_ratio(drawn(""), FORMAT.width_px) == 0
    for fill in ("black", "luma(40%)", "rgb(190, 20, 20)"):
        rows = drawn(f"#rect(width: 210mm, height: 297mm, fill: {fill})")
        assert ink_ratio(rows, FORMAT.width_px) == 1


def test_the_thinnest_rule_of_a_form_is_not_lost() -> None:
    for step in range(5):
        rule = "line(length: 100mm, stroke: 0.15pt)"
        rows = drawn(f"#place(dx: 20mm, dy: {50 + step * 0.02}mm, {rule})")
        assert int(pixels(rows).any(axis=0).sum()) > 1100


def test_nothing_of_a_page_stays_when_the_next_is_white(page: PdfPage) -> None:
    rasteriser = Rasteriser(FORMAT)
    assert rasteriser.rasterise(page).any()
    white = typst.compile(b'#set page(paper: "a4")', format="pdf")
    with PdfPage(white) as empty:
        assert not rasteriser.rasterise(empty).any()


def test_I16_the_pictures_are_zeroed(page: PdfPage) -> None:
    rasteriser = Rasteriser(FORMAT)
    rows = rasteriser.rasterise(page)
    assert rows.any()
    assert not rasteriser._grey.any(), "the grey band is zeroed as soon as it is packed"
    rasteriser.wipe()
    assert not rows.any()


def test_what_is_not_one_page_is_refused() -> None:
    two = typst.compile(b"one #pagebreak() two", format="pdf")
    for data in (b"", b"%PDF-1.7 nonsense", press.Sheet().pdf()[:900], two):
        with pytest.raises(UnreadablePage):
            PdfPage(data)
