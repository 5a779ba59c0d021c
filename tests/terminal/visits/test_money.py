"""Coins and change: kept whole for paper, or back whole, or owed on a slip (R22, R57, decision d)."""

from __future__ import annotations

from pathlib import Path

from terminal.visit import states as s
from tests.terminal.visits.place import PAPER, Backend, Person, terminal_at


async def test_too_much_gives_change(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place, coins=(500,))
        await person.go(s.HandingOver)
        await place.until(lambda: place.payment.cup_yen == 250, "change")
        await person.go(s.Farewell)
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == PAPER
        assert (place.facts("paid")["yen"], place.facts("kept")["yen"]) == (500, 250)
        assert backend.ledger(place.order) == {"taken": 250}


async def test_coins_before_the_slot_opens_fall_through(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.ReturningCard)
        place.payment.drop(100)
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 100)
        place.payment.take_change()
        await person.go(s.Farewell)
        await place.settled()
        assert place.facts("paid")["yen"] == 250


async def test_overpaid_and_not_printed_is_void_and_not_suspect(
    backend: Backend, here: Path
) -> None:
    """All that was inserted goes back; of the order's price the centre hears the price."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place, coins=(500,))
        place.on_enter[s.Printing] = place.printer.jam
        await person.go(s.Collecting)
        assert place.payment.cup_yen == 500
        await person.go(s.Refused)
        await place.settled()
        assert place.facts("returned")["yen"] == 500
        assert backend.order_state(place.order) == "void"
        assert backend.ledger(place.order) == {"taken": 250, "refunded": 250}
        assert backend.incidents(place.order) == []


async def test_a_jammed_hopper_owes_on_a_slip_and_calls_staff(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        place.payment.drop(100)
        place.payment.jam()
        await place.press("cancel")
        settling = await place.reach(s.Settling)
        assert settling.reference == place.order[-12:]
        assert place.words()[:3] == [
            "settling.money_stuck.title",
            "settling.money_stuck.line",
            "refused.reference",
        ]
        assert len(place.receipts.receipts) == 1
        await place.settled()
        assert place.steps() == ["opened", "ordered", "ready", "paying", "returning", "done"]
        assert place.incidents == ["money_stuck"]
        assert backend.incidents(place.order) == ["money_stuck"]
        assert place.payment.held_yen == 100
        await place.time_out()
        await place.reach(s.OutOfService)
        place.take_all()
        await place.clear_by_staff()  # the hopper is jammed still
        await place.reach(s.OutOfService)
        place.payment.clear_jam()
        await place.clear_by_staff()
        await place.reach(s.Idle)
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 100)
        assert place.facts("cleared")["returned_yen"] == 100


async def test_change_that_cannot_be_given_is_owed_and_said(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place, coins=(500,))
        place.on_enter[s.Printing] = place.payment.jam
        await person.go(s.HandingOver)
        await place.until(lambda: len(place.receipts.receipts) == 2, "receipt and claim slip")
        await person.take()
        settling = await place.reach(s.Settling)
        assert settling.reason == "settling.change_owed"
        await place.settled()
        assert place.steps() == [step for step in PAPER if step != "kept"]
        assert place.incidents == ["money_stuck"]
        assert backend.order_state(place.order) == "printed"


async def test_an_earlier_visit_never_pays_for_the_next(backend: Backend, here: Path) -> None:
    """Money is in escrow and nobody knows whose: nobody is asked for a PIN over it."""
    async with terminal_at(backend, here) as place:
        await place.payment.accept(1000)
        place.payment.drop(500)
        await place.payment.close_slot()
        await place.reach(s.Idle)
        await Person(place).go(s.Refused)
        assert place.words()[1] == "refused.payment_device"
        assert place.payment.held_yen == 500


async def test_a_lost_coin_acceptor_with_nothing_in_it_owes_what_it_held(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        place.payment.drop(100)
        await place.until(lambda: place.state.held_yen == 100, "seen")  # type: ignore[union-attr]
        await place.payment.close()  # its cable is pulled
        settling = await place.reach(s.Settling)
        assert settling.reference == place.order[-12:]
        await place.settled()
        assert place.incidents == ["money_stuck"]
        await place.payment.open()
