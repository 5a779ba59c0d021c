"""A drawer of cards: a directory in which each card has a name (``drivers.card.cardfile``).

A persona's own card counts wrong PINs in its file, as in life. Where it is wanted with another kind or
another number of tries, a copy is taken, and the file stays as it is.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from drivers.card import cardfile
from drivers.card.kinds import CardKind
from drivers.card.virtual import VirtualCard

DEFAULT_DRAWER = Path(".madoguchi/demo/development/cards")
"""Where the demo keeps its personas' cards, seen from the project's directory."""

_INDEX = "index"  # beside the cards: who they are, for people


class Drawer:
    """The card files of one directory, by name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def names(self) -> list[str]:
        return sorted(path.stem for path in self._directory.glob("*.json") if path.stem != _INDEX)

    def path(self, name: str) -> Path:
        """Raises ValueError naming the cards that exist, or how to make some."""
        names = self.names()
        if name in names:
            return self._directory / f"{name}.json"
        if not names:
            raise ValueError(
                f"there are no cards in {self._directory}: “./run demo --auto” makes the personas'"
                f" in {DEFAULT_DRAWER}; any other directory is named with --cards"
            )
        raise ValueError(f"there is no card of “{name}” here; there are {', '.join(names)}")


def taken_out(
    path: Path, kind: CardKind | None = None, tries_left: int | None = None
) -> VirtualCard:
    """The card of this file. Raises ValueError for what is no card, OSError for an unreadable file."""
    if kind is None and tries_left is None:
        return VirtualCard.from_file(path)
    content = cardfile.load(path)
    return VirtualCard(
        msgspec.structs.replace(
            content,
            kind=content.kind if kind is None else kind,
            tries_left=content.tries_left if tries_left is None else tries_left,
        )
    )
