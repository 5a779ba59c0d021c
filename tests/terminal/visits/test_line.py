"""The line to the centre is cut at every step: nothing is lost, nothing is paid for nothing (I-7)."""

from __future__ import annotations

from pathlib import Path

from terminal.visit import states as s
from tests.terminal.visits.place import PAPER, Backend, Person, every, terminal_at


@every(
    (s.Consent, ["opened", "done"]),
    (s.Authenticating, ["opened", "done"]),
    (s.Ordering, ["opened", "ordered", "done"]),
    (s.Preparing, ["opened", "ordered", "done"]),
)
async def test_cut_while_the_centre_is_needed(
    backend: Backend, here: Path, at: type, steps: list[str]
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        place.on_enter[at] = place.cut_now
        person = Person(place)
        await person.go(s.Refused)
        assert place.words()[1:3] == ["refused.no_link", "refused.no_link.next"]
        assert "refused.no_charge" in place.words()
        await person.go(s.Farewell if at is not s.Consent else s.OutOfService)
        await place.until(lambda: place.steps()[-1] == "done", "ended")
        out = await place.reach(s.OutOfService)
        assert out.troubles == ("trouble.link",)
        assert place.steps() == steps
        await place.mend()
        await place.reach(s.Idle)
        await place.settled()
        if "ordered" in steps:
            assert backend.order_state(place.order) == "void"
            assert backend.ledger(place.order) == {}
        assert place.incidents == []


@every((s.ReturningCard,), (s.Paying,), (s.Printing,), (s.HandingOver,))
async def test_cut_once_the_document_is_here_the_visit_goes_on(
    backend: Backend, here: Path, at: type
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        place.on_enter[at] = place.cut_now
        person = Person(place)
        await person.go(s.Farewell)
        await place.until(lambda: place.steps()[-1] == "done", "ended")
        assert place.steps() == PAPER
        assert backend.order_state(place.order) in {"issued", "paid"}
        await place.mend()
        await place.settled()
        assert backend.order_state(place.order) == "printed"
        assert backend.ledger(place.order) == {"taken": 250}
        assert backend.incidents(place.order) == []


async def test_cut_while_money_goes_back_the_centre_hears_it_later(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)

        def cut_and_jam() -> None:
            place.cut_now()
            place.printer.jam()

        place.on_enter[s.Printing] = cut_and_jam
        person = Person(place)
        await person.go(s.Collecting)
        await place.mend()
        await place.settled()
        assert backend.order_state(place.order) == "void"
        assert backend.ledger(place.order) == {"taken": 250, "refunded": 250}
