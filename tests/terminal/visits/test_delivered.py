"""Visits that end with paper in hand: everything agrees, and nothing stays."""

from __future__ import annotations

from pathlib import Path

from terminal.visit import states as s
from tests.terminal.visits.place import PAPER, Backend, Person, every, terminal_at


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
        assert len(place.receipts.taken) == 1
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 0)
        total = paying.document.total_yen
        assert place.facts("kept")["yen"] == total
        assert backend.order_state(place.order) == "printed"
        assert backend.ledger(place.order) == {"taken": total}
        assert backend.incidents(place.order) == []
