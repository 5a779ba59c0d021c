"""PINs on the keypad: wrong ones, the last try, the lock (R45, R46)."""

from __future__ import annotations

from pathlib import Path

from terminal.visit import states as s
from terminal.visit.screens import screen_of
from tests.terminal.visits.place import Backend, Person, Place, terminal_at

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
