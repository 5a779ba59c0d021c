"""The ladder of decision i in virtual time, on all faces at once: everything that can be left behind, at every
state that asks for it, in every language; each rung at its second, and none before."""

from __future__ import annotations

import pytest

from drivers.lights import FlashRate, Light
from drivers.speaker import Outlet
from terminal.attention import LADDER, Left
from terminal.left_behind import left_behind
from terminal.signals import signals_of
from terminal.strings.catalogue import NAMES, catalogue
from terminal.visit import states as s
from terminal.visit.known import Belongings, Ending, Visit
from terminal.visit.screen import Text
from terminal.visit.screens import screen_of
from terminal.visit.states import State
from tests.terminal.test_presenter import faces
from tests.terminal.visit.world import DOCUMENT, PAYMENT, REFUSAL

LIGHT = {
    Left.CARD: Light.CARD_READER,
    Left.SHEETS: Light.PRINTER_TRAY,
    Left.RECEIPT: Light.RECEIPT,
    Left.CHANGE: Light.PAYMENT,
}
TUNE = {Left.CARD: "card", Left.SHEETS: "paper", Left.RECEIPT: "paper", Left.CHANGE: "money"}
LYING = {
    Left.CARD: Belongings(card=True),
    Left.SHEETS: Belongings(sheets=True),
    Left.RECEIPT: Belongings(receipt=True),
    Left.CHANGE: Belongings(change=True),
}


def asking(language: str) -> list[State]:
    """Every state that calls for something, and the one that is shown when nobody came."""
    visit = Visit("v", language)
    handing = s.HandingOver(visit, DOCUMENT, PAYMENT, kept=True)
    return [
        s.ReturningCard(visit, DOCUMENT),
        s.TakingCardBack(visit, Ending.CANCELLED),
        handing,
        s.Collecting(visit, REFUSAL),
        s.Settling(visit, "settling.money_stuck", "r"),
        s.Farewell(visit, Ending.DELIVERED),
        s.Refused(visit, REFUSAL, card_present=False),
        s.Guide(language),
        s.Closed(language, "closed.hours", None),
        s.OutOfService(language, ("trouble.left_behind",)),
    ]


CASES = [
    (state, left, language)
    for language in NAMES
    for state in asking(language)
    for left in Left
    if left_behind(state, LYING[left])
]


def test_every_thing_is_called_for_somewhere() -> None:
    assert {left for _, left, _ in CASES} == set(Left)
    for state in asking("ja"):
        assert any(left_behind(state, there) for there in LYING.values()), state


@pytest.mark.parametrize(
    ("state", "left", "language"),
    CASES,
    ids=[f"{type(state).__name__}-{left.value}-{language}" for state, left, language in CASES],
)
async def test_R66_R67_R68_each_rung_comes_at_its_second(
    state: State, left: Left, language: str
) -> None:
    words = catalogue(language)
    async with faces(with_voice=True) as made:
        await made.show(state, LYING[left])
        for rung in LADDER:
            before = len(made.speaker.history)
            if rung.from_s:
                made.clock.at = rung.from_s - 0.001
                assert not await made.show(state, LYING[left])
                assert made.lights.pattern[LIGHT[left]] is not None
                assert len(made.speaker.history) == before
            made.clock.at = rung.from_s
            due = await made.show(state, LYING[left])
            assert made.lights.pattern[LIGHT[left]] is FlashRate[rung.flash.upper()]
            assert due == ({left} if rung.call_staff and rung.from_s == 30 else set())
            if rung.repeat:
                assert made.sounds[-1] == f"{TUNE[left]}.{rung.manner}"
                said = made.speaker.history[-1].words
                assert said[0] == words.lookup(Text(f"attention.{left.value}"))
                staff = words.lookup(Text("attention.staff"))
                assert (staff in said) == rung.call_staff
                if rung.from_s in {10, 30}:
                    assert len(made.speaker.history) == before + 1
        await made.show(state, Belongings())
        own = signals_of(screen_of(state)).guide == LIGHT[left].value
        assert made.lights.pattern.get(LIGHT[left]) is (FlashRate.SLOW if own else None)


async def test_R67_tune_and_words_take_turns_until_it_is_taken() -> None:
    """A round ends with the words; the next begins with the tune. Without a voice the tune repeats alone."""
    state, there = s.TakingCardBack(Visit("v"), Ending.CANCELLED), LYING[Left.CARD]
    async with faces(with_voice=True) as made:
        await made.show(state, there)
        made.clock.at = 10
        await made.show(state, there)
        for round_ in range(1, 4):
            sounding = made.sounder.sounding
            assert sounding is not None
            assert not sounding.repeat
            assert made.sounds.count("card.louder") == round_
            speech = made.speaker.history[-1]
            assert speech.clips[0].ms >= sum(tone.ms for tone in sounding.tones), "after the tune"
            made.presenter.speech_ended(speech)
            await made.shown()
        made.speaker.unplug()
        await made.show(state, there)
        sounding = made.sounder.sounding
        assert sounding is not None
        assert sounding.repeat, "the buzzer goes on alone"
        made.speaker.plug()
        said = len(made.speaker.history)
        await made.show(state, there)
        assert len(made.speaker.history) == said + 1, "and with the voice again"
        sounding = made.sounder.sounding
        assert sounding is not None
        assert not sounding.repeat


async def test_a_call_is_heard_from_the_loudspeaker_though_headphones_hang_there() -> None:
    state, there = s.TakingCardBack(Visit("v"), Ending.CANCELLED), LYING[Left.CARD]
    async with faces(with_voice=True) as made:
        made.presenter.voice.headphones = True
        await made.show(state, there)
        made.clock.at = 10
        await made.show(state, there)
        outlets = [speech.outlet for speech in made.speaker.history]
        assert outlets == [Outlet.HEADPHONES, Outlet.SPEAKER]


async def test_an_old_speechs_end_begins_no_round() -> None:
    state, there = s.TakingCardBack(Visit("v"), Ending.CANCELLED), LYING[Left.CARD]
    async with faces(with_voice=True) as made:
        await made.show(state, there)
        old = made.speaker.history[-1]
        made.clock.at = 10
        await made.show(state, there)
        made.presenter.speech_ended(old)
        await made.shown()
        assert made.sounds.count("card.louder") == 1


async def test_words_of_a_long_wait_are_said_again() -> None:
    """Printing takes minutes: who hears nothing walks off."""
    state = s.Printing(Visit("v"), DOCUMENT, PAYMENT)
    async with faces(with_voice=True) as made:
        await made.show(state)
        made.presenter.speech_ended(made.speaker.history[-1])
        made.clock.at = 19.9
        await made.show(state)
        assert len(made.speaker.history) == 1
        assert made.presenter.next_change_s(19.9) == pytest.approx(0.1)
        made.clock.at = 20
        await made.show(state)
        assert made.speaker.history[0].words == made.speaker.history[1].words


async def test_a_call_in_a_long_wait_wakes_nobody_for_nothing() -> None:
    """The moment for the screen's own words goes by while somebody is called: that is no reason to spin."""
    state, there = s.Settling(Visit("v"), "settling.money_stuck", "R-1"), LYING[Left.RECEIPT]
    async with faces(with_voice=True) as made:
        await made.show(state)
        made.presenter.speech_ended(made.speaker.history[-1])
        for made.clock.at in (15, 25, 35, 60):
            await made.show(state, there)
            assert made.presenter.next_change_s(made.clock.at) > 0


async def test_words_of_a_call_end_when_the_thing_is_taken() -> None:
    """On a screen that stays the same there is nothing else to say: then there is silence."""
    state = s.OutOfService("ja", ("trouble.cover",))
    async with faces(with_voice=True) as made:
        await made.show(state, LYING[Left.CARD])
        made.clock.at = 10
        await made.show(state, LYING[Left.CARD])
        assert made.speaker.saying is not None
        await made.show(state)
        assert made.speaker.saying is None


async def test_quiet_is_quieter_and_never_silent() -> None:
    state, there = s.TakingCardBack(Visit("v"), Ending.CANCELLED), LYING[Left.CARD]
    async with faces(with_voice=True) as made:
        await made.show(state, there)
        made.presenter.voice.change_volume()
        made.clock.at = 30
        await made.show(state, there)
        sounding = made.sounder.sounding
        assert sounding is not None
        loudest = max(tone.loudness for tone in sounding.tones)
        assert 0 < loudest < 0.5
        assert 0 < made.speaker.history[-1].loudness < 0.5
        await made.show(s.Idle())
        assert not made.presenter.voice.hearing.quiet, "the next person begins anew"
