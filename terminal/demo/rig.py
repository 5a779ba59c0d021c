"""What a person (or the dock, or a test) can do to a terminal's devices, whatever they are made of."""

from __future__ import annotations

import abc
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class DockState:
    """Everything the dock shows. ``lights`` maps a light's name to off, steady, slow or quick.

    ``another``: a second card lies on the first. ``saying``: the words that are being said."""

    card: str | None
    lights: dict[str, str]
    sound: str | None
    slot_open: bool
    held_yen: int
    change_yen: int
    sheets_in_tray: int
    receipt_in_slot: bool
    cover_open: bool
    paper_out: bool
    line_cut: bool
    another: bool = False
    display: tuple[str, ...] = ()
    saying: tuple[str, ...] = ()
    headphones: bool = False


class Rig(abc.ABC):
    """Simulated or virtual devices with hands on them. Refuses impossible acts with ImpossibleAct."""

    @abc.abstractmethod
    def personas(self) -> list[dict[str, str]]:
        """The cards in the drawer: persona, name, city, pin, note_ja, note_en."""

    @abc.abstractmethod
    def state(self) -> DockState:
        """As things lie now."""

    @abc.abstractmethod
    async def insert_card(self, persona: str) -> None:
        """Lay down this card of the drawer."""

    @abc.abstractmethod
    async def remove_card(self) -> None:
        """Take away all that lies on the reader."""

    @abc.abstractmethod
    async def press_key(self, key: str) -> None:
        """One key of the keypad, by its ``drivers.keypad.Key`` value."""

    @abc.abstractmethod
    async def press_button(self, button: str) -> None: ...

    @abc.abstractmethod
    async def drop_money(self, yen: int) -> None: ...

    @abc.abstractmethod
    async def take_change(self) -> None: ...

    @abc.abstractmethod
    async def take_sheets(self) -> None: ...

    @abc.abstractmethod
    async def take_receipt(self) -> None: ...

    @abc.abstractmethod
    async def set_cover(self, *, is_open: bool) -> None: ...

    @abc.abstractmethod
    async def set_paper(self, *, out: bool) -> None: ...

    @abc.abstractmethod
    async def set_headphones(self, *, in_use: bool) -> None:
        """Plug headphones in, or pull them out."""

    @abc.abstractmethod
    async def set_line(self, *, cut: bool) -> None: ...

    @abc.abstractmethod
    def sheets(self) -> list[Image.Image]:
        """The sheets in the tray, or those taken last: what is on the paper, at the printer's dots."""

    @abc.abstractmethod
    def receipt(self) -> Image.Image | None: ...

    @abc.abstractmethod
    def sheet_pngs(self) -> list[bytes]:
        """The same as pictures for a screen."""

    @abc.abstractmethod
    def receipt_png(self) -> bytes | None: ...
