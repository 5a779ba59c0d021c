"""Cancelled or timed out anywhere: the visit ends cleanly, nothing is kept, and nothing stays."""

from __future__ import annotations

from pathlib import Path

from terminal.visit import states as s
from terminal.visit.screen import ScreenKey
from terminal.visit.screens import screen_of
from tests.terminal.visits.place import Backend, Person, Place, every, terminal_at

BEFORE_ORDER = ["opened", "done"]
ORDERED = ["opened", "ordered", "ready", "done"]
PAID_BACK = ["opened", "ordered", "ready", "paying", "returning", "returned", "done"]

BEFORE_PAYMENT = [
    (s.AwaitingCard, "aoki-haruna", BEFORE_ORDER),
    (s.EnteringPin, "aoki-haruna", BEFORE_ORDER),
    (s.ChoosingCertificate, "aoki-haruna", BEFORE_ORDER),
    (s.ChoosingPeople, "morita-kenji", BEFORE_ORDER),
    (s.ChoosingItems, "aoki-haruna", BEFORE_ORDER),
    (s.Notices, "nguyen-hoa", BEFORE_ORDER),
    (s.Confirming, "aoki-haruna", BEFORE_ORDER),
    (s.ReturningCard, "aoki-haruna", ORDERED),
    (s.Paying, "aoki-haruna", PAID_BACK),
]


async def ended(place: Place, person: Person, steps: list[str]) -> None:
    """Everything agrees that nothing was bought."""
    if isinstance(place.state, s.Idle):
        await place.settled()
    else:
        await person.go(s.Idle)
        await place.settled()
    assert place.steps() == steps
    assert place.incidents == []
    assert (place.payment.held_yen, place.payment.cup_yen, place.reader.card_present) == (
        0,
        0,
        False,
    )
    assert (await place.payment.status()).kept_yen == 0
    assert not place.printer.sheets
    if "ordered" in steps:
        assert place.backend.order_state(place.order) == "void"
        assert place.backend.ledger(place.order) == {}


async def slot_open_if(place: Place, at: type) -> None:
    """What is journalled depends on whether money could have been inserted."""
    if at is s.Paying:
        await place.until(lambda: place.payment.slot_open, "asked for money")


async def test_cancel_wherever_it_is_offered(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        for at, persona, steps in BEFORE_PAYMENT:
            await place.reach(s.Idle)
            person = Person(place, persona)
            await person.go(at)
            await slot_open_if(place, at)
            assert ScreenKey.CANCEL in screen_of(place.state).keys, at
            await place.press("cancel")
            await place.until(lambda at=at: not isinstance(place.state, at), f"left {at}")  # type: ignore[misc]
            await ended(place, person, steps)
        assert len(set(place.visits)) == len(BEFORE_PAYMENT)


async def test_time_out_everywhere(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        for at, persona, steps in BEFORE_PAYMENT:
            if at is s.ReturningCard:
                continue  # a card that is left is an incident of its own
            await place.reach(s.Idle)
            person = Person(place, persona)
            await person.go(at)
            await slot_open_if(place, at)
            await place.time_out()
            await place.until(lambda at=at: not isinstance(place.state, at), f"left {at}")  # type: ignore[misc]
            await ended(place, person, steps)


@every((s.ReadingCard,), (s.Authenticating,), (s.Ordering,), (s.Preparing,))
async def test_time_out_while_the_terminal_works(backend: Backend, here: Path, at: type) -> None:
    """The act is ended with its visit (I-7), and what it would have said is not heard."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)

        def too_late() -> None:
            place.terminal.conductor._deadline = 0

        place.on_enter[at] = too_late
        person = Person(place)
        await person.go(s.Refused)
        assert place.words()[1:3] == ["refused.took_too_long", "refused.took_too_long.next"]
        await person.go(s.Idle)
        await place.settled()
        assert place.steps()[-1] == "done"
        assert "ready" not in place.steps()
        assert "paying" not in place.steps()
        for order in [f["order"] for _, step, f in place.rows() if step == "ordered"]:
            assert backend.order_state(str(order)) == "void"


async def test_part_of_the_money_goes_back_by_cancel(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        place.payment.drop(100)
        await place.press("cancel")
        await place.reach(s.Collecting)
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 100)
        assert "refused.no_charge" in place.words()
        await ended(place, person, PAID_BACK)
        assert place.facts("returned")["yen"] == 100


async def test_cancel_in_the_same_moment_as_the_last_coin(backend: Backend, here: Path) -> None:
    """Whoever wins, the money is either kept for paper or back in the cup, never both."""
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        for coin in (100, 100, 50):
            place.payment.drop(coin)
        await place.press("cancel")
        await person.go(s.Idle)
        await place.settled()
        kept = (await place.payment.status()).kept_yen
        state = backend.order_state(place.order)
        assert (kept, state) in {(0, "void"), (250, "printed")}
        assert (kept == 250) == bool(place.printer.taken)
        assert place.payment.held_yen == 0


async def test_two_visits_share_nothing(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        keys: list[bytes] = []
        for persona in ("aoki-haruna", "morita-kenji"):
            await place.reach(s.Idle)
            person = Person(place, persona, items=("ok",))
            await person.go(s.ReturningCard)
            work = place.terminal.conductor._performer._work
            assert work is not None
            assert work.worker is not None
            keys.append(work.worker.public_key)
            await person.go(s.Farewell)
            await place.reach(s.Idle)
        await place.settled()
        assert keys[0] != keys[1]
        first, second = place.visits
        orders = [str(f["order"]) for _, step, f in place.rows() if step == "ordered"]
        assert len({first, second, *orders}) == 4
        assert place.steps(first) == place.steps(second)
        assert place.terminal.conductor.dropped == 0


async def test_SIGTERM_before_payment_gives_the_money_back(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.Paying)
        await place.until(lambda: place.payment.slot_open, "asked for money")
        place.payment.drop(100)
        place.terminal.stop()
        assert place.running is not None
        await place.running
        assert place.steps() == PAID_BACK
        assert (place.payment.held_yen, place.payment.cup_yen) == (0, 100)


async def test_SIGTERM_after_payment_carries_the_visit_to_its_end(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here) as place:
        await place.reach(s.Idle)
        place.on_enter[s.Printing] = place.terminal.stop
        await Person(place).go(s.HandingOver)
        await place.until(lambda: not place.terminal.conductor.busy, "settled")
        place.take_all()
        assert place.running is not None
        await place.running
        assert place.steps()[-4:] == ["printing", "printed", "kept", "done"]
