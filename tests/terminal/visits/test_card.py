"""The card in a visit: PINs, other cards, and cards that are taken away or left (R1, R14, R41–R45, R66)."""

from __future__ import annotations

from pathlib import Path

from drivers.card.foreign import ForeignCard
from drivers.card.kinds import CardKind
from drivers.card.odd_card import OddCard
from drivers.card.oddities import Oddities
from drivers.card.virtual import VirtualCard
from terminal.visit import states as s
from terminal.visit.screens import screen_of
from tests.terminal.visits.place import Backend, Person, Place, every, terminal_at

PERSONA = "aoki-haruna"
WRONG = ("9", "9", "9", "9", "ok")


def tries_shown(place: Place) -> int:
    """What stands on the screen before a digit is typed."""
    (tries,) = [t.args["tries"] for t in screen_of(place.state).lines if t.id == "pin.tries"]
    assert isinstance(tries, int)
    return tries


async def test_R45_wrong_then_right(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.EnteringPin)
        assert tries_shown(place) == 3
        await place.press(*WRONG)
        await place.until(
            lambda: isinstance(place.state, s.EnteringPin) and place.state.was_wrong, "wrong"
        )
        assert tries_shown(place) == 2
        assert place.tries_on_card(PERSONA) == 2
        await person.go(s.ChoosingCertificate)
        assert place.tries_on_card(PERSONA) == 3
        await place.press("cancel")
        await person.go(s.Farewell)


async def test_R45_the_last_try_is_asked_for(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        place.card(PERSONA, tries_left=1)
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.EnteringPin)
        assert screen_of(place.state).id == "last_try"
        await place.press("1", "2", "3", "4")
        await place.press("ok")
        await place.until(lambda: screen_of(place.state).id == "entering_pin", "asked for the PIN")
        assert tries_shown(place) == 1
        assert screen_of(place.state).pin_length == 0, "digits typed before the question count not"
        await place.press("1", "2", "3", "4", "ok")
        await place.reach(s.ChoosingCertificate)
        assert place.tries_on_card(PERSONA) == 3


async def test_R45_R46_three_times_wrong_locks_and_says_where_to_go(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.EnteringPin)
        for left in (2, 1):
            await place.press(*WRONG)
            await place.until(
                lambda left=left: (
                    isinstance(place.state, s.EnteringPin)  # type: ignore[misc]
                    and place.state.card.tries_left == left
                ),
                f"{left} tries left",
            )
        await place.press("ok", *WRONG)
        refused = await place.reach(s.Refused)
        assert refused.refusal.reason == "refused.pin_locked"
        assert "refused.pin_locked.next" in place.words()
        assert place.tries_on_card(PERSONA) == 0
        await place.press("ok")
        await place.reach(s.TakingCardBack)
        await place.rig.remove_card()
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == ["opened", "done"]


async def test_R45_a_locked_card_is_refused_before_the_pin(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place, "ishii-mai").go(s.Refused)
        assert place.words()[1:3] == ["refused.pin_locked", "refused.pin_locked.next"]
        assert "EnteringPin" not in place.kinds


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
        await place.rig.remove_card()
        await Person(place).go(s.EnteringPin)
        await place.press("cancel")
        await Person(place).go(s.Farewell)


async def test_a_mute_card_that_is_left_keeps_the_next_person_out(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        place.reader.insert_mute()
        await place.reach(s.Consent)
        await place.time_out()
        await place.reach(s.TakingCardBack)
        place.reader.remove()
        await place.reach(s.Idle)


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
