"""課税(非課税)証明書 (R18) and its income half, 所得証明書 (R19).

The forms have a line for every kind, so that nothing can be added where something is missing. The
調整控除額 has none (R39).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from msgspec import Struct, structs

from backend.city.certificates.content import Content, Edition, Selection
from backend.city.eras import era_year
from backend.city.page_seal import Fact
from backend.city.registry import taxes
from backend.city.registry.snapshot import RegistryIncomplete, Snapshot
from backend.city.registry.taxes import Assessment, TaxEntry
from backend.city.typesetting import Frame
from terminal.link.wire import Product

TAXATION_FORM = "taxation"
INCOME_FORM = "income"
TAXATION_STATEMENT = "上記のとおり、市民税・県民税の課税内容を証明する。"
INCOME_STATEMENT = "上記のとおり、所得の金額を証明する。"

# The kinds in the forms' order, and what the form calls them. A city has no others.
INCOMES = {
    "salary": "給与",
    "pension": "公的年金等",
    "business": "営業等",
    "farming": "農業",
    "property": "不動産",
    "interest": "利子",
    "dividends": "配当",
    "other": "その他雑",
    "capital_gains": "総合譲渡・一時",
    "land_and_shares": "分離譲渡・株式等",
}
DEDUCTIONS = {
    "social_insurance": "社会保険料",
    "small_enterprise": "小規模企業共済等掛金",
    "life_insurance": "生命保険料",
    "earthquake_insurance": "地震保険料",
    "medical": "医療費",
    "casualty": "雑損",
    "spouse": "配偶者",
    "special_spouse": "配偶者特別",
    "dependents": "扶養",
    "disability": "障害者",
    "single_parent": "ひとり親・寡婦",
    "working_student": "勤労学生",
    "basic": "基礎",
}
DEPENDENTS = {
    "spouse": "控除対象配偶者",
    "specified": "特定扶養",
    "elderly": "老人扶養",
    "other": "その他の扶養",
    "under_16": "16歳未満",
    "disabled": "障害者",
}
LEVIES = {
    "taxable_base": "課税標準額",
    "city_income_levy": "市民税　所得割額",
    "city_per_capita_levy": "市民税　均等割額",
    "prefecture_income_levy": "県民税　所得割額",
    "prefecture_per_capita_levy": "県民税　均等割額",
    "forest_levy": "森林環境税額",
    "annual_tax": "年税額",
}


class IncomeLine(Struct, frozen=True):
    label: str
    revenue: str
    income: str


class Line(Struct, frozen=True):
    label: str
    value: str


class Sheet(Frame, frozen=True, kw_only=True):
    """``title``: taxed or not decides it; the lists are empty on the income form."""

    title: str
    year: str
    earned_in: str
    address: str
    name: str
    birth: str
    incomes: tuple[IncomeLine, ...]
    total_income: str
    deductions: tuple[Line, ...] = ()
    total_deductions: str = ""
    dependents: tuple[Line, ...] = ()
    levies: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Tax(Content):
    """One year of one person; without an assessment, the income half."""

    entry: TaxEntry = field(repr=False)
    assessment: Assessment | None = field(repr=False)

    @property
    def form(self) -> str:
        return INCOME_FORM if self.assessment is None else TAXATION_FORM

    def names(self) -> Iterator[str]:
        if self.entry.is_foreign:
            yield self.entry.name

    def facts(self, pages: int) -> tuple[tuple[Fact, ...], ...]:
        return (((self.entry.name, self.entry.birth),),) * pages

    def sheets(self, edition: Edition) -> tuple[tuple[str, Frame], ...]:
        if self.assessment is None:
            frame = edition.frame(INCOME_STATEMENT, 1, 1)
            return ((INCOME_FORM, self._sheet(edition, frame, "所得証明書")),)
        taxed = self.assessment.levies.annual_tax > 0
        title = "課税証明書" if taxed else "非課税証明書"
        sheet = self._sheet(edition, edition.frame(TAXATION_STATEMENT, 1, 1), title)
        return ((TAXATION_FORM, _assessed(sheet, self.assessment)),)

    def _sheet(self, edition: Edition, frame: Frame, title: str) -> Sheet:
        entry = self.entry
        found = {income.kind: income for income in entry.incomes}
        lines = tuple(
            IncomeLine(label, yen(found[kind].revenue), yen(found[kind].income))
            if kind in found
            else IncomeLine(label, "", "")
            for kind, label in INCOMES.items()
        )
        return Sheet(
            **structs.asdict(frame),
            title=title,
            # A 年度 is named as of its first day, what was earned before it as of that year's last.
            year=f"{era_year(date(entry.year, 4, 1), edition.eras)}年度",
            earned_in=f"{era_year(date(entry.year - 1, 12, 31), edition.eras)}年中",
            address=entry.address,
            name=entry.name,
            birth=edition.birth(entry.birth, is_foreign=entry.is_foreign),
            incomes=lines,
            total_income=yen(entry.total_income),
        )


def read(snapshot: Snapshot, selection: Selection) -> Tax:
    """Raises RegistryUnreadable if a part is missing, or of a kind that no form has a line for."""
    request = selection.permit.request
    holder = selection.permit.case.holder.id
    assert request.year is not None, "a permit for a tax certificate is one for a year"
    entry = taxes.entry(snapshot, holder, request.year)
    _known("income", (income.kind for income in entry.incomes), INCOMES)
    if request.product is Product.INCOME:
        return Tax(entry, None)
    assessment = taxes.assessment(snapshot, holder, request.year)
    _known("deduction", iter(assessment.deductions), DEDUCTIONS)
    _known("dependent", iter(assessment.dependents), DEPENDENTS)
    return Tax(entry, assessment)


def yen(amount: int | None) -> str:
    """12,345 as a form writes it; nothing for what there is not."""
    return "" if amount is None else f"{amount:,}円"


def _assessed(sheet: Sheet, assessment: Assessment) -> Sheet:
    return structs.replace(
        sheet,
        deductions=tuple(
            Line(label, yen(assessment.deductions.get(kind))) for kind, label in DEDUCTIONS.items()
        ),
        total_deductions=yen(assessment.levies.total_deductions),
        dependents=tuple(
            Line(label, f"{people}人" if (people := assessment.dependents.get(kind)) else "")
            for kind, label in DEPENDENTS.items()
        ),
        levies=tuple(
            Line(label, yen(getattr(assessment.levies, kind))) for kind, label in LEVIES.items()
        ),
    )


def _known(what: str, kinds: Iterator[str], known: dict[str, str]) -> None:
    for kind in kinds:
        if kind not in known:
            raise RegistryIncomplete(f"an unknown kind of {what}: {kind!r}")
