"""Cards by name, and what is said of a name that nobody has."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.card import cardfile
from drivers.card.drawer import DEFAULT_DRAWER, Drawer, taken_out
from drivers.card.kinds import CardKind
from terminal.demo.__main__ import main as demo_command
from tests.drivers.card.cards import WRONG_PIN, new_card, personalised

SELECT_JPKI = "00A4040C0AD392F000260100000001"


@pytest.fixture
def drawer(tmp_path: Path) -> Drawer:
    for name in ("sato", "abe"):
        cardfile.save(personalised(tries_left=2), tmp_path / f"{name}.json")
    (tmp_path / "index.json").write_text("[]")
    return Drawer(tmp_path)


def wrong_pin(path: Path, **differences: object) -> int:
    """The status word of a wrong PIN."""
    card = taken_out(path, **differences)  # type: ignore[arg-type]
    card.power_on()
    card.transmit(bytes.fromhex(SELECT_JPKI))
    answer = card.transmit(bytes.fromhex("0020009804" + WRONG_PIN.encode().hex()))
    return int.from_bytes(answer, "big")


def test_the_index_is_no_card(drawer: Drawer) -> None:
    assert drawer.names() == ["abe", "sato"]


def test_a_card_of_the_drawer_counts_in_its_file(drawer: Drawer) -> None:
    assert [wrong_pin(drawer.path("abe")) for _ in range(2)] == [0x63C1, 0x63C0]
    assert cardfile.load(drawer.path("abe")).tries_left == 0
    assert cardfile.load(drawer.path("sato")).tries_left == 2


@pytest.mark.parametrize("tries", [1, 3])
def test_with_other_tries_it_is_a_copy(drawer: Drawer, tries: int) -> None:
    assert wrong_pin(drawer.path("abe"), tries_left=tries) == 0x63C0 + tries - 1
    assert cardfile.load(drawer.path("abe")).tries_left == 2


def test_with_another_kind_it_is_a_copy(drawer: Drawer) -> None:
    card = taken_out(drawer.path("abe"), CardKind.IPHONE)
    assert (card.kind, card.tries_left) == (CardKind.IPHONE, 2)
    assert card.certificate == new_card().certificate
    assert wrong_pin(drawer.path("abe"), kind=CardKind.IPHONE) == 0x63C1
    assert cardfile.load(drawer.path("abe")).tries_left == 2


def test_a_kind_that_is_nobodys_cannot_be_made_of_a_card_file(drawer: Drawer) -> None:
    with pytest.raises(ValueError, match="needs no card file"):
        taken_out(drawer.path("abe"), CardKind.BANK)


@pytest.mark.parametrize("name", ["suzuki", "index", "../abe", ""])
def test_an_unknown_name_is_answered_with_those_that_exist(drawer: Drawer, name: str) -> None:
    with pytest.raises(ValueError, match=f"no card of “{name}” here; there are abe, sato"):
        drawer.path(name)


@pytest.mark.parametrize("name", ["cards", "missing"])
def test_an_empty_drawer_says_how_to_fill_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "cards").mkdir()
    with pytest.raises(ValueError, match=r"“./run demo --auto” makes .* --cards"):
        Drawer(tmp_path / name).path("abe")


def test_the_default_drawer_is_the_one_that_the_demo_makes() -> None:
    demo = next(option for option in demo_command.params if option.name == "directory")
    assert Path(str(demo.default)) / "development" / "cards" == DEFAULT_DRAWER
