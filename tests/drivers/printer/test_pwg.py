"""What is written is what is read, and nothing else is."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drivers.printer import PageFormat
from drivers.printer.a4 import SHEET_BACKS, a4
from drivers.printer.pwg import HEADER_SIZE, Page, PwgError, Rows, read_pages, write_page
from tests.drivers.printer.documents import SMALL, page_rows, raster


def read(data: bytes) -> list[Page]:
    return list(read_pages(io.BytesIO(data)))


@st.composite
def pages(draw: st.DrawFn) -> tuple[PageFormat, list[Rows]]:
    """Sets of pages full of the runs, repeats and odd ends that an encoder can get wrong."""
    width = draw(st.integers(1, 2200))
    height = draw(st.integers(1, 12))
    page = PageFormat(
        dpi=300,
        width_px=width,
        height_px=height * draw(st.sampled_from((1, 1, 70))),
        duplex=draw(st.booleans()),
        sheet_back=draw(st.sampled_from(SHEET_BACKS)),
    )
    ink = st.sampled_from((0, 0, 0xFF, 0x80, 0x01))
    shape = (height, -(-width // 8))
    drawn = draw(st.lists(hnp.arrays(np.uint8, shape, elements=ink), min_size=1, max_size=3))
    # Bits beyond the last pixel are nobody's; a mirror would bring them in.
    spare = 0xFF << (-width % 8) & 0xFF
    for rows in drawn:
        rows[:, -1] &= spare
    return page, [np.repeat(rows, page.height_px // height, axis=0) for rows in drawn]


@given(pages())
@settings(max_examples=150)
def test_pages_come_back_as_they_were_drawn(drawn: tuple[PageFormat, list[Rows]]) -> None:
    page_format, wanted = drawn
    stream = io.BytesIO()
    for number, rows in enumerate(wanted, 1):
        write_page(stream, rows, number, len(wanted), page_format)
    found = read(stream.getvalue())
    assert [page.number for page in found] == list(range(1, len(wanted) + 1))
    for page, rows in zip(found, wanted, strict=True):
        assert (page.upright() == rows).all()
        assert (page.width_px, page.height_px) == (page_format.width_px, page_format.height_px)
        assert (page.duplex, page.total, page.dpi) == (page_format.duplex, len(wanted), 300)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 700))))
def test_any_bytes_survive(rows: Rows) -> None:
    page_format = PageFormat(600, rows.shape[1] * 8, rows.shape[0])
    stream = io.BytesIO()
    write_page(stream, rows, 1, 1, page_format)
    (page,) = read(stream.getvalue())
    assert (page.rows == rows).all()
    # PackBits with line repeats costs at most one control byte in 128, one a line, one a lone byte.
    body = len(stream.getvalue()) - 4 - HEADER_SIZE
    assert body <= rows.size + rows.shape[0] * (2 + rows.shape[1])


@pytest.mark.parametrize(("dpi", "size"), [(300, (2480, 3508)), (600, (4960, 7016))])
def test_R29_a4_has_the_size_that_rips_use(dpi: int, size: tuple[int, int]) -> None:
    page_format = a4(dpi)
    assert (page_format.width_px, page_format.height_px) == size


def test_R29_the_header_says_plain_a4_one_bit_black() -> None:
    stream = io.BytesIO()
    page_format = a4(300, duplex=True)
    write_page(stream, page_rows(page_format, 1), 1, 1, page_format)
    header = stream.getvalue()[4 : 4 + HEADER_SIZE]
    assert header[:10] == b"PwgRaster\0"
    assert header[1732:].rstrip(b"\0") == b"iso_a4_210x297mm"
    assert header[128:192].rstrip(b"\0") == b"stationery"
    assert struct.unpack_from(">II", header, 352) == (595, 841)
    bits_and_bytes = struct.unpack_from(">III", header, 384)
    assert bits_and_bytes == (1, 1, 310)
    assert struct.unpack_from(">II", header, 396) == (0, 3)


@pytest.mark.parametrize(
    ("sheet_back", "cross_feed", "feed"),
    [("normal", 1, 1), ("flipped", 1, -1), ("rotated", -1, -1), ("manual-tumble", 1, 1)],
)
def test_only_backs_are_turned_as_the_printer_asks(
    sheet_back: str, cross_feed: int, feed: int
) -> None:
    page_format = replace(SMALL, duplex=True, sheet_back=sheet_back)
    front, back = read(raster(2, page_format))
    assert (front.cross_feed, front.feed) == (1, 1)
    assert (back.cross_feed, back.feed) == (cross_feed, feed)
    drawn = np.unpackbits(page_rows(page_format, 2), axis=1)
    sent = np.unpackbits(back.rows, axis=1)
    assert (sent == drawn[::feed, ::cross_feed]).all()


def test_a_white_page_is_small() -> None:
    stream = io.BytesIO()
    page_format = a4(600)
    write_page(stream, np.zeros((7016, 620), np.uint8), 1, 1, page_format)
    assert len(stream.getvalue()) < 4 + HEADER_SIZE + 28 * 12


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        (np.zeros((120, 49), np.uint8), 1),
        (np.zeros((119, 50), np.uint8), 1),
        (np.zeros((120, 50), np.uint16), 1),
        (np.zeros((120, 50), np.uint8), 3),
        (np.zeros((120, 50), np.uint8), 0),
    ],
)
def test_a_page_of_another_shape_is_not_written(rows: Rows, number: int) -> None:
    stream = io.BytesIO()
    with pytest.raises(ValueError, match=r"page|shape"):
        write_page(stream, rows, number, 2, SMALL)
    assert not stream.getvalue()


def test_it_reads_from_a_source_that_gives_a_byte_at_a_time() -> None:
    data = io.BytesIO(raster(2, SMALL))

    class Drip:
        def read(self, size: int, /) -> bytes:
            return data.read(min(size, 1))

    assert [page.number for page in read_pages(Drip())] == [1, 2]


@given(st.data())
@settings(max_examples=150)
def test_a_stream_cut_anywhere_is_refused(data: st.DataObject) -> None:
    whole = raster(2, SMALL)
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(PwgError):
        read(whole[:end])


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_worse(noise: bytes) -> None:
    with pytest.raises(PwgError):
        read(noise)
    with pytest.raises(PwgError):
        read(raster(1, SMALL) + noise + b"\0")


@given(st.data())
@settings(max_examples=200)
def test_a_damaged_stream_reads_or_is_refused(data: st.DataObject) -> None:
    stream = bytearray(raster(1, SMALL))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(stream))
    except PwgError as error:
        assert 0 <= error.offset <= len(stream)  # noqa: PT017 - either outcome is lawful


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (0, b"X", "PwgRaster"),
        (276, b"\0\0\0\0", "where a page has"),
        (280, b"\0\0\0\x48", "vertical resolution"),
        (372, b"\xff\xff\xff\xff", "where a page has"),
        (376, b"\0\0\0\0", "where a page has"),
        (384, b"\0\0\0\x08", "bits per colour"),
        (388, b"\0\0\0\x08", "bits per pixel"),
        (392, b"\0\0\0\x31", "bytes per line"),
        (396, b"\0\0\0\x01", "colour order"),
        (400, b"\0\0\0\x12", "colour space"),
        (420, b"\0\0\0\x03", "number of colours"),
        (452, b"\0\0\0\x02", "ends after 1 of 2 pages"),
        (456, b"\0\0\0\0", "transform"),
        (460, b"\0\0\0\x02", "transform"),
    ],
)
def test_a_header_that_is_not_black_1_is_named(at: int, value: bytes, says: str) -> None:
    stream = bytearray(raster(1, SMALL))
    stream[4 + at : 4 + at + len(value)] = value
    with pytest.raises(PwgError, match=says):
        read(bytes(stream))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (b"\x00\x31\x00" + b"\x80", "code 128"),
        (b"\x00\x3f\x00", "holds 64 bytes"),
        (b"\x78\x31\x00", "repeats past the last"),
        (b"\x76\x31\x00" + b"\x00\xcf\x00", "ends inside line 119"),
    ],
)
def test_lines_that_do_not_add_up_are_refused(lines: bytes, says: str) -> None:
    head = raster(1, SMALL)[: 4 + HEADER_SIZE]
    with pytest.raises(PwgError, match=says):
        read(head + (lines if "128" not in says else b"\x00\x80"))


def test_pages_of_different_sets_do_not_mix() -> None:
    one = raster(1, SMALL)
    with pytest.raises(PwgError, match="page 2 of a set of 1"):
        read(one + one[4:])
