"""A reader that is lost: nothing is read, and nobody can see whether the card was taken (R66)."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal.visit import states as s
from tests.terminal.visits.place import Backend, Person, every, terminal_at

PERSONA = "aoki-haruna"


async def test_a_reader_that_is_lost_ends_the_visit_at_once(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.EnteringPin)
        place.reader.unplug()
        await place.reach(s.Refused)
        assert place.words()[1:3] == ["refused.reader", "refused.reader.next"]
        assert "refused.reference" in place.words()
        await place.press("ok")
        out = await place.reach(s.OutOfService)
        assert out.troubles == ("trouble.card_reader",)
        place.reader.plug_in()
        await place.reach(s.Consent)  # the card lies on it still


@every((s.TakingCardBack,), (s.ReturningCard,), (s.Paying,))
async def test_R66_no_money_while_nobody_can_see_whether_the_card_was_taken(
    backend: Backend, here: Path, at: type
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        if at is s.TakingCardBack:
            await person.go(s.ChoosingCertificate)
            await place.press("cancel")
        await person.go(at)
        place.reader.unplug()
        if at is s.Paying:  # the card had been seen to leave
            await person.go(s.HandingOver)
            return
        then = await place.reach(s.Refused if at is s.ReturningCard else s.OutOfService)
        assert "Paying" not in place.kinds
        if isinstance(then, s.Refused):
            assert then.refusal.reference == place.order[-12:]
            await place.press("ok")
            await place.reach(s.OutOfService)
        place.reader.remove()
        place.reader.plug_in()
        await place.reach(s.Idle)
        await place.settled()
        assert place.incidents == []
        if at is s.ReturningCard:
            assert backend.order_state(place.order) == "void"


async def test_R66_money_that_was_in_goes_back_when_the_reader_is_lost(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        place.payment.drop(100)
        await place.until(lambda: place.state.held_yen == 100, "seen")  # type: ignore[union-attr]
        await place.rig.insert_card(PERSONA)
        await place.reach(s.ReturningCard)
        place.reader.unplug()
        await place.reach(s.Collecting)
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 100)


@pytest.mark.parametrize("how", ["unplugged", "cancelled"])
async def test_I10_a_slot_that_was_opened_is_closed_when_a_late_card_ends_the_visit(
    backend: Backend, here: Path, how: str
) -> None:
    """The card comes before the first coin: nothing is held, and the slot stands open."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        await place.rig.insert_card(PERSONA)
        await place.reach(s.ReturningCard)
        if how == "unplugged":
            place.reader.unplug()
        else:
            await place.press("cancel")
        await place.until(lambda: not place.payment.slot_open, "closed the slot")
        await place.reach(s.Refused if how == "unplugged" else s.Collecting)
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 0)
        assert place.incidents == []
