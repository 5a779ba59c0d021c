"""What the city taxed a resident by, year for year (R18, R19, R36–R39).

``year`` is always the 年度: the year in which the tax is paid, for what was earned in the year before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from backend.city.registry.records import Levies
from backend.city.registry.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Hold:
    """Days, both included, on which nothing of a year is issued (R38)."""

    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class TaxStanding:
    """One year in which the city taxed a resident; ``declared`` False: nothing is known (R37)."""

    year: int
    declared: bool = field(repr=False)
    holds: tuple[Hold, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Income:
    """Yen of one kind; ``revenue`` where the kind has any."""

    kind: str
    revenue: int | None
    income: int


@dataclass(frozen=True, slots=True)
class TaxEntry:
    """What a 所得証明書 prints."""

    year: int
    name: str = field(repr=False)
    birth: date = field(repr=False)
    is_foreign: bool = field(repr=False)
    address: str = field(repr=False)
    total_income: int = field(repr=False)
    incomes: tuple[Income, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a 課税(非課税)証明書 prints besides."""

    deductions: dict[str, int] = field(repr=False)
    dependents: dict[str, int] = field(repr=False)
    levies: Levies = field(repr=False)


def standings(snapshot: Snapshot, resident: str) -> tuple[TaxStanding, ...]:
    """The years that the city knows, the newest first."""
    years = snapshot.rows(
        "SELECT year, declared FROM tax_years WHERE resident = ? ORDER BY year DESC", resident
    )
    holds = snapshot.rows(
        "SELECT year, first_day, last_day FROM tax_holds WHERE resident = ?", resident
    )
    return tuple(
        TaxStanding(
            row["year"],
            bool(row["declared"]),
            tuple(
                Hold(date.fromisoformat(hold["first_day"]), date.fromisoformat(hold["last_day"]))
                for hold in holds
                if hold["year"] == row["year"]
            ),
        )
        for row in years
    )


def entry(snapshot: Snapshot, resident: str, year: int) -> TaxEntry:
    """Raises RegistryUnreadable if there is no resident, or nothing of that year."""
    person = snapshot.one(
        "entry of a resident",
        "SELECT name, birth, is_foreign FROM residents WHERE id = ?",
        resident,
    )
    statement = snapshot.one(
        f"tax statement of {year}",
        "SELECT address, total_income FROM tax_statements WHERE resident = ? AND year = ?",
        resident,
        year,
    )
    incomes = snapshot.rows(
        "SELECT kind, revenue, income FROM tax_incomes WHERE resident = ? AND year = ?",
        resident,
        year,
    )
    return TaxEntry(
        year=year,
        name=person["name"],
        birth=date.fromisoformat(person["birth"]),
        is_foreign=bool(person["is_foreign"]),
        address=statement["address"],
        total_income=statement["total_income"],
        incomes=tuple(Income(**dict(row)) for row in incomes),
    )


def assessment(snapshot: Snapshot, resident: str, year: int) -> Assessment:
    """Raises RegistryUnreadable if the year was not assessed."""
    deductions = snapshot.rows(
        "SELECT kind, amount FROM tax_deductions WHERE resident = ? AND year = ?", resident, year
    )
    dependents = snapshot.rows(
        "SELECT kind, people FROM tax_dependents WHERE resident = ? AND year = ?", resident, year
    )
    levies = snapshot.one(
        f"levies of {year}",
        "SELECT total_deductions, taxable_base, city_income_levy, city_per_capita_levy, prefecture_income_levy,"
        " prefecture_per_capita_levy, forest_levy, annual_tax"
        " FROM tax_levies WHERE resident = ? AND year = ?",
        resident,
        year,
    )
    return Assessment(
        deductions={row["kind"]: row["amount"] for row in deductions},
        dependents={row["kind"]: row["people"] for row in dependents},
        levies=Levies(**dict(levies)),
    )
