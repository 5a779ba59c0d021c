"""Every text id that a screen or a module names exists in every language, and with the same slots."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import terminal
from terminal.strings.catalogue import NAMES, catalogue, on_paper
from terminal.visit.machine import LANGUAGES
from terminal.visit.screen import Screen, ScreenKey
from terminal.visit.screens import screen_of
from tests.terminal.visit.test_machine import explore

SOURCES = Path(terminal.__file__).parent
ID = re.compile(
    r'"((?:refused|trouble|closed|attention|settling|product|item|notice)\.[a-z0-9_.]+)"'
)


def slots(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


YEAR = {"reiwa", "earned", "year", "before"}


def is_needed(text_id: str, language: str) -> bool:
    """Slips are printed in two languages only."""
    return not text_id.startswith("receipt.") or on_paper(language) == language


def test_languages_have_the_same_ids_and_slots() -> None:
    japanese = catalogue("ja")
    for language in NAMES:
        other = catalogue(language)
        ids = {text_id for text_id in japanese.ids() if is_needed(text_id, language)}
        assert other.ids() == ids
        for text_id in ids:
            own = slots(other.words(text_id))
            expected = slots(japanese.words(text_id))
            # A 年度 is called by its era in some languages, by the western year in others.
            in_words = text_id in {"choosing_year.year", "confirming.year"} and own <= YEAR
            assert own == expected or in_words, text_id


@pytest.mark.parametrize("language", NAMES)
def test_every_screen_has_its_words(language: str) -> None:
    words = catalogue(language)
    for state, _ in explore():
        for text_id in ids_of(screen_of(state)):
            if text_id == "product.taxation":  # the machine's tests offer more than the city does
                continue
            assert words.has(text_id), f"{type(state).__name__} needs {text_id} in {language}"


def ids_of(screen: Screen) -> list[str]:
    texts = [screen.title, *screen.lines, *screen.labels.values()]
    for choice in screen.choices:
        texts += [choice.label, *([choice.detail] if choice.detail else [])]
    ids = [text.id for text in texts] + [f"key.{key.value}" for key in ScreenKey]
    for text in texts:
        ids += [v[1:] for v in text.args.values() if isinstance(v, str) and v.startswith("@")]
    return ids


def test_every_id_named_in_the_source_exists() -> None:
    words = catalogue("ja")
    for path in SOURCES.rglob("*.py"):
        for text_id in ID.findall(path.read_text(encoding="utf-8")):
            named = words.has(text_id) or words.has(f"{text_id}.title")
            assert named, f"{path.name} names {text_id}"


def test_every_refusal_says_what_to_do_next() -> None:
    words = catalogue("ja")
    reasons = [i for i in words.ids() if i.startswith("refused.") and words.has(f"{i}.next")]
    assert len(reasons) > 20
    for path in SOURCES.rglob("*.py"):
        for text_id in re.findall(r'reason="(refused\.[a-z_]+)"', path.read_text(encoding="utf-8")):
            assert words.has(f"{text_id}.next"), text_id


def test_the_terminal_speaks_the_languages_that_it_has_words_for() -> None:
    assert tuple(NAMES) == LANGUAGES
    files = {path.stem for path in (SOURCES / "strings").glob("*.toml")}
    assert files == set(NAMES)
