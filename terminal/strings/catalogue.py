"""Looks words up. A missing id is our bug and shows as such in tests, never as an empty screen."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from terminal.visit.screen import Text

NAMES = {"ja": "日本語", "en": "English"}


class Catalogue:
    """The words of one language. Arguments that start with ``@`` are themselves text ids."""

    def __init__(self, language: str, words: dict[str, str]) -> None:
        self.language = language
        self._words = words

    def lookup(self, text: Text) -> str:
        """The words of a text with its arguments put in; money gets its thousands separated."""
        template = self._words.get(text.id)
        if template is None:
            return text.id
        args = {name: self._argument(value) for name, value in text.args.items()}
        return template.format(**args)

    def has(self, text_id: str) -> bool:
        return text_id in self._words

    def words(self, text_id: str) -> str:
        """As written, with its slots."""
        return self._words[text_id]

    def ids(self) -> frozenset[str]:
        return frozenset(self._words)

    def _argument(self, value: str | int) -> str:
        if isinstance(value, int):
            return f"{value:,}"
        if value.startswith("@"):
            return self.lookup(Text(value[1:]))
        return value


@cache
def catalogue(language: str) -> Catalogue:
    """Raises KeyError for a language the terminal does not speak."""
    if language not in NAMES:
        raise KeyError(language)
    source = resources.files("terminal.strings").joinpath(f"{language}.toml")
    return Catalogue(language, tomllib.loads(source.read_text(encoding="utf-8")))
