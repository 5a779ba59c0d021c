"""The drawer's other cards: each is what it is said to be, and hands cannot do the impossible with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.card import cardfile
from drivers.card.kinds import CardKind, recognise
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.errors import ImpossibleAct
from terminal.config import parse
from terminal.demo import other_cards
from terminal.demo.line import Line
from terminal.demo.rig_simulated import SimulatedRig, simulated
from terminal.demo.stage import Play, settings_of
from terminal.devices import build_devices
from tests.drivers.card.cards import personalised, run_on

KINDS = {f"other-{kind.value}": kind for kind in CardKind} | {"other-unknown": CardKind.OTHER}


@pytest.fixture
def rig(tmp_path: Path) -> SimulatedRig:
    cardfile.save(personalised(), tmp_path / "somebody.json")
    (tmp_path / "index.json").write_text("[]")
    settings = parse(settings_of(Play(tmp_path, port=None), tmp_path, tmp_path, 1, 0), tmp_path)
    return SimulatedRig(build_devices(settings), tmp_path, Line("127.0.0.1", 1))


@pytest.mark.parametrize("card", [card for card in other_cards.OTHERS if card.persona in KINDS])
def test_R41_R42_each_other_card_is_of_its_kind(
    rig: SimulatedRig, card: other_cards.OtherCard
) -> None:
    made = other_cards.made(card.persona, rig._cards)
    assert made is not None
    made.power_on()
    assert run_on(made, recognise(made.atr)).kind is KINDS[card.persona]


async def test_cards_are_laid_one_upon_the_other_and_taken_away_together(
    rig: SimulatedRig,
) -> None:
    with pytest.raises(ImpossibleAct):
        await rig.insert_card(other_cards.ANOTHER)
    await rig.insert_card("other-transit")
    await rig.insert_card(other_cards.ANOTHER)
    assert (rig.state().card, rig.state().another) == ("other-transit", True)
    for impossible in (other_cards.ANOTHER, "somebody"):
        with pytest.raises(ImpossibleAct):
            await rig.insert_card(impossible)
    await rig.remove_card()
    assert (rig.state().card, rig.state().another) == (None, False)
    assert not simulated(rig._reader, SimulatedCardReader)._is_occupied


def test_the_drawer_shows_people_first_and_nobodys_pin_beside_other_cards(
    rig: SimulatedRig,
) -> None:
    shown = rig.personas()
    assert [entry["persona"] for entry in shown] == [card.persona for card in other_cards.OTHERS]
    assert not any(entry["pin"] for entry in shown)
