"""What else people lay on a reader, for the dock's drawer: other kinds of card, and more than one (R41, R42)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from drivers.card.drawer import taken_out
from drivers.card.foreign import FOREIGN_KINDS, ForeignCard
from drivers.card.kinds import CardKind
from drivers.card.software import SoftwareCard

MUTE = "other-mute"
ANOTHER = "other-another"


@dataclass(frozen=True, slots=True)
class OtherCard:
    """As the drawer shows it. There is no person to it, and no PIN."""

    persona: str
    name: str
    note_ja: str
    note_en: str
    city: str = ""
    pin: str = ""


_OF_KINDS = {
    CardKind.JUKI: OtherCard("other-juki", "住基カード", "住民基本台帳カード", "Juki card"),
    CardKind.ANDROID: OtherCard(
        "other-android", "Android", "スマホ用電子証明書", "JPKI on an Android phone"
    ),
    CardKind.IPHONE: OtherCard(
        "other-iphone", "iPhone", "iPhoneのマイナンバーカード", "JPKI on an iPhone"
    ),
    CardKind.LICENCE: OtherCard("other-licence", "運転免許証", "ICカード免許証", "Driving licence"),
    CardKind.TRANSIT: OtherCard(
        "other-transit", "交通系IC", "FeliCaのカード", "Transit or e-money card"
    ),
    CardKind.BANK: OtherCard("other-bank", "銀行のカード", "キャッシュカードなど", "Bank card"),
    CardKind.OTHER: OtherCard("other-unknown", "知らないカード", "社員証など", "Unknown card"),
}
_KIND_OF = {card.persona: kind for kind, card in _OF_KINDS.items()}
OTHERS = (
    *_OF_KINDS.values(),
    OtherCard(MUTE, "裏返しのカード", "応答しません", "A card the wrong way round"),
    OtherCard(ANOTHER, "もう1枚", "いまのカードの上に重ねる", "One more, on top of the first"),
)


def entries() -> list[dict[str, str]]:
    """For the drawer, like a persona's."""
    return [asdict(card) for card in OTHERS]


def made(name: str, cards: Path) -> SoftwareCard | None:
    """The card of this name; None for the mute one. Phones and juki cards take a persona's keys.

    Raises KeyError for a name that is none of these.
    """
    if name == MUTE:
        return None
    kind = _KIND_OF[name]
    if kind in FOREIGN_KINDS and kind is not CardKind.JUKI:
        return ForeignCard(kind)
    somebodys = min(path for path in cards.glob("*.json") if path.stem != "index")
    return taken_out(somebodys, kind, tries_left=3)
