"""Looks words up. A missing id is our bug and shows as such in tests, never as an empty screen."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from importlib import resources

from terminal.visit.screen import Argument, Named, Text

NAMES = {
    "ja": "日本語",
    "en": "English",
    "zh": "中文",
    "ko": "한국어",
    "vi": "Tiếng Việt",
    "pt": "Português",
    "ja-x-easy": "やさしい日本語",
}
"""What each language calls itself, in the order in which the language key goes through them."""


class Catalogue:
    """The words of one language. Arguments that start with ``@`` are themselves text ids.

    The slot ``{hotline}`` may stand in any text: it is the line for lost cards (R69), by its name until
    its number is known.
    """

    def __init__(self, language: str, words: dict[str, str], hotline: Text | None = None) -> None:
        self.language = language
        self.hotline = Text("hotline") if hotline is None else hotline
        self._words = words

    def knowing(self, telephone: str) -> Catalogue:
        """The same with the hotline's number, "" where it is not known."""
        if not telephone:
            return self
        named = Text("hotline.number", {"telephone": telephone})
        return Catalogue(self.language, self._words, named)

    def lookup(self, text: Text) -> str:
        """The words of a text with its arguments put in, as this language writes them."""
        template = self._words.get(text.id)
        if template is None:
            return text.id
        if "{" not in template:
            return template
        args = {name: self._argument(value) for name, value in text.args.items()}
        if "{hotline}" in template:
            args["hotline"] = self.lookup(self.hotline)
        return template.format(**args)

    def has(self, text_id: str) -> bool:
        return text_id in self._words

    def words(self, text_id: str) -> str:
        """As written, with its slots."""
        return self._words[text_id]

    def ids(self) -> frozenset[str]:
        return frozenset(self._words)

    def _argument(self, value: Argument) -> str:
        match value:
            case int():
                return f"{value:,}"
            case datetime():
                return self._moment(value)
            case Named(written=written):
                return written
            case tuple():
                return self._words["list.separator"].join(self._argument(each) for each in value)
            case _:
                return self.lookup(Text(value[1:])) if value.startswith("@") else value

    def _moment(self, at: datetime) -> str:
        """Day and time, without a year: nobody is asked to come back in more than a few weeks."""
        template = self._words["moment" if at.minute else "moment.full_hour"]
        return template.format(
            month=self._words[f"month.{at.month}"],
            day=at.day,
            weekday=self._words[f"weekday.{at.isoweekday()}"],
            hour=at.hour,
            minute=at.minute,
        )


@cache
def catalogue(language: str) -> Catalogue:
    """Raises KeyError for a language the terminal does not speak."""
    if language not in NAMES:
        raise KeyError(language)
    source = resources.files("terminal.strings").joinpath(f"{language}.toml")
    return Catalogue(language, tomllib.loads(source.read_text(encoding="utf-8")))


def on_paper(language: str) -> str:
    """In which language slips are printed: offices that are shown one read Japanese or English."""
    return "ja" if language.startswith("ja") else "en"
