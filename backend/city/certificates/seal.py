"""印鑑登録証明書 (R17): the impression as registered, at its own size, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import structs

from backend.city.certificates.content import Content, Edition, Selection
from backend.city.page_seal import Fact
from backend.city.registry import seals
from backend.city.registry.seals import SealEntry
from backend.city.registry.snapshot import Snapshot
from backend.city.typesetting import Frame

STATEMENT = "この写しは、登録されている印影と相違ないことを証明する。"
FORM = "seal_registration"


class Sheet(Frame, frozen=True, kw_only=True):
    """``impression``: the bytes of a PNG; how large it is on paper."""

    impression: list[int]
    width_mm: float
    height_mm: float
    foreign: bool
    name: str
    alias: str
    former_name: str
    birth: str
    address: str


@dataclass(frozen=True, slots=True)
class SealRegistration(Content):
    """One registered seal."""

    entry: SealEntry = field(repr=False)

    @property
    def form(self) -> str:
        return FORM

    def names(self) -> Iterator[str]:
        if self.entry.is_foreign:
            yield from (self.entry.name, self.entry.alias)

    def facts(self, pages: int) -> tuple[tuple[Fact, ...], ...]:
        return (((self.entry.name, self.entry.birth),),) * pages

    def sheets(self, edition: Edition) -> tuple[tuple[str, Frame], ...]:
        entry = self.entry
        sheet = Sheet(
            **structs.asdict(edition.frame(STATEMENT, 1, 1)),
            impression=list(entry.impression),
            width_mm=entry.width_mm,
            height_mm=entry.height_mm,
            foreign=entry.is_foreign,
            name=entry.name,
            alias=entry.alias,
            former_name=entry.former_name,
            birth=edition.birth(entry.birth, is_foreign=entry.is_foreign),
            address=entry.address,
        )
        return ((FORM, sheet),)


def read(snapshot: Snapshot, selection: Selection) -> SealRegistration:
    """Raises RegistryUnreadable if a part is missing."""
    return SealRegistration(seals.entry(snapshot, selection.permit.case.holder.id))
