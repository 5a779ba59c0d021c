"""戸籍全部事項証明書 and 戸籍個人事項証明書 (R20), as the computerised register is printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.city.certificates.content import Content, Edition, Selection
from backend.city.certificates.flow import FORM, Heading, Row, paginated
from backend.city.page_seal import Fact
from backend.city.registry import registers
from backend.city.registry.registers import FamilyRegister, Matter, RegisterEntry
from backend.city.registry.snapshot import Snapshot
from backend.city.rules.people import register_members
from backend.city.typesetting import Frame
from terminal.link.wire import Product

WHOLE_TITLE = "戸籍全部事項証明書"
EXTRACT_TITLE = "戸籍個人事項証明書"
WHOLE_STATEMENT = "これは、戸籍に記録されている事項の全部を証明した書面である。"
EXTRACT_STATEMENT = "これは、戸籍中の一部の者について記録されている事項の全部を証明した書面である。"


@dataclass(frozen=True, slots=True)
class Register(Content):
    """A register, or of some of its people all that is written."""

    register: FamilyRegister = field(repr=False)
    whole: bool

    @property
    def form(self) -> str:
        return FORM

    def facts(self, pages: int) -> tuple[tuple[Fact, ...], ...]:
        people = tuple((person.given_name, person.birth) for person in self.register.people)
        return (people, *((),) * (pages - 1))

    def sheets(self, edition: Edition) -> tuple[tuple[str, Frame], ...]:
        heading = Heading(
            title=WHOLE_TITLE if self.whole else EXTRACT_TITLE,
            copy_words="",
            scope="（全部事項）" if self.whole else "（個人事項）",
            domicile=self.register.domicile,
            head=self.register.head,
        )
        statement = WHOLE_STATEMENT if self.whole else EXTRACT_STATEMENT
        return paginated(edition, statement, heading, tuple(self._rows(edition)))

    def _rows(self, edition: Edition) -> Iterator[Row]:
        yield from _matter_rows(self.register.matters, "戸籍事項")
        for person in self.register.people:
            yield from _person_rows(person, edition)
            yield from _matter_rows(person.matters, "身分事項")


def read(snapshot: Snapshot, selection: Selection) -> Register:
    """The whole register has those in it who were removed, too; an extract whom it was asked for.

    Raises RegistryUnreadable if a part is missing.
    """
    case = selection.permit.case
    assert case.register is not None, "a permit for a register is one for somebody's"
    whole = selection.permit.request.product is Product.FAMILY_REGISTER
    chosen = {subject.id for subject in selection.subjects}
    members = (
        case.register.members
        if whole
        else tuple(member for member in register_members(case) if member.id in chosen)
    )
    return Register(registers.register(snapshot, case.register.id, members), whole)


def _person_rows(person: RegisterEntry, edition: Edition) -> Iterator[Row]:
    title = "戸籍に記録されている者"
    yield Row(title, "名", person.given_name, begins="person", with_next=True)
    yield Row(
        "除　籍" if person.removed else "", "名の振り仮名", person.given_furigana, with_next=True
    )
    yield Row("", "生年月日", edition.era_date(person.birth), with_next=True)
    if person.spouse:
        yield Row("", "配偶者区分", person.spouse, with_next=True)
    yield Row("", "父", person.father, with_next=True)
    yield Row("", "母", person.mother, with_next=True)
    yield Row("", "続柄", person.relationship)


def _matter_rows(matters: tuple[Matter, ...], heading: str) -> Iterator[Row]:
    for number, matter in enumerate(matters):
        for place, (label, value) in enumerate(matter.lines):
            first = place == 0
            title = f"{heading}　{matter.title}" if number == 0 and first else ""
            if first and number > 0:
                title = f"　　　　　{matter.title}"
            begins = "matter" if first else ""
            last = place == len(matter.lines) - 1
            yield Row(title, label, value, begins=begins, with_next=first and not last)
