"""More than one card, and another card than the one that was read (R45, R66)."""

from __future__ import annotations

from pathlib import Path

from terminal.visit import states as s
from tests.terminal.visits.place import Backend, Person, Place, every, terminal_at

PERSONA = "aoki-haruna"
OTHER = "morita-kenji"


def asked_for_one_card(place: Place) -> bool:
    return place.words()[0] == "awaiting_card.several"


@every((s.Consent,), (s.AwaitingCard,), (s.EnteringPin,))
async def test_two_cards_are_asked_to_become_one(backend: Backend, here: Path, at: type) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(at)
        if not place.reader.card_present:
            await place.rig.insert_card(PERSONA)
        place.reader.insert_another()
        if at is s.Consent:
            await place.press("ok")
        await place.until(lambda: asked_for_one_card(place), "asked for one card")
        place.reader.remove_another()
        await place.reach(s.EnteringPin)
        await person.go(s.ChoosingCertificate)
        assert place.tries_on_card(PERSONA) == 3
        await place.press("cancel")
        await person.go(s.Farewell)


async def test_two_cards_that_are_left_keep_the_next_person_out(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.EnteringPin)
        await place.rig.insert_card("other-another")
        await place.until(lambda: asked_for_one_card(place), "asked for one card")
        await place.time_out()
        await place.reach(s.TakingCardBack)
        place.reader.remove_another()
        await place.time_out()
        await place.reach(s.OutOfService)
        await place.settled()
        assert place.incidents == ["card_left"]


async def test_a_second_card_beside_the_one_in_use_disturbs_nobody(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.ChoosingItems)
        place.reader.insert_another()
        await person.go(s.ReturningCard)
        place.reader.remove_another()
        await person.go(s.Farewell)
        await place.settled()
        assert place.incidents == []


async def test_R45_a_pin_never_goes_to_another_card_than_the_one_that_was_read(
    backend: Backend, here: Path
) -> None:
    """Exchanged so quickly that no reader has noticed, as of two cards in one contactless field."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.EnteringPin)
        other = place.card(OTHER)
        place.reader._card = other
        await place.press("9", "9", "9", "9", "ok")
        await place.reach(s.Refused)
        assert place.words()[:3] == [
            "refused.again",
            "refused.card_exchanged",
            "refused.card_exchanged.next",
        ]
        assert (place.tries_on_card(PERSONA), other.tries_left) == (3, 3)
