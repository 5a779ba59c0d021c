"""Visits that end with paper in hand: everything agrees, and nothing stays."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from drivers.printer.mechanism import Sheet
from terminal.seal.keys import PublishedKeys
from terminal.seal.scan import codes
from terminal.visit import states as s
from tests.terminal.visits.place import PAPER, Backend, Person, every, terminal_at


def proven(backend: Backend, sheets: list[Sheet], copies: int) -> None:
    """What lies in the tray has a ground (R30), and seals that hold together as sets do (R60)."""
    keys = PublishedKeys.load(backend.directory / "trust" / "cities")
    seals = []
    for sheet in sheets:
        margin = np.unpackbits(sheet.front.upright()[:200], axis=1)
        assert 0.05 < margin.mean() < 0.07
        (code,) = codes(np.asarray(sheet.image.convert("L")))
        seals.append(keys.opened(code))
    a_set = len(sheets) // copies
    assert len({seal.serial for seal in seals}) == copies
    assert [(seal.page, seal.pages) for seal in seals] == [
        (page, a_set) for _ in range(copies) for page in range(1, a_set + 1)
    ]
    for before, seal in pairwise(seals):
        assert seal.before == (before.content if seal.page > 1 else None)


@every(
    ("ja", "aoki-haruna", (), ("1", "2", "ok"), 1, 1),
    ("en", "morita-kenji", ("8", "ok"), ("1", "2", "3", "ok"), 1, 1),
    ("ja", "morita-kenji", ("1", "ok"), ("3", "ok"), 2, 2),
    ("ja", "okabe-sachiko", ("8", "ok"), ("1", "ok"), 1, 2),
    ("en", "okabe-sachiko", ("8", "ok"), ("ok",), 2, 4),
    ("ja", "nguyen-hoa", ("8", "ok"), ("1", "ok"), 1, 1),
    ("en", "nguyen-hoa", ("8", "ok"), ("ok",), 1, 1),
    ("ja", "shirai-nozomi", (), ("1", "ok"), 1, 1),  # a card of the next generation
)
async def test_R5_R16_R22_R27_a_visit_ends_with_every_sheet_in_hand(
    backend: Backend,
    here: Path,
    language: str,
    persona: str,
    people: tuple[str, ...],
    items: tuple[str, ...],
    copies: int,
    sheets: int,
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        if language == "en":
            await place.press("language")
        person = Person(place, persona, people=people, items=items, copies=copies)
        paying = await person.go(s.Paying)
        await person.go(s.HandingOver)
        assert paying.visit.language == language
        await person.go(s.Farewell)
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == PAPER
        assert place.incidents == []
        assert len(place.printer.taken) == sheets
        proven(backend, place.printer.taken, copies)
        assert len(place.receipts.taken) == 1
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 0)
        total = paying.document.total_yen
        assert place.facts("kept")["yen"] == total
        assert backend.order_state(place.order) == "printed"
        assert backend.ledger(place.order) == {"taken": total}
        assert backend.incidents(place.order) == []
