"""Whatever can be said was recorded: every screen, every number, every name."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.clock import JST
from terminal.signals import Say, signals_of
from terminal.strings.catalogue import NAMES, catalogue
from terminal.switches import stops
from terminal.visit.screen import Choice, Named, Text
from terminal.visit.screens import screen_of
from terminal.voice import kana, numbers
from terminal.voice.phrases import Phrase, inventory, names, parts
from terminal.voice.saying import (
    Listener,
    changed,
    entering,
    everything,
    reached,
    said_choice,
)
from tests.terminal.panel.wording import everything_said
from tests.terminal.visit.test_machine import explore

LISTENERS = (Listener(), Listener(by_ear=True), Listener(by_ear=True, alone=True))


def recorded(language: str) -> set[Phrase]:
    return {*inventory(catalogue(language)).values(), *names().values()}


def phrases(text: Text, language: str, hotline: str = "0120-000-000") -> list[Phrase]:
    words = catalogue(language).knowing(hotline)
    return [part for part in parts(text, words) if isinstance(part, Phrase)]


@pytest.mark.parametrize("language", NAMES)
def test_every_screen_can_be_said_with_what_is_recorded(language: str) -> None:
    have = recorded(language)
    for state in everything_said(language).values():
        screen = screen_of(state)
        for listener in LISTENERS:
            for text in entering(screen, signals_of(screen).says, listener):
                assert set(phrases(text, language)) <= have, text.id
        for stop in stops(screen, 0):
            for text in reached(stop, screen, LISTENERS[2]):
                assert set(phrases(text, language)) <= have, text.id


@pytest.mark.parametrize("language", NAMES)
@given(n=st.integers(0, numbers.LARGEST))
def test_every_number_can_be_said(language: str, n: int) -> None:
    assert set(numbers.words(n, language)) <= set(numbers.inventory(language))


@pytest.mark.parametrize(
    ("language", "n", "words"),
    [
        ("ja", 250, ["200", "50"]),
        ("ja", 10_500, ["10000", "500"]),
        ("zh", 1_050, ["1000", "零", "50"]),
        ("en", 1_250, ["1", "thousand", "200", "50"]),
        ("pt", 1_250, ["mil", "200", "e", "50"]),
        ("pt", 250, ["200", "e", "50"]),
        ("pt", 1_200, ["mil", "e", "200"]),
        ("pt", 150, ["cento", "e", "50"]),
        ("vi", 1_050, ["1", "nghìn", "không trăm", "50"]),
        ("vi", 205, ["200", "linh", "5"]),
        ("ko", 450, ["400", "50"]),
        ("ja", 0, ["0"]),
    ],
)
def test_how_numbers_are_joined(language: str, n: int, words: list[str]) -> None:
    assert numbers.words(n, language) == words


def test_a_number_beyond_what_is_recorded_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="no words"):
        numbers.words(100_001, "ja")


@given(
    st.text(
        st.sampled_from(
            "あいうえおかきくけこさしすせそたちつてとがぱゃゅょっーんヴァィォ　 々漢a1"
        ),
        max_size=30,
    )
)
def test_every_reading_can_be_spelled(reading: str) -> None:
    assert set(kana.morae(reading)) <= {*kana.MORAE, ""}


@pytest.mark.parametrize(
    ("reading", "morae"),
    [
        ("あおき　はるな", ["ア", "オ", "キ", "", "ハ", "ル", "ナ"]),
        ("ｷｮｳｺ", ["キョ", "ウ", "コ"]),
        ("ローラ", ["ロ", "オ", "ラ"]),
        ("はっとり", ["ハ", "", "ト", "リ"]),
    ],
)
def test_how_a_name_is_spelled(reading: str, morae: list[str]) -> None:
    assert list(kana.morae(reading)) == morae


def test_a_moment_is_said_by_its_parts() -> None:
    at = datetime(2026, 11, 25, 6, 30, tzinfo=JST)
    said = [phrase.text for phrase in phrases(Text("closed.opens", {"when": at}), "ja")]
    assert said == ["次は、", "11月", "25日", "水曜日", "6時", "30分", "からご利用いただけます。"]


def test_counting_words_are_recorded_with_their_numbers() -> None:
    said = phrases(Text("pin.tries", {"tries": 3}), "ja")
    assert [phrase.text for phrase in said] == ["あと3回間違えると、", "ロックされます。"]


def test_a_number_of_a_telephone_is_said_by_its_digits() -> None:
    said = phrases(Text("refused.hotline"), "en", "0120-95")
    assert [phrase.text for phrase in said][-7:-1] == ["0", "1", "2", "0", "9", "5"]


def test_R59_a_name_is_spelled_in_headphones_and_nowhere_else() -> None:
    for state, _ in explore():
        screen = screen_of(state)
        for listener in LISTENERS[:2]:
            for text in everything(screen, listener):
                if text.id in {"choosing_certificate.city", "refused.contact"}:
                    continue  # a city's and an office's names are everybody's
                assert not any(isinstance(value, Named) for value in text.args.values()), text.id
                people = text.args.get("people", ())
                assert people == ()


def test_who_has_no_reading_is_announced_by_number() -> None:
    """In headphones as well: “1番、” and then silence would leave nobody to choose from."""
    alone = Listener(by_ear=True, alone=True)

    def announced(name: Named) -> str:
        choice = Choice(1, "p", Text("choosing_people.person", {"name": name}))
        return said_choice(choice, alone)[0].id

    assert announced(Named("森田　健二")) == "voice.person"
    assert announced(Named("森田　健二", "モリタ　ケンジ")) == "voice.choice"
    assert announced(Named("NGUYEN THI HOA")) == "voice.choice"


def test_a_change_is_said_and_nothing_else() -> None:
    listener = LISTENERS[1]
    said = everything_said("ja")
    pin = screen_of(said["pin"])
    assert changed(pin, pin, listener) == ()
    few, many = screen_of(said["2 people"]), screen_of(said["4 people"])
    texts = [text.id for text in changed(few, many, listener)]
    assert texts == ["voice.person", "voice.chosen"] * 2
    assert changed(few, many, LISTENERS[0]) == ()


def test_who_looks_hears_little_who_listens_everything() -> None:
    screen = screen_of(everything_said("ja")["confirming of all"])
    short = entering(screen, Say.TITLE, Listener())
    assert [text.id for text in short] == ["confirming.title"]
    long = [text.id for text in entering(screen, Say.TITLE, Listener(by_ear=True))]
    assert "confirming.no_return" in long, "R56: before money"
    assert "voice.keys.cancel" in long
