"""What a fictional person earned and pays: drawn, then reckoned as a city would, in round figures."""

from __future__ import annotations

from datetime import date

from backend.city.registry.records import Hold, Levies, Member, TaxYear
from backend.sample_people.seeds import drawing

YEARS = range(2022, 2028)
_PENSION_AGE = 65
_WORKING_AGE = 18
# Below it nothing is levied on somebody without dependents.
_FREE_OF_TAX = 450_000
_BASIC = 430_000


def tax_years(
    member: Member, address: str, *, declared: bool = True, holds: tuple[Hold, ...] = ()
) -> tuple[TaxYear, ...]:
    """Each 年度 on whose 1 January the person lived here and was grown up."""
    years = []
    for year in YEARS:
        new_year = date(year, 1, 1)
        age = year - 1 - member.birth.year
        if member.became_resident_on <= new_year and age >= _WORKING_AGE:
            years.append(_year(member, address, year, age, declared=declared, holds=holds))
    return tuple(years)


def _year(
    member: Member, address: str, year: int, age: int, *, declared: bool, holds: tuple[Hold, ...]
) -> TaxYear:
    incomes = _incomes(member, year, age) if declared else {}
    total = sum(income for _, income in incomes.values())
    deductions = _deductions(member, total) if declared else {}
    dependents = {"other": 1} if "dependents" in deductions else {}
    base = max(0, total - sum(deductions.values())) // 1000 * 1000
    adjustment = 2_500 if base else 0
    taxed = total > _FREE_OF_TAX
    city = max(0, base * 6 // 100 - adjustment * 6 // 10) // 100 * 100 if taxed else 0
    prefecture = max(0, base * 4 // 100 - adjustment * 4 // 10) // 100 * 100 if taxed else 0
    per_capita = (3_000, 1_000, 1_000) if taxed else (0, 0, 0)
    levies = Levies(
        total_deductions=sum(deductions.values()),
        taxable_base=base if taxed else 0,
        city_income_levy=city,
        city_per_capita_levy=per_capita[0],
        prefecture_income_levy=prefecture,
        prefecture_per_capita_levy=per_capita[1],
        forest_levy=per_capita[2],
        annual_tax=city + prefecture + sum(per_capita),
    )
    return TaxYear(
        year=year,
        address=address,
        incomes=incomes,
        total_income=total,
        deductions=deductions,
        dependents=dependents,
        levies=levies,
        adjustment_deduction=adjustment,
        declared=declared,
        holds=holds,
    )


def _incomes(member: Member, year: int, age: int) -> dict[str, tuple[int | None, int]]:
    draw = drawing("incomes", member.id, year)
    if age >= _PENSION_AGE:
        pension = draw.randrange(900, 2_600) * 1000
        return {"pension": (pension, max(0, pension - 1_100_000))}
    kind = drawing("work", member.id).random()
    if kind < 0.12:
        return {}
    salary = draw.randrange(1_200, 7_500) * 1000
    found: dict[str, tuple[int | None, int]] = {"salary": (salary, salary * 7 // 10)}
    if kind > 0.9:
        rent = draw.randrange(300, 900) * 1000
        found["property"] = (rent, rent // 2)
    if kind > 0.95:
        found["dividends"] = (None, draw.randrange(5, 60) * 1000)
    return found


def _deductions(member: Member, total: int) -> dict[str, int]:
    draw = drawing("deductions", member.id)
    found = {"social_insurance": total * 14 // 100 // 1000 * 1000} if total else {}
    if draw.random() < 0.5 and total:
        found["life_insurance"] = draw.randrange(8, 70) * 1000
    if draw.random() < 0.2 and total:
        found["dependents"] = 330_000
    return found | {"basic": _BASIC}
