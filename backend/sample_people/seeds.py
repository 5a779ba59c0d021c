"""Drawing from a seed: numbers, names and addresses that are the same every time."""

from __future__ import annotations

import random
from hashlib import sha256

from backend.sample_people.words import BUILDINGS, ELSEWHERE, KANJI, STREETS


def drawing(*seed: object) -> random.Random:
    """Draws that depend on the seed alone."""
    text = "\0".join(map(str, seed)).encode()
    return random.Random(sha256(text).digest())  # noqa: S311 - fiction, not secrets


def check_digit(number: str) -> int:
    """The last digit that a genuine My Number would have (ministerial ordinance 85 of 2014)."""
    total = sum(
        int(digit) * (place + 1 if place <= 6 else place - 5)
        for place, digit in enumerate(reversed(number[:11]), 1)
    )
    return 0 if total % 11 <= 1 else 11 - total % 11


def my_number(draw: random.Random) -> str:
    """Twelve digits that can be nobody's: the last one is wrong."""
    digits = f"{draw.randrange(10**11):011}"
    wrong = (check_digit(digits) + draw.randrange(1, 10)) % 10
    return f"{digits}{wrong}"


def resident_code(draw: random.Random) -> str:
    return f"{draw.randrange(10**11):011}"


def address(draw: random.Random, city: str) -> str:
    """Somewhere in the city; "elsewhere" is in none of ours."""
    street = draw.choice(STREETS.get(city, ELSEWHERE))
    place = f"{street}{KANJI[draw.randrange(1, 6)]}丁目{draw.randrange(1, 30)}番{draw.randrange(1, 20)}号"
    if draw.random() < 0.3:
        place += f"　{draw.choice(BUILDINGS)}{draw.randrange(1, 4)}0{draw.randrange(1, 9)}"
    return place


def domicile(draw: random.Random, city: str) -> str:
    """A 本籍: no house number, no building."""
    street = draw.choice(STREETS.get(city, ELSEWHERE))
    return f"{street}{KANJI[draw.randrange(1, 6)]}丁目{draw.randrange(1, 60)}番地"
