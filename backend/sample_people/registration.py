"""Family registers of fictional households: whoever names the same 本籍 and 筆頭者 is in one register."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import structs

from backend.city.eras import era_date
from backend.city.registry.records import (
    Household,
    Matter,
    Member,
    Notice,
    PastAddress,
    Register,
    RegisterMember,
)
from backend.sample_people.seeds import address, drawing
from backend.sample_people.words import CITY_NAMES, MEN, WOMEN

_ORDER = ("長", "二", "三", "四", "五", "六")
_MARRYING_AGE = 27


def registers(
    households: Iterable[Household],
    *,
    notices: dict[str, tuple[Notice, ...]] | None = None,
    withheld: Iterable[str] = (),
) -> tuple[Register, ...]:
    """Those that one of our cities keeps. ``notices`` and ``withheld`` by a resident's id."""
    return tuple(
        register
        for household in households
        for register in _of_household(household, notices or {}, frozenset(withheld))
    )


def city_of(place: str) -> str | None:
    """The city in whose name an address or a 本籍 stands, if it is one of ours."""
    return next((code for code, name in CITY_NAMES.items() if name in place), None)


def _of_household(
    household: Household, notices: dict[str, tuple[Notice, ...]], withheld: frozenset[str]
) -> Iterable[Register]:
    groups: dict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in household.members:
        if member.domicile is not None:
            domicile = member.domicile
            groups[domicile.registered_domicile, domicile.registered_head].append(member)
    for number, ((place, head), members) in enumerate(groups.items()):
        city = city_of(place)
        if city is not None:
            yield _register(
                f"{household.id}-r{number}",
                city,
                (place, head),
                members,
                household.address,
                tuple(notice for one in members for notice in notices.get(one.id, ())),
                withheld,
            )


def _register(
    register: str,
    city: str,
    domicile: tuple[str, str],
    members: Sequence[Member],
    home: str,
    notices: tuple[Notice, ...],
    withheld: frozenset[str],
) -> Register:
    place, head = domicile
    parents = _couple(members)
    made_on = _made_on(members, parents)
    children = [one for one in members if one not in parents]
    entries = [
        _entry(f"{register}-{number}", one, members, parents, place, home, made_on)
        for number, one in enumerate((*parents, *children))
    ]
    entries = [
        structs.replace(one, withheld=True) if one.resident in withheld else one for one in entries
    ]
    left = _who_left(register, head, place, made_on, len(entries))
    return Register(
        id=register,
        city=city,
        domicile=place,
        head=head,
        made_on=made_on,
        matters=(Matter("戸籍編製", (("編製日", era_date(made_on)),)),),
        members=(*entries, *left),
        notices=notices,
    )


def _couple(members: Sequence[Member]) -> tuple[Member, ...]:
    """The two whom the register is about: the eldest, and whoever is about as old and not of one sex."""
    eldest = min(members, key=lambda one: one.birth)
    others = [
        one
        for one in members
        if one.sex != eldest.sex and abs((one.birth - eldest.birth).days) < 15 * 365
    ]
    return (eldest, *others[:1])


def _made_on(members: Sequence[Member], couple: Sequence[Member]) -> date:
    if len(couple) < 2:
        return min(one.birth for one in members) + timedelta(days=18)
    return max(one.birth for one in couple) + timedelta(days=_MARRYING_AGE * 365)


def _entry(
    entry: str,
    one: Member,
    members: Sequence[Member],
    couple: Sequence[Member],
    place: str,
    home: str,
    made_on: date,
) -> RegisterMember:
    surname, _, given = one.name.partition("　")
    reading, _, given_reading = one.furigana.partition("　")
    married = one in couple and len(couple) == 2
    child = one not in couple
    father, mother = _parents(one, couple) if child else _invented_parents(one, surname)
    siblings = sorted(
        (other for other in members if other not in couple and other.sex == one.sex),
        key=lambda other: other.birth,
    )
    order = _ORDER[siblings.index(one)] if child else _ORDER[0]
    matters = [_birth(one, place, father)]
    if married:
        matters.append(_marriage(one, couple, made_on))
    return RegisterMember(
        id=entry,
        name=one.name,
        given_name=given or surname,
        furigana=one.furigana,
        given_furigana=given_reading or reading,
        birth=one.birth,
        sex=one.sex,
        father=father,
        mother=mother,
        relationship=f"{order}{'男' if one.sex == '男' else '女'}",
        matters=tuple(matters),
        addresses=_addresses(one, home, made_on),
        spouse=("夫" if one.sex == "男" else "妻") if married else "",
        resident=one.id,
    )


def _parents(one: Member, couple: Sequence[Member]) -> tuple[str, str]:
    father = next((parent.name for parent in couple if parent.sex == "男"), "")
    mother = next((parent.name for parent in couple if parent.sex == "女"), "")
    # A mother of the same surname is written by her given name alone.
    surname = one.name.partition("　")[0]
    return father, mother.removeprefix(f"{surname}　") if father else mother


def _invented_parents(one: Member, surname: str) -> tuple[str, str]:
    draw = drawing("parents", one.id)
    return f"{surname}　{draw.choice(MEN).written}", draw.choice(WOMEN).written


def _birth(one: Member, place: str, father: str) -> Matter:
    notified = one.birth + timedelta(days=6)
    return Matter(
        "出生",
        (
            ("出生日", era_date(one.birth)),
            ("出生地", place.partition("市")[0] + "市" if "市" in place else place),
            ("届出日", era_date(notified)),
            ("届出人", "父" if father else "母"),
        ),
    )


def _marriage(one: Member, couple: Sequence[Member], made_on: date) -> Matter:
    other = next(spouse for spouse in couple if spouse is not one)
    draw = drawing("before", one.id)
    surname = one.former_name or one.name.partition("　")[0]
    return Matter(
        "婚姻",
        (
            ("婚姻日", era_date(made_on)),
            ("配偶者氏名", _before(other)),
            ("従前戸籍", f"{address(draw, 'elsewhere')}　{surname}　{draw.choice(MEN).written}"),
        ),
    )


def _before(other: Member) -> str:
    given = other.name.partition("　")[2]
    return f"{other.former_name}　{given}" if other.former_name else other.name


def _addresses(one: Member, home: str, made_on: date) -> tuple[PastAddress, ...]:
    """Where the person lived since the register was made, to where the 住民票 has it now."""
    since = max(made_on, one.birth)
    history = [PastAddress(one.previous_address, since)] if one.previous_address else []
    if one.previous_address and one.became_resident_on < one.address_since:
        draw = drawing("between", one.id)
        city = city_of(home) or "elsewhere"
        history.append(PastAddress(address(draw, city), one.became_resident_on))
    return (*history, PastAddress(home, max(one.address_since, since)))


def _who_left(
    register: str, head: str, place: str, made_on: date, number: int
) -> tuple[RegisterMember, ...]:
    """Now and then somebody who married and is no longer in it: printed on the whole register."""
    draw = drawing("left", register)
    if draw.random() > 0.35:
        return ()
    surname = head.partition("　")[0]
    given = draw.choice(WOMEN)
    birth = made_on + timedelta(days=draw.randrange(300, 900))
    married = birth + timedelta(days=draw.randrange(22, 30) * 365)
    if married > date(2025, 1, 1):
        return ()
    husband = f"{draw.choice(('大沢', '新田', '古谷'))}　{draw.choice(MEN).written}"
    matters = (
        Matter(
            "出生", (("出生日", era_date(birth)), ("届出日", era_date(birth)), ("届出人", "父"))
        ),
        Matter(
            "婚姻",
            (
                ("婚姻日", era_date(married)),
                ("配偶者氏名", husband),
                ("新本籍", address(draw, "elsewhere")),
                ("称する氏", "夫の氏"),
            ),
        ),
    )
    return (
        RegisterMember(
            id=f"{register}-{number}",
            name=f"{surname}　{given.written}",
            given_name=given.written,
            furigana="",
            given_furigana=given.reading,
            birth=birth,
            sex="女",
            father=head,
            mother="",
            relationship="長女",
            matters=matters,
            addresses=(PastAddress(place, birth),),
            removed=True,
        ),
    )
