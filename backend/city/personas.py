"""Eleven fictional people with a card each, across both sample cities: what the demo is played with."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from backend.city import records

SAMPLE = Path(__file__).with_name("sample")
PIN = "1234"


@dataclass(frozen=True, slots=True)
class Persona:
    """A person of the demo. The card is the centre's to make, from the last six fields.

    ``card_issued`` None: today, at every preparation (R40). ``revoked``: the certificate is revoked
    at its owner's request (R44). ``tries_left`` 0: the PIN is locked (R45). ``next_generation``: the
    card has an elliptic key (P-384), and its certificate is the newest root's.
    """

    id: str
    name: str
    city: str
    resident: str
    note_ja: str
    note_en: str
    pin: str = PIN
    card_issued: date | None = date(2025, 6, 2)
    revoked: bool = False
    tries_left: int = 3
    has_auth_certificate: bool = True
    next_generation: bool = False


PERSONAS = (
    Persona(
        "aoki-haruna",
        "青木　春菜",
        "wakabano",
        "w-0101",
        "一人世帯。発行できます。",
        "Lives alone. Everything can be issued.",
    ),
    Persona(
        "morita-kenji",
        "森田　健二",
        "wakabano",
        "w-0201",
        "四人世帯の世帯主。世帯全員でも一人でも発行できます。",
        "Head of a household of four: the whole household on one sheet, or single people.",
    ),
    Persona(
        "okabe-sachiko",
        "岡部　幸子",
        "shiomi",
        "s-0302",
        "六人世帯。世帯全員では2枚になります。",
        "Household of six: the whole household takes two sheets.",
    ),
    Persona(
        "nguyen-hoa",
        "NGUYEN THI HOA",
        "shiomi",
        "s-0401",
        "外国人住民。通称があり、カタカナ併記名は記載されません。",
        "Foreign resident with an alias; the registered kana name is not printed.",
    ),
    Persona(
        "watanabe-ren",
        "渡邊\U000e010a　蓮",
        "wakabano",
        "w-0501",
        "異体字のある氏名と住所。字形のとおり印刷されます。",
        "Name and address with variant characters, printed exactly as registered.",
    ),
    Persona(
        "kimura-yui",
        "木村　結",
        "wakabano",
        "w-0601",
        "カードを今日受け取ったばかり。交付日の翌日から使えます。",
        "Received the card today: usable from tomorrow.",
        card_issued=None,
    ),
    Persona(
        "hayashi-sota",
        "林　颯太",
        "shiomi",
        "s-0701",
        "電子証明書の失効を希望した人。",
        "Had the certificate revoked at his own request.",
        revoked=True,
    ),
    Persona(
        "ishii-mai",
        "石井　麻衣",
        "wakabano",
        "w-0801",
        "暗証番号がロックされています。",
        "The PIN is locked.",
        tries_left=0,
    ),
    Persona(
        "ogawa-takumi",
        "小川　匠",
        "shiomi",
        "s-0901",
        "転出の届出をした人。",
        "Has announced a move to another city.",
    ),
    Persona(
        "endo-rin",
        "遠藤　凛",
        "wakabano",
        "w-1002",
        "15歳未満。",
        "Under fifteen.",
    ),
    Persona(
        "shirai-nozomi",
        "白井　望",
        "shiomi",
        "s-1101",
        "次の世代のカード（楕円曲線P-384の鍵）を持つ人。発行できます。",
        "Has a card of the next generation (an elliptic key, P-384). Everything can be issued.",
        next_generation=True,
    ),
)


def seed(connection: sqlite3.Connection) -> None:
    """Make the residents' registry of all sample cities in an empty database."""
    records.store(connection, records.load(SAMPLE / "residents.toml"))
