"""PINs typed on the reader's own keys: the terminal only waits, and never has a digit (R14, R45)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drivers.errors import ImpossibleAct
from terminal.visit import states as s
from terminal.visit.screens import screen_of
from tests.terminal.visits.place import PAPER, Backend, Person, Place, every, terminal_at

PERSONA = "aoki-haruna"
READER = {"type": "simulated", "pin_at_reader": True}


async def typed(place: Place, digits: str) -> None:
    """As soon as the reader asks."""

    def try_it() -> bool:
        try:
            place.reader.type_pin(digits)
        except ImpossibleAct:
            return False
        return True

    await place.until(try_it, "asked by the reader")


async def test_R14_a_whole_visit_without_a_digit_in_the_terminal(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here, card_reader=READER) as place:
        await place.reach(s.Idle)
        person = Person(place)
        await person.go(s.TypingAtReader)
        assert screen_of(place.state).pin_length is None
        await place.press("9", "9", "9", "9", "ok")
        assert len(place.terminal.conductor._desk.pin) == 0
        await typed(place, "1234")
        await person.go(s.Farewell)
        await place.settled()
        assert place.steps() == PAPER


async def test_R45_wrong_again_and_the_last_try_is_asked_for_here_too(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here, card_reader=READER) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.TypingAtReader)
        await typed(place, "9999")
        await typed(place, "9999")
        await place.until(lambda: screen_of(place.state).id == "last_try", "asked about it")
        assert place.tries_on_card(PERSONA) == 1
        await place.press("ok")
        await typed(place, "1234")
        await place.reach(s.ChoosingCertificate)
        assert place.tries_on_card(PERSONA) == 3


async def test_R45_R46_the_third_wrong_one_locks(backend: Backend, here: Path) -> None:
    async with terminal_at(backend, here, card_reader=READER) as place:
        place.card(PERSONA, tries_left=1)
        await place.reach(s.Idle)
        await Person(place).go(s.EnteringPin)
        await place.press("ok")
        await typed(place, "9999")
        await place.reach(s.Refused)
        assert "refused.pin_locked.next" in place.words()


async def test_too_few_digits_cost_no_try_and_may_be_typed_again(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here, card_reader=READER) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.TypingAtReader)
        await typed(place, "12")
        await typed(place, "1234")
        await place.reach(s.ChoosingCertificate)
        assert "EnteringPin" not in place.kinds


def pull(place: Place) -> None:
    place.pull_card()


def cancel(place: Place) -> None:
    place.reader.type_pin("")


def unplug(place: Place) -> None:
    place.reader.unplug()


@every(
    (pull, s.AwaitingCard, None),
    (cancel, s.TakingCardBack, None),
    (unplug, s.Refused, "refused.reader"),
)
async def test_what_else_can_happen_while_somebody_types(
    backend: Backend, here: Path, act: Callable[[Place], None], then: type, reason: str | None
) -> None:
    async with terminal_at(backend, here, card_reader=READER) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.TypingAtReader)
        await place.until(lambda: place.reader._typing is not None, "asked by the reader")
        act(place)
        await place.until(lambda: isinstance(place.state, then), f"in {then}")
        assert reason is None or reason in place.words()
        assert place.tries_on_card(PERSONA) == 3


async def test_the_readers_own_time_out_ends_the_visit_and_asks_for_the_card(
    backend: Backend, here: Path
) -> None:
    async with terminal_at(backend, here, {"pin_s": 0.2}, card_reader=READER) as place:
        await place.reach(s.Idle)
        await Person(place).go(s.TypingAtReader)
        await place.reach(s.TakingCardBack)
        await place.rig.remove_card()
        await place.reach(s.Idle)
        await place.settled()
        assert place.steps() == ["opened", "done"]
