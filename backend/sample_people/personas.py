"""Fictional people with a card each, across both sample cities.

Eleven are written by hand and are what the demo is played with; the others are grown from plans.py, two
for every rule.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import structs

from backend.city.registry import filling, records
from backend.city.registry.records import Records
from backend.sample_people import registration
from backend.sample_people.growing import furnish, grow, name_of, resident_of
from backend.sample_people.plans import PLANS, Plan

BY_HAND = Path(__file__).with_name("residents.toml")
PIN = "1234"


@dataclass(frozen=True, slots=True)
class Persona:
    """A person with a card, which the centre makes from the last fields.

    ``card_days``: handed over so many days from the day of each preparation instead (R40); so with
    ``continued_days`` and ``pin_changed_days``. ``revoked``: the certificate is revoked
    at its owner's request (R44). ``tries_left`` 0: the PIN is locked (R45). ``next_generation``: the
    card has an elliptic key (P-384), and its certificate is the newest root's. ``rule`` and
    ``passes``: which row of the requirements the person is about, and whether it lets through.
    """

    id: str
    name: str
    city: str
    resident: str
    note_ja: str
    note_en: str
    rule: str = ""
    passes: bool = True
    pin: str = PIN
    card_issued: date = date(2025, 6, 2)
    card_days: int | None = None
    continued_days: int | None = None
    pin_changed_days: int | None = None
    revoked: bool = False
    tries_left: int = 3
    has_auth_certificate: bool = True
    next_generation: bool = False

    def issued_on(self, today: date) -> date:
        return self.card_issued if self.card_days is None else _days(self.card_days, today)

    def continued_on(self, today: date) -> date | None:
        return None if self.continued_days is None else _days(self.continued_days, today)

    def pin_changed_on(self, today: date) -> date | None:
        return None if self.pin_changed_days is None else _days(self.pin_changed_days, today)

    @property
    def changes_daily(self) -> bool:
        """Whether the card's dates are counted from today."""
        days = (self.card_days, self.continued_days, self.pin_changed_days)
        return any(count is not None for count in days)


def _days(count: int, today: date) -> date:
    return today + timedelta(days=count)


_BY_HAND = (
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
        card_days=0,
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


def _planned(plan: Plan) -> Persona:
    card: dict[str, Any] = plan.card
    return Persona(
        plan.id,
        name_of(plan),
        plan.city,
        resident_of(plan),
        plan.note_ja,
        plan.note_en,
        rule=plan.rule,
        passes=plan.passes,
        card_days=plan.card_days,
        continued_days=plan.continued_days,
        pin_changed_days=plan.pin_changed_days,
        **card,
    )


PERSONAS = (*_BY_HAND, *map(_planned, PLANS))


@cache
def everybody(today: date) -> Records:
    """All the people of both cities as of ``today``, with what the city knows of them.

    Raises FontMissing: seals are drawn.
    """
    written = records.load(BY_HAND)
    furnished = tuple(map(furnish, written.households))
    parts = [
        structs.replace(written, households=furnished, registers=registration.registers(furnished)),
        *(grow(plan, today) for plan in PLANS),
    ]
    return Records(
        tuple(household for part in parts for household in part.households),
        tuple(register for part in parts for register in part.registers),
    )


def seed(connection: sqlite3.Connection, today: date) -> None:
    """Make the registry of all sample cities in an empty database."""
    filling.store(connection, everybody(today))
