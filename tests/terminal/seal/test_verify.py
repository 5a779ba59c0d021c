"""``madoguchi verify``: what it says of paper, and with which status it ends."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from terminal.cli import main
from tests.terminal.document import press

CITY = press.City()
ORDER = press.order()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    (folder / "wakabano").mkdir()
    for name, pem in CITY.pems.items():
        (folder / "wakabano" / f"{name}.pem").write_bytes(pem)
    return folder


def sheets(serial: str, total: int = 2) -> list[bytes]:
    pages = CITY.sealed_sheets(press.sheets(total), ORDER, serial)
    return [page.pdf() for page in pages]


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set on two sheets, another set's, one with another city's word, and one without a seal."""
    folder = tmp_path_factory.mktemp("paper")
    for name, pdf in zip(("a1", "a2", "b1", "b2"), sheets("SN-A") + sheets("SN-B"), strict=True):
        (folder / f"{name}.pdf").write_bytes(pdf)
        page = pypdfium2.PdfDocument(pdf)[0]
        page.render(scale=200 / 72).to_pil().save(folder / f"{name}.png")  # pyright: ignore[reportArgumentType]
    other = press.seal_says(ORDER, 2, 2, "SN-A", _8=press.content(7))
    swapped = press.changed(press.Sheet(2, 2), seal=CITY.seal(other))
    (folder / "swapped.pdf").write_bytes(swapped.pdf())
    forged = press.changed(press.Sheet(), seal=press.City().seal(press.seal_says(ORDER, 1, 1)))
    (folder / "forged.pdf").write_bytes(forged.pdf())
    shiomi = press.seal_says(ORDER, 1, 1, "SN-S", _1="shiomi")
    (folder / "shiomi.pdf").write_bytes(press.changed(press.Sheet(), seal=CITY.seal(shiomi)).pdf())
    (folder / "plain.pdf").write_bytes(press.Sheet().pdf())
    (folder / "nonsense.pdf").write_bytes(b"%PDF-1.7 nonsense")
    (folder / "words.txt").write_text("no picture")
    first, second = (Image.open(folder / f"a{number}.png") for number in (1, 2))
    first.save(folder / "both.tiff", save_all=True, append_images=[second])
    return folder


def verify(keys: Path, *files: Path) -> Result:
    return CliRunner().invoke(main, ["verify", "--keys", str(keys), *map(str, files)])


@pytest.mark.parametrize("files", [("a1.pdf", "a2.pdf"), ("a2.png", "a1.png"), ("both.tiff",)])
def test_R60_a_whole_set_is_in_order_scanned_or_not(
    keys: Path, paper: Path, files: tuple[str, ...]
) -> None:
    done = verify(keys, *(paper / name for name in files))
    assert done.exit_code == 0, done.output
    assert "from wakabano, number SN-A, issued 2026-11-24, sheet 1 of 2" in done.output
    assert "number SN-A: complete, 2 sheets" in done.output
    assert "a copied seal verifies, too" in done.output
    assert "NOT IN ORDER" not in done.output


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (("a1.pdf",), "number SN-A: sheet 2 of 2 is missing"),
        (("a1.pdf", "b2.pdf"), "number SN-B: sheet 1 of 2 is missing"),
        (("a1.pdf", "a1.png", "a2.pdf"), "sheet 1 is there more than once"),
        (("a1.pdf", "swapped.pdf"), "sheet 2 was not made to follow this sheet 1"),
        (("forged.pdf",), "the seal is not to be believed: no published key has signed it"),
        (("shiomi.pdf",), "the seal is not to be believed: its signature is wrong"),
        (("plain.pdf",), "no seal that can be read: scan it again"),
    ],
)
def test_R60_what_is_not_in_order_is_said(
    keys: Path, paper: Path, files: tuple[str, ...], says: str
) -> None:
    done = verify(keys, *(paper / name for name in files))
    assert done.exit_code == 1, done.output
    assert says in done.output
    assert "NOT IN ORDER" in done.output


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.pdf", "no such file"),
        ("nonsense.pdf", "a PDF that cannot be read"),
        ("words.txt", "no picture and no PDF"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(keys: Path, paper: Path, name: str, says: str) -> None:
    done = verify(keys, paper / name)
    assert done.exit_code == 2
    assert f"{paper / name}: {says}" in done.output
    assert "Traceback" not in done.output


def test_keys_that_are_none_are_named(paper: Path, keys: Path, tmp_path: Path) -> None:
    done = verify(tmp_path, paper / "a1.pdf")
    assert done.exit_code == 2
    assert "no key in it" in done.output
    (source,) = (keys / "wakabano").iterdir()
    (tmp_path / "wakabano").mkdir()
    for name, content, says in (
        ("0123456789abcdef.pem", source.read_bytes(), "not the key of that id"),
        (source.name, b"nonsense", "not a public key in PEM"),
    ):
        path = tmp_path / "wakabano" / name
        path.write_bytes(content)
        done = verify(tmp_path, paper / "a1.pdf")
        assert done.exit_code == 2
        assert f"{path}: {says}" in done.output
        path.unlink()
