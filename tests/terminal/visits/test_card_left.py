"""Cards that are put back, or left behind (R66)."""

from __future__ import annotations

from pathlib import Path

from terminal.visit import states as s
from tests.terminal.visits.place import Backend, Person, terminal_at

PERSONA = "aoki-haruna"


async def test_a_card_put_back_while_paying_pauses_and_nothing_is_lost(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        paying = await person.go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        place.payment.drop(100)
        await place.until(lambda: place.state.held_yen == 100, "seen")  # type: ignore[union-attr]
        await place.rig.insert_card(person.persona)
        returning = await place.reach(s.ReturningCard)
        assert returning.held_yen == 100
        await place.until(lambda: not place.payment.slot_open, "paused")
        place.payment.drop(50)  # falls through
        assert (place.payment.held_yen, place.payment.cup_yen) == (100, 50)
        place.payment.take_change()
        await place.rig.remove_card()
        await place.reach(s.Paying)
        person.coins = (100, 50)
        await person.go(s.Farewell)
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == [
            *("opened", "ordered", "ready", "paying", "paying", "paid"),
            *("printing", "printed", "kept", "done"),
        ]
        assert backend.ledger(place.order) == {"taken": paying.document.total_yen}


async def test_paid_in_full_at_the_moment_the_card_comes_back(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        await place.rig.insert_card(person.persona)
        for coin in (100, 100, 50):
            place.payment.drop(coin)
        await place.reach(s.ReturningCard)
        await person.go(s.Farewell)
        await place.settled()
        assert place.steps()[-5:] == ["paid", "printing", "printed", "kept", "done"]
        assert backend.order_state(place.order) == "printed"


async def test_R66_a_card_put_back_at_the_end_begins_a_visit_that_asks_for_it_again(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here, {"farewell_s": 1}) as place:
        await place.reach(s.Idle)
        await place.press("1")
        await place.reach(s.Consent)
        await place.press("cancel")
        await place.reach(s.Farewell)
        await place.rig.insert_card(PERSONA)
        await place.time_out()
        await place.reach(s.Consent)
        await place.time_out()
        await place.reach(s.TakingCardBack)
        await place.time_out()
        await place.reach(s.OutOfService)
        await place.settled()
        assert place.incidents == ["card_left"]


async def test_R66_a_left_card_is_an_incident_until_staff_have_taken_it(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.ReturningCard)
        await place.time_out()
        out = await place.reach(s.OutOfService)
        assert out.troubles == ("trouble.card_left",)
        await place.settled()
        assert place.incidents == ["card_left"]
        assert place.steps() == ["opened", "ordered", "ready", "done"]
        assert backend.order_state(place.order) == "void"
        assert backend.incidents(place.order) == ["card_left"]
        await place.clear_by_staff()  # but the card still lies there
        await place.reach(s.OutOfService)
        await place.rig.remove_card()
        await place.clear_by_staff()
        await place.reach(s.Idle)
