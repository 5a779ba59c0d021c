"""Whole numbers as words that can be recorded: each language joins its own places.

The words are written with digits where a synthesiser reads those rightly in its own language
(``200`` is said “two hundred”, 二百, hai trăm); what is joined between them is written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

LARGEST = 100_000
"""Nothing at the terminal costs more (wire.Yen)."""


def words(n: int, language: str) -> list[str]:
    """The words to say one after the other. Raises ValueError beyond what is recorded."""
    if not 0 <= n <= LARGEST:
        raise ValueError(f"no words are recorded for {n}")
    if n == 0:
        return ["0"]
    return list(_JOINED[language](n))


def inventory(language: str) -> Iterable[str]:
    """Every word that ``words`` may use."""
    found: dict[str, None] = {}
    for n in (*range(1_000), *range(1_000, LARGEST + 1, 1_000), 1_001, 1_010, 10_001, LARGEST):
        found |= dict.fromkeys(words(n, language))
    return found


def _by_myriads(n: int) -> Iterator[str]:
    """20000 3000 400 50 6."""
    for place in (100_000, 10_000, 1_000, 100, 10, 1):
        digit = n // place % 10
        if digit:
            yield str(digit * place)


def _chinese(n: int) -> Iterator[str]:
    """A place that is skipped is said once: 一千零五十."""
    begun = skipped = False
    for place in (100_000, 10_000, 1_000, 100, 10, 1):
        digit = n // place % 10
        if digit:
            if begun and skipped:
                yield "零"
            yield str(digit * place)
            begun, skipped = True, False
        else:
            skipped = True


def _english(n: int) -> Iterator[str]:
    if n >= 1_000:
        yield str(n // 1_000)
        yield "thousand"
    if n // 100 % 10:
        yield str(n // 100 % 10 * 100)
    if n % 100:
        yield str(n % 100)


def _portuguese(n: int) -> Iterator[str]:
    """Hundreds and what follows are joined by “e”: duzentos e cinquenta, mil e duzentos."""
    hundreds, rest = n // 100 % 10, n % 100
    if n >= 2_000:
        yield str(n // 1_000)
    if n >= 1_000:
        yield "mil"
        if bool(hundreds) != bool(rest):
            yield "e"
    if hundreds:
        yield "cento" if hundreds == 1 and rest else str(hundreds * 100)
        if rest:
            yield "e"
    if rest:
        yield str(rest)


def _vietnamese(n: int) -> Iterator[str]:
    """một nghìn không trăm năm mươi; hai trăm linh năm."""
    hundreds, rest = n // 100 % 10, n % 100
    if n >= 1_000:
        yield str(n // 1_000)
        yield "nghìn"
    if hundreds or (n >= 1_000 and rest):
        yield str(hundreds * 100) if hundreds else "không trăm"
    if rest:
        if rest < 10 <= n // 10:
            yield "linh"
        yield str(rest)


_JOINED = {
    "ja": _by_myriads,
    "ja-x-easy": _by_myriads,
    "ko": _by_myriads,
    "zh": _chinese,
    "en": _english,
    "pt": _portuguese,
    "vi": _vietnamese,
}
