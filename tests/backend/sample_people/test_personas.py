"""The fictional people: nobody's numbers, the same every time, twins for every rule."""

from __future__ import annotations

from datetime import date

from backend.sample_people.growing import everyday
from backend.sample_people.personas import PERSONAS, everybody
from backend.sample_people.plans import PLANS
from backend.sample_people.seeds import check_digit, drawing

TODAY = date(2026, 11, 24)


def test_fictional_my_numbers_can_be_nobodys() -> None:
    numbers = [
        member.my_number for house in everybody(TODAY).households for member in house.members
    ]
    assert len(set(numbers)) == len(numbers)
    assert all(int(number[-1]) != check_digit(number) for number in numbers)
    assert "0" * 12 not in numbers


def test_the_check_digit_is_the_laws() -> None:
    """By hand: 1x6+2x5+3x4+4x3+5x2+6x7+7x6+8x5+9x4+0x3+1x2 = 212 = 19x11 + 3, and 11 - 3 = 8."""
    assert check_digit("12345678901") == 8


def test_about_sixty_personas_in_two_cities() -> None:
    assert 55 <= len({persona.id for persona in PERSONAS}) == len(PERSONAS) <= 80
    assert {persona.city for persona in PERSONAS} == {"wakabano", "shiomi"}


def test_every_persona_is_a_resident_by_that_name() -> None:
    residents = {
        member.id: (house.city, member.name)
        for house in everybody(TODAY).households
        for member in house.members
    }
    for persona in PERSONAS:
        assert residents[persona.resident] == (persona.city, persona.name)


def test_the_same_day_has_the_same_people() -> None:
    first = everybody(TODAY)
    everybody.cache_clear()
    assert everybody(TODAY) == first
    names = [
        [member.name for house in everybody(day).households for member in house.members]
        for day in (TODAY, date(2028, 2, 29))
    ]
    assert names[0] == names[1]


def test_every_rule_about_a_person_has_somebody_on_each_side() -> None:
    sides: dict[str, set[bool]] = {}
    for plan in PLANS:
        sides.setdefault(plan.rule, set()).add(plan.passes)
    for rule in ("R17", "R18", "R25", "R34", "R37", "R38", "R40", "R48", "R49", "R50", "R53"):
        assert sides[rule] == {True, False}, rule
    assert sides["R51"] == sides["R52"] == {False}  # whose twins are R53's


def test_families_are_like_families() -> None:
    """Who came together notified it together; children stand by age, and their parents are older."""
    homes = [
        everyday(
            drawing("home", str(number)), "wakabano", f"h-{number}", size, domicile_city="wakabano"
        )
        for number in range(200)
        for size in (1, 2, 3, 4, 5, 6)
    ]
    for home in homes:
        came = [one for one in home.members if one.previous_address]
        assert len({one.notified_on for one in came}) == 1
        assert all(one.notified_on > one.became_resident_on for one in home.members)
        children = [one.birth for one in home.members if one.relationship == "子"]
        assert children == sorted(set(children))
        assert all(birth < date(2025, 1, 1) for birth in children)
        couple = [one for one in home.members if one.relationship in {"世帯主", "夫", "妻"}]
        for parent in couple if children else ():
            assert (children[0] - parent.birth).days > 19 * 365
            assert (children[-1] - parent.birth).days < 45 * 365
