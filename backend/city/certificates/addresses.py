"""戸籍の附票の写し (R21): where the people of a register have lived since it was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.city.certificates.content import Content, Edition, Selection
from backend.city.certificates.flow import FORM, Heading, Row, paginated
from backend.city.page_seal import Fact
from backend.city.registry import registers
from backend.city.registry.registers import AddressBook, AddressEntry
from backend.city.registry.snapshot import Snapshot
from backend.city.rules.people import register_members
from backend.city.typesetting import Frame

TITLE = "戸籍の附票"
STATEMENT = "この写しは、戸籍の附票の原本と相違ないことを証明する。"
DOMICILE_ITEM = "registered_domicile"


@dataclass(frozen=True, slots=True)
class Addresses(Content):
    """A book of addresses, or of some of its people all that is written."""

    book: AddressBook = field(repr=False)
    everyone: bool

    @property
    def form(self) -> str:
        return FORM

    def facts(self, pages: int) -> tuple[tuple[Fact, ...], ...]:
        people = tuple((person.name, person.birth) for person in self.book.people)
        return (people, *((),) * (pages - 1))

    def sheets(self, edition: Edition) -> tuple[tuple[str, Frame], ...]:
        heading = Heading(
            title=TITLE,
            copy_words="の写し",
            scope="（全部）" if self.everyone else "（一部）",
            domicile=self.book.domicile,
            head=self.book.head,
        )
        return paginated(edition, STATEMENT, heading, tuple(self._rows(edition)))

    def _rows(self, edition: Edition) -> Iterator[Row]:
        yield Row("附票", "編製日", edition.era_date(self.book.made_on), begins="person")
        for person in self.book.people:
            yield from _person_rows(person, edition)


def read(snapshot: Snapshot, selection: Selection) -> Addresses:
    """Raises RegistryUnreadable if a part is missing."""
    case = selection.permit.case
    assert case.register is not None, "a permit for an address book is one for somebody's"
    chosen = {subject.id for subject in selection.subjects}
    members = tuple(member for member in register_members(case) if member.id in chosen)
    book = registers.address_book(
        snapshot, case.register.id, members, with_domicile=DOMICILE_ITEM in selection.items
    )
    return Addresses(book, selection.everyone)


def _person_rows(person: AddressEntry, edition: Edition) -> Iterator[Row]:
    yield Row("附票に記録されている者", "氏名", person.name, begins="person", with_next=True)
    yield Row("", "生年月日", edition.era_date(person.birth), with_next=True)
    yield Row("", "性別", person.sex, with_next=True)
    for place, (address, since) in enumerate(person.addresses):
        title = "住所の履歴" if place == 0 else ""
        yield Row(title, "住所", address, begins="matter", with_next=True)
        yield Row("", "住定日", edition.era_date(since))
