"""A rig on a desk: things lie where hands put them, and impossible acts are refused."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image, ImageDraw

from drivers.errors import ImpossibleAct
from terminal.demo.rig import DockState, Rig

NOTHING = DockState(
    card=None,
    lights={},
    sound=None,
    slot_open=False,
    held_yen=0,
    change_yen=0,
    sheets_in_tray=0,
    receipt_in_slot=False,
    cover_open=False,
    paper_out=False,
    line_cut=False,
)
PERSONAS = [
    {
        "persona": f"person-{number}",
        "name": name,
        "city": city,
        "pin": f"{number:04}",
        "note_ja": note_ja,
        "note_en": note_en,
    }
    for number, (name, city, note_ja, note_en) in enumerate(
        (
            ("見本　太郎", "さくら市", "4人世帯の世帯主", "head of a household of four"),
            ("見本　花子", "さくら市", "同じ世帯の妻", "of the same household"),
            ("葛󠄀城　櫻子", "みどり市", "ひとり暮らし・異体字", "lives alone; rare characters"),
            (
                "Nguyen Van Mau",
                "みどり市",
                "外国人住民・併記名あり",
                "foreign resident, with an alias",
            ),
            ("見本　一郎", "さくら市", "14歳（利用できない）", "14 years old: refused"),
            ("見本　次郎", "さくら市", "暗証番号ロック", "PIN locked"),
            ("見本　三郎", "さくら市", "証明書失効", "certificate revoked"),
            ("見本　四郎", "さくら市", "転出手続き済み", "has moved out"),
            ("住基カード", "", "旧式のカード", "an old JUKI card"),
            ("交通系カード", "", "ほかのカード", "some transit card"),
        ),
        start=1,
    )
]


def sheet(words: str, size: tuple[int, int] = (620, 877)) -> Image.Image:
    """A page with something on it that is told apart from the next page."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, size[0] - 40, size[1] - 40), outline=0, width=3)
    draw.text((80, 80), words, fill=0)
    for y in range(140, size[1] - 120, 34):
        draw.line((80, y, size[0] - 80 - y % 90, y), fill=120, width=3)
    return image


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class DeskRig(Rig):
    """``lying`` is how things lie; tests rearrange it. ``pressed`` lists keys and buttons."""

    def __init__(self) -> None:
        self.lying = NOTHING
        self.pressed: list[str] = []
        self.paper: list[Image.Image] = []
        self.slip: Image.Image | None = None

    def rearrange(self, **changes: object) -> None:
        self.lying = replace(self.lying, **changes)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    def print_sheets(self, count: int) -> None:
        self.paper = [sheet(f"sheet {number} of {count}") for number in range(1, count + 1)]
        self.rearrange(sheets_in_tray=count)

    def print_receipt(self) -> None:
        self.slip = sheet("receipt", (384, 500))
        self.rearrange(receipt_in_slot=True)

    def personas(self) -> list[dict[str, str]]:
        return PERSONAS

    def state(self) -> DockState:
        return self.lying

    async def insert_card(self, persona: str) -> None:
        if self.lying.card is not None:
            raise ImpossibleAct("there is a card on the reader already")
        self.rearrange(card=persona)

    async def remove_card(self) -> None:
        if self.lying.card is None:
            raise ImpossibleAct("there is no card on the reader")
        self.rearrange(card=None)

    async def press_key(self, key: str) -> None:
        self.pressed.append(key)

    async def press_button(self, button: str) -> None:
        self.pressed.append(button)

    async def set_headphones(self, *, in_use: bool) -> None:
        self.rearrange(headphones=in_use)

    async def drop_money(self, yen: int) -> None:
        if self.lying.slot_open:
            self.rearrange(held_yen=self.lying.held_yen + yen)
        else:
            self.rearrange(change_yen=self.lying.change_yen + yen)

    async def take_change(self) -> None:
        self.rearrange(change_yen=0)

    async def take_sheets(self) -> None:
        if self.lying.sheets_in_tray == 0:
            raise ImpossibleAct("there is no paper in the tray")
        self.rearrange(sheets_in_tray=0)

    async def take_receipt(self) -> None:
        self.rearrange(receipt_in_slot=False)

    async def set_cover(self, *, is_open: bool) -> None:
        self.rearrange(cover_open=is_open)

    async def set_paper(self, *, out: bool) -> None:
        self.rearrange(paper_out=out)

    async def set_line(self, *, cut: bool) -> None:
        self.rearrange(line_cut=cut)

    def sheets(self) -> list[Image.Image]:
        return self.paper

    def receipt(self) -> Image.Image | None:
        return self.slip

    def sheet_pngs(self) -> list[bytes]:
        return [png(image) for image in self.paper]

    def receipt_png(self) -> bytes | None:
        return None if self.slip is None else png(self.slip)
