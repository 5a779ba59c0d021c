"""Decision i: each left thing, at every rung's second, a millisecond before it and on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.lights import FlashRate, Light
from drivers.sounder import Sound, Tone
from terminal.attention import LADDER, SOUNDS, Call, Left, next_change_s, rung, signals
from terminal.strings.catalogue import catalogue

# flash, manner, repeats, staff called, incident: decision i, written down a second time
DECISION_I = {
    0.0: ("slow", "chime", False, False, False),
    9.999: ("slow", "chime", False, False, False),
    10.0: ("quick", "louder", True, False, False),
    29.999: ("quick", "louder", True, False, False),
    30.0: ("quick", "continuous", True, True, False),
    119.999: ("quick", "continuous", True, True, False),
    120.0: ("quick", "continuous", True, True, True),
    86_400.0: ("quick", "continuous", True, True, True),
}
PLACES = {
    Left.CARD: ("card_reader", "card"),
    Left.SHEETS: ("printer_tray", "paper"),
    Left.RECEIPT: ("receipt", "paper"),
    Left.CHANGE: ("payment", "money"),
}


@pytest.mark.parametrize("seconds", DECISION_I)
@pytest.mark.parametrize("left", list(Left))
def test_R66_R67_R68_every_thing_climbs_the_ladder_to_the_millisecond(
    left: Left, seconds: float
) -> None:
    flash, manner, repeat, staff, incident = DECISION_I[seconds]
    light, tune = PLACES[left]
    call = signals({left: seconds})
    assert call.lights == {light: flash}
    assert call.sound == f"{tune}.{manner}"
    assert call.repeat is repeat
    assert call.call_staff == ({left} if staff else set())
    assert call.incident == ({left} if incident else set())
    assert call.words == (f"attention.{left.value}", *(("attention.staff",) if staff else ()))


def test_nothing_left_calls_nobody() -> None:
    assert signals({}) == Call()
    assert (Call().lights, Call().sound, Call().repeat, Call().words) == ({}, None, False, ())


@pytest.mark.parametrize(
    ("seconds", "wait"),
    [(0, 10), (9.999, 0.001), (10, 20), (29.5, 0.5), (30, 90), (119, 1), (120, None), (1e9, None)],
)
def test_the_next_change_is_when_the_next_rung_begins(seconds: float, wait: float | None) -> None:
    assert next_change_s(seconds) == (None if wait is None else pytest.approx(wait))


def test_a_clock_that_seems_to_go_back_is_the_first_rung() -> None:
    assert rung(-1) is LADDER[0]
    assert signals({Left.CARD: -1}).sound == "card.chime"


def test_R66_the_card_has_the_buzzer_whatever_else_lies_there() -> None:
    call = signals({Left.SHEETS: 45, Left.CARD: 3, Left.CHANGE: 12})
    assert call.sound == "card.continuous"  # what is most urgent, as loud as the longest wait
    assert [signal.sound for signal in call.signals] == ["card.continuous", None, None]
    assert call.lights == {"card_reader": "slow", "printer_tray": "quick", "payment": "quick"}
    assert call.words[0] == "attention.card"
    assert call.call_staff == {Left.SHEETS}


LEFT = st.dictionaries(st.sampled_from(Left), st.floats(min_value=0, max_value=1e6))


@given(LEFT)
def test_any_mix_is_complete_and_never_flashes_above_2_hz(left: dict[Left, float]) -> None:
    call = signals(left)
    assert [signal.left for signal in call.signals] == [each for each in Left if each in left]
    assert len(call.lights) == len(left)  # no two things share a light
    for light, flash in call.lights.items():
        assert light in {each.value for each in Light}
        half_period_s = FlashRate[flash.upper()].value
        assert half_period_s < 0 or half_period_s >= 0.25
    assert (call.sound is None) == (not left)
    assert call.sound is None or call.sound in SOUNDS
    # light, sound and words alike, for each thing (decision i)
    for each in left:
        assert f"attention.{each.value}" in call.words


@given(LEFT, st.floats(min_value=0, max_value=300))
def test_waiting_longer_never_calms_anything(left: dict[Left, float], more: float) -> None:
    before = signals(left)
    after = signals({each: seconds + more for each, seconds in left.items()})
    assert before.call_staff <= after.call_staff
    assert before.incident <= after.incident
    assert before.repeat <= after.repeat
    if before.sound is not None and after.sound is not None:
        loudness = [max(note[2] for note in SOUNDS[sound]) for sound in (before.sound, after.sound)]
        assert loudness[0] <= loudness[1]


@given(LEFT)
def test_between_two_changes_nothing_changes(left: dict[Left, float]) -> None:
    nexts = [wait for wait in map(next_change_s, left.values()) if wait is not None]
    wait = min(nexts, default=3600.0)
    later = {each: seconds + wait * 0.99 for each, seconds in left.items()}
    assert signals(later) == signals(left)


# --- the sounds ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SOUNDS))
def test_every_sound_can_be_played(name: str) -> None:
    sound = Sound(name, tuple(Tone(hz, ms, loudness) for hz, ms, loudness in SOUNDS[name]))
    assert 0 < sound.ms < 3000
    for tone in sound.tones:
        assert tone.ms > 0
        assert (tone.hz == 0) == (tone.loudness == 0)
        assert tone.hz == 0 or 2000 <= tone.hz <= 3000  # what a 2.7 kHz piezo gives well
        assert 0 <= tone.loudness <= 1


def _rhythm(name: str) -> tuple[tuple[bool, int], ...]:
    """What is left of a sound on an active buzzer: on and off."""
    return tuple((hz > 0, ms) for hz, ms, _ in SOUNDS[name])


@pytest.mark.parametrize("manner", ["chime", "louder", "continuous"])
def test_card_paper_money_and_fault_differ_even_on_a_buzzer_of_one_pitch(manner: str) -> None:
    tunes = ("card", "paper", "money", "fault")
    assert len({_rhythm(f"{tune}.{manner}") for tune in tunes}) == len(tunes)
    soundings = {tuple(ms for on, ms in _rhythm(f"{tune}.{manner}") if on) for tune in tunes}
    assert len(soundings) == len(tunes)


@pytest.mark.parametrize("tune", ["card", "paper", "money", "fault"])
def test_each_manner_is_louder_than_the_one_before(tune: str) -> None:
    manners = ("chime", "louder", "continuous")
    loudness = [max(note[2] for note in SOUNDS[f"{tune}.{manner}"]) for manner in manners]
    assert loudness == sorted(set(loudness))
    silence = [sum(ms for hz, ms, _ in SOUNDS[f"{tune}.{each}"] if not hz) for each in manners]
    assert silence[2] < silence[1]


def test_R14_one_key_sound_serves_every_digit() -> None:
    assert [name for name in SOUNDS if "key" in name] == ["key"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_word_of_it_is_in_the_catalogue(language: str) -> None:
    everything = signals(dict.fromkeys(Left, 1000.0))
    texts = catalogue(language)
    said = {texts.words(word) for word in everything.words}
    assert len(said) == len(Left) + 1
