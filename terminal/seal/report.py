"""What can be said of some sheets by their seals alone, in words.

A seal shows what a city said, of which set, and which sheet came before. It does not show that the words on
this paper are the city's: a copied seal verifies, too. So the words say what to compare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from terminal.seal.code import PREFIX, Seal, SealRefused
from terminal.seal.keys import PublishedKeys

COMPARE = (
    "A seal that verifies shows what the city said, not that this paper is the one it said it on: "
    "a copied seal verifies, too. Compare the kind, the number, the date and the sheet with the words on the paper."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing found; ``holds`` is whether it speaks for the paper."""

    words: str
    holds: bool = True


def examined(
    pages: Iterable[tuple[str, tuple[str, ...]]],
    keys: PublishedKeys,
    name_of: Callable[[Seal], str],
) -> Iterator[Line]:
    """``pages``: what to call each, and the codes found on it; ``name_of`` says the kind in words."""
    seals: list[Seal] = []
    for called, codes in pages:
        ours = [code for code in codes if code.startswith(PREFIX)]
        if not ours:
            yield Line(
                f"{called}: no seal that can be read: scan it again, at 200 dots an inch or more",
                holds=False,
            )
        for code in ours:
            try:
                seal = keys.opened(code)
            except SealRefused as error:
                yield Line(f"{called}: the seal is not to be believed: {error}", holds=False)
                continue
            seals.append(seal)
            yield Line(f"{called}: {_says(seal, name_of(seal))}")
    yield from _sets(seals)


def _says(seal: Seal, name: str) -> str:
    parts = [
        f"{name}, from {seal.city}",
        *([f"for fiscal {seal.year}"] if seal.year is not None else []),
        f"number {seal.serial}",
        f"issued {seal.issued:%Y-%m-%d}",
        f"sheet {seal.page} of {seal.pages}",
        *(f"about {fact.name}, born {fact.birth:%Y-%m-%d}" for fact in seal.facts),
    ]
    return ", ".join(parts)


def _sets(seals: list[Seal]) -> Iterator[Line]:
    by_set: dict[tuple[str, str], list[Seal]] = defaultdict(list)
    for seal in seals:
        by_set[seal.city, seal.serial].append(seal)
    for (_, serial), members in by_set.items():
        yield from _set(serial, sorted(members, key=lambda seal: seal.page))


def _set(serial: str, seals: list[Seal]) -> Iterator[Line]:
    total = seals[0].pages
    there = [seal.page for seal in seals]
    contents = {seal.page: seal.content for seal in seals}
    missing = [str(page) for page in range(1, total + 1) if page not in contents]
    problems = []
    if len({(seal.kind, seal.pages, seal.issued, seal.year, seal.key_id) for seal in seals}) > 1:
        problems.append("its sheets do not agree on what they are")
    if missing:
        problems.append(f"sheet {', '.join(missing)} of {total} is missing")
    twice = sorted({page for page in there if there.count(page) > 1})
    if twice:
        problems.append(f"sheet {', '.join(map(str, twice))} is there more than once")
    problems += [
        f"sheet {seal.page} was not made to follow this sheet {seal.page - 1}: one of them is of another set"
        for seal in seals
        if seal.page - 1 in contents and seal.before != contents[seal.page - 1]
    ]
    if problems:
        yield Line(f"number {serial}: {'; '.join(problems)}", holds=False)
    else:
        yield Line(f"number {serial}: complete, {total} sheet{'s' if total > 1 else ''}")
