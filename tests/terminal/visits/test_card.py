"""The card in a visit: other kinds, refusals of the centre, and cards that are pulled (R15, R41–R44, R69)."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.card.foreign import ForeignCard
from drivers.card.kinds import CardKind
from drivers.card.odd_card import OddCard
from drivers.card.oddities import Oddities
from drivers.card.virtual import VirtualCard
from terminal.visit import states as s
from tests.terminal.visits.place import Backend, Person, every, terminal_at

PERSONA = "aoki-haruna"


@every(
    ("other-juki", "refused.card_juki"),
    ("other-android", "refused.card_android"),
    ("other-iphone", "refused.card_iphone"),
    ("other-licence", "refused.card_licence"),
    ("other-transit", "refused.card_transit"),
    ("other-bank", "refused.card_bank"),
    ("other-unknown", "refused.card_other"),
    (PERSONA, "refused.card_no_certificate"),
)
async def test_R15_R41_R42_other_cards_are_named_and_refused(
    backend: Backend, here: Path, card: str, reason: str
) -> None:
    async with terminal_at(backend, here) as place:
        place.card(PERSONA, has_auth_certificate=False)
        await place.reach(s.Idle)
        await Person(place, card).go(s.Refused)
        assert {reason, f"{reason}.next", "refused.hotline"} <= set(place.words())
        await place.press("ok")
        await place.reach(s.TakingCardBack)
        await place.rig.remove_card()
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == ["opened", "done"]


async def test_a_card_of_the_older_kind_without_certificates_is_a_juki_card_too(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.AwaitingCard)
        place.reader.insert(ForeignCard(CardKind.JUKI))
        await place.reach(s.Refused)
        assert place.words()[1] == "refused.card_juki"


async def test_a_card_for_face_authentication_has_no_pin_to_type(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.AwaitingCard)
        place.reader.insert(OddCard(place.card(PERSONA), Oddities(no_pin=True)))
        await place.reach(s.Refused)
        assert place.words()[1:3] == ["refused.card_no_pin", "refused.card_no_pin.next"]


@every(
    ("hayashi-sota", "refused.certificate_revoked"),
    ("kimura-yui", "refused.card_issued_today"),
    ("endo-rin", "refused.person"),
)
async def test_R40_R44_R48_what_the_centre_refuses_is_said_with_the_next_step(
    backend: Backend, here: Path, persona: str, reason: str
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place, persona).go(s.Refused)
        assert {reason, f"{reason}.next", "refused.no_charge"} <= set(place.words())


async def test_R42_whoever_lays_down_the_right_card_instead_is_served_at_once(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await place.press("language")
        await Person(place).go(s.AwaitingCard)
        place.reader.insert(ForeignCard(CardKind.TRANSIT))
        await place.reach(s.Refused)
        place.reader.remove()
        await place.until(
            lambda: isinstance(place.state, s.Refused) and not place.state.card_present, "taken"
        )
        await place.rig.insert_card(PERSONA)
        consent = await place.reach(s.Consent)
        assert (consent.card_present, consent.visit.language) == (True, "en")
        await Person(place).go(s.ChoosingCertificate)
        assert len(place.visits) == 2


async def test_R69_the_page_shows_the_hotlines_number(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here, panel={"port": 0}) as place:
        await place.reach(s.Idle)
        await Person(place, "ishii-mai").go(s.Refused)
        panel = place.terminal.panel
        assert panel is not None
        assert panel._view is not None
        assert any("000-555-0100" in line for line in panel._view.lines)


async def test_a_mute_card_is_asked_to_be_turned_round_and_does_not_spin_the_loop(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await place.rig.insert_card("other-mute")
        await place.reach(s.Consent)
        await place.press("ok")
        await place.until(
            lambda: isinstance(place.state, s.AwaitingCard) and place.state.fault is not None,
            "mute",
        )
        steps = len(place.trail)
        await place.press("5", "5", "5")  # nothing: only to let the loop go round
        await place.until(place.terminal.conductor._queue.empty, "done")
        assert len(place.trail) == steps, place.kinds
        assert place.words()[0] == "awaiting_card.mute"
        assert "refused.hotline" in place.words(), "R69: with every trouble about a card"
        await place.rig.remove_card()
        await Person(place).go(s.EnteringPin)
        await place.press("cancel")
        await Person(place).go(s.Farewell)


class _LooseCard(ForeignCard):
    """Loses its contact at the first command, and stays where it lies."""

    def transmit(self, octets: bytes | bytearray) -> bytes:
        self.power_off()
        return b""


async def test_a_card_that_loses_contact_and_stays_is_asked_to_be_laid_down_again(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.AwaitingCard)
        place.reader.insert(_LooseCard(CardKind.LICENCE))
        await place.until(lambda: place.words()[0] == "awaiting_card.mute", "asked for again")
        assert place.reader.card_present
        place.reader.remove()
        await Person(place).go(s.EnteringPin)


async def test_a_mute_card_that_is_left_keeps_the_next_person_out(
    backend: Backend, here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        place.reader.insert_mute()
        await place.reach(s.Consent)
        await place.time_out()
        await place.reach(s.TakingCardBack)
        await place.time_out()
        await place.reach(s.OutOfService)
        await place.settled()
        assert place.incidents == ["card_left"]
        assert "out of service: trouble.card_left" in caplog.messages


@every(
    (s.Consent, s.AwaitingCard),
    (s.EnteringPin, s.AwaitingCard),
    (s.ChoosingCertificate, s.Refused),
    (s.ChoosingPeople, s.Refused),
    (s.ChoosingItems, s.Refused),
    (s.Notices, s.Refused),
    (s.Confirming, s.Refused),
    (s.ReturningCard, s.Paying),
)
async def test_a_card_pulled_wherever_it_may_lie(
    backend: Backend, here: Path, at: type, then: type
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place, "nguyen-hoa")
        if at is s.Consent:
            await place.rig.insert_card(person.persona)
        if at is s.ChoosingPeople:
            person = Person(place, "morita-kenji")
        await person.go(at)
        await place.rig.remove_card()
        if at is s.Consent:
            await place.press("ok")
        await place.until(lambda: isinstance(place.state, then), f"in {then}")
        if then is s.Refused:
            assert place.words()[1:3] == ["refused.card_removed", "refused.card_removed.next"]
            assert "refused.hotline" in place.words()
            await place.press("ok")
            await place.reach(s.Idle)
            await place.settled()
            assert place.steps() == ["opened", "done"]
        assert place.incidents == []


@every((s.ReadingCard,), (s.Authenticating,), (s.Ordering,), (s.Preparing,))
async def test_a_card_pulled_while_the_terminal_works(
    backend: Backend, here: Path, at: type
) -> None:
    """Before the order is signed the visit ends or begins again; after it, taking it early is fine."""
    async with terminal_at(backend, here) as place:
        place.reader.apdu_s = 0.01  # long enough to be in the middle
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.AwaitingCard)
        place.on_enter[at] = place.pull_card
        await place.rig.insert_card(person.persona)
        card = place.reader._card
        assert card is not None
        await place.until(lambda: "ReadingCard" in place.kinds, "noticed")
        expected = {
            s.Authenticating: s.Refused,
            s.Ordering: s.Refused,
            s.Preparing: s.Paying,
        }.get(at)
        if expected is None:
            await place.until(lambda: place.kinds[-2:] == ["ReadingCard", "AwaitingCard"], "back")
        else:
            await person.go(expected)
        assert isinstance(card, VirtualCard)
        assert not card.is_pin_verified
        assert place.incidents == []
