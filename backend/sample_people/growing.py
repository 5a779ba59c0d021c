"""From a plan to a whole life: a household, its registers, taxes and seals, as of one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from msgspec import structs

from backend.city.registry.records import (
    Domicile,
    Hold,
    Household,
    Member,
    Notice,
    Records,
    Seal,
    Standing,
)
from backend.sample_people import registration, seeds
from backend.sample_people.impression import SIDE_MM, impression
from backend.sample_people.plans import Plan
from backend.sample_people.seeds import drawing
from backend.sample_people.taxation import tax_years
from backend.sample_people.words import MEN, SURNAMES, WOMEN, Word

_SEAL_AGE = 15
_OTHER = {"wakabano": "shiomi", "shiomi": "wakabano"}


def name_of(plan: Plan) -> str:
    """What the plan's person is called, whatever the day."""
    if plan.name is not None:
        return plan.name[0]
    return _everyday(plan).members[0].name


def resident_of(plan: Plan) -> str:
    return f"p-{plan.id}-1"


def grow(plan: Plan, today: date) -> Records:
    """The planned household as it is ``today``."""
    household = _household(plan, today)
    holds = _holds(plan, today)
    notices = _notices(plan, today)
    finished = furnish(
        household,
        without_seal={resident_of(plan)} if plan.seal == "none" else set(),
        declared=plan.declared,
        holds=holds,
    )
    if plan.seal == "abolished":
        finished = _abolished(finished, today)
    return Records(
        (finished,),
        registration.registers(
            [finished],
            notices={resident_of(plan): notices} if notices else {},
            withheld=[f"p-{plan.id}-{1 if plan.withheld == 'self' else 2}"]
            if plan.withheld
            else [],
        ),
    )


def furnish(
    household: Household,
    *,
    without_seal: set[str] | None = None,
    declared: bool = True,
    holds: tuple[Hold, ...] = (),
) -> Household:
    """Seals and taxes for everybody old enough who has none yet."""
    members = tuple(
        structs.replace(
            member,
            seal=None if member.id in (without_seal or ()) else member.seal or _seal(member),
            taxes=tax_years(
                member,
                household.address,
                declared=declared and not _is_minor_dependent(member),
                holds=holds,
            ),
        )
        for member in household.members
    )
    return structs.replace(household, members=members)


def everyday(draw: Random, city: str, key: str, size: int, *, domicile_city: str) -> Household:
    """A household of ``size`` like any other: one adult or two, then children, then a parent."""
    surname = draw.choice(SURNAMES)
    home = seeds.address(draw, city)
    since = date(2008, 1, 1) + timedelta(days=draw.randrange(14 * 365))
    came_from = seeds.address(draw, "elsewhere")
    place = seeds.domicile(draw, domicile_city)
    roles = _roles(draw, size)
    births = iter(_births(draw, roles))
    moved_in = since + timedelta(days=draw.randrange(1, 10))  # one notification for all who came
    head_sex = draw.choice("男女")
    head_name = _given(draw, head_sex)
    full_head = f"{surname.written}　{head_name.written}"
    members = []
    for number, role in enumerate(roles, 1):
        sex = _sex(draw, role, head_sex)
        given = head_name if number == 1 else _given(draw, sex)
        birth = next(births)
        arrived = max(since, birth)
        came_along = arrived == since
        name = f"{surname.written}　{given.written}"
        registered_head = name if role == "parent" else full_head
        members.append(
            Member(
                id=f"{key}-{number}",
                name=name,
                furigana=f"{surname.reading}　{given.reading}",
                birth=birth,
                sex="男" if sex == "男" else "女",
                relationship=_relationship(role, sex),
                became_resident_on=arrived,
                address_since=arrived,
                notified_on=moved_in if came_along else arrived + timedelta(days=7),
                previous_address=came_from if came_along else "",
                my_number=seeds.my_number(draw),
                resident_code=seeds.resident_code(draw),
                domicile=Domicile(registered_domicile=place, registered_head=registered_head),
            )
        )
    return Household(id=key, city=city, address=home, head=members[0].id, members=tuple(members))


# --- one plan ------------------------------------------------------------------------------------


def _everyday(plan: Plan) -> Household:
    city = {"here": plan.city, "other": _OTHER[plan.city], "elsewhere": "elsewhere"}[plan.domicile]
    draw = drawing("plan", plan.id)
    return everyday(draw, plan.city, f"p-{plan.id}", plan.size, domicile_city=city)


def _household(plan: Plan, today: date) -> Household:
    household = _everyday(plan)
    holder, *others = household.members
    holder = _changed_holder(plan, holder, today)
    if others:
        others[0] = _changed_mate(plan, others[0], today)
    return structs.replace(household, members=(holder, *others))


def _changed_holder(plan: Plan, holder: Member, today: date) -> Member:
    changes: dict[str, object] = {"standing": _standing(plan.flags, today, plan.moving_days, None)}
    if plan.name is not None:
        changes |= {"name": plan.name[0], "furigana": plan.name[1]}
    if plan.foreign is not None:
        changes |= {"foreign": plan.foreign, "domicile": None}
        changes |= {"alias": plan.alias, "kana_alias": plan.kana_alias}
    elif plan.name is not None and holder.domicile is not None:
        head = structs.replace(holder.domicile, registered_head=plan.name[0])
        changes["domicile"] = head
    if plan.became_days is not None:
        day = today + timedelta(days=plan.became_days)
        changes |= {"became_resident_on": day, "address_since": day, "notified_on": day}
    if plan.born_before_days is not None:
        changes["birth"] = _fifteen_years_before(today - timedelta(days=plan.born_before_days))
        changes |= {"became_resident_on": changes["birth"], "previous_address": ""}
    return structs.replace(holder, **changes)


def _fifteen_years_before(day: date) -> date:
    """So that the birthday is ``day``; who would be born on a 29 February is born on 1 March."""
    try:
        return day.replace(year=day.year - 15)
    except ValueError:
        return date(day.year - 15, 3, 1)


def _changed_mate(plan: Plan, mate: Member, today: date) -> Member:
    standing = _standing(plan.mate_flags, today, plan.mate_moving_days, plan.mate_deceased_days)
    return structs.replace(mate, standing=standing)


def _standing(
    flags: frozenset[str], today: date, moving: int | None, deceased: int | None
) -> Standing:
    return Standing(
        **dict.fromkeys(flags, True),
        moving_out_on=None if moving is None else today + timedelta(days=moving),
        deceased_on=None if deceased is None else today + timedelta(days=deceased),
    )


def _holds(plan: Plan, today: date) -> tuple[Hold, ...]:
    if plan.hold_days is None:
        return ()
    first, last = plan.hold_days
    return (Hold(today + timedelta(days=first), today + timedelta(days=last)),)


def _notices(plan: Plan, today: date) -> tuple[Notice, ...]:
    if plan.notice_days is None:
        return ()
    notified, recorded = plan.notice_days
    return (
        Notice(
            today + timedelta(days=notified),
            None if recorded is None else today + timedelta(days=recorded),
        ),
    )


def _abolished(household: Household, today: date) -> Household:
    holder, *others = household.members
    assert holder.seal is not None
    seal = structs.replace(holder.seal, abolished_on=today)
    return structs.replace(household, members=(structs.replace(holder, seal=seal), *others))


# --- anybody -------------------------------------------------------------------------------------


def _seal(member: Member) -> Seal | None:
    registered_on = member.became_resident_on + timedelta(days=9)
    grown_up = member.birth + timedelta(days=(_SEAL_AGE + 1) * 365)
    registered_on = max(registered_on, grown_up)
    if registered_on > date(2026, 1, 1):
        return None
    surname = (member.alias or member.name).partition("　")[0].split(" ")[0]
    plain = "".join(one for one in surname if not "\U000e0100" <= one <= "\U000e01ef")
    return Seal(
        registered_on=registered_on,
        impression=impression(plain),
        width_mm=SIDE_MM,
        height_mm=SIDE_MM,
    )


def _is_minor_dependent(member: Member) -> bool:
    return member.birth > date(2004, 4, 1)


def _roles(draw: Random, size: int) -> Sequence[str]:
    roles = ["head", "spouse", "child", "child", "parent", "child"][:size]
    return roles if size < 3 or draw.random() < 0.8 else [*roles[:1], *["child"] * (size - 1)]


def _relationship(role: str, sex: str) -> str:
    if role == "spouse":
        return "夫" if sex == "男" else "妻"
    if role == "parent":
        return "父" if sex == "男" else "母"
    return {"head": "世帯主", "child": "子"}[role]


def _sex(draw: Random, role: str, head: str) -> str:
    if role == "head":
        return head
    if role == "spouse":
        return "女" if head == "男" else "男"
    return draw.choice("男女")


def _given(draw: Random, sex: str) -> Word:
    return draw.choice(MEN if sex == "男" else WOMEN)


def _births(draw: Random, roles: Sequence[str]) -> list[date]:
    """When each was born, the children one after the other, all of parents who were grown up."""
    children = roles.count("child")
    youngest_head = 30 if children else 38
    head = date(1960, 1, 1) + timedelta(days=draw.randrange(youngest_head * 365))
    apart = min(4.0, 7 / max(1, children - 1))  # so that the last is born before 2025
    age = draw.uniform(23, 27)
    ages = []
    for role in roles:
        match role:
            case "head":
                ages.append(0.0)
            case "spouse":
                ages.append(draw.uniform(-4, 3))
            case "child":
                ages.append(age)
                age += draw.uniform(1, apart) if apart > 1 else apart
            case _:
                ages.append(draw.uniform(-32, -22))
    return [head + timedelta(days=int(one * 365.25)) for one in ages]
