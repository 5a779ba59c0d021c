"""印鑑登録証明書 (R17): the impression as registered, at its own size, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import Struct, structs

from backend.city.certificates.content import Content, Edition, Frame, Selection
from backend.city.registry import seals
from backend.city.registry.seals import SealEntry
from backend.city.registry.snapshot import Snapshot

STATEMENT = "この写しは、登録されている印影と相違ないことを証明する。"
FORM = "seal_registration"


class Sheet(Frame, frozen=True, kw_only=True):
    """``impression``: the bytes of a PNG; ``side_mm``: how large it is on paper."""

    impression: list[int]
    side_mm: float
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

    def texts(self) -> Iterator[str]:
        yield from (self.entry.former_name, self.entry.address)
        if not self.entry.is_foreign:
            yield from (self.entry.name, self.entry.alias)

    def names(self) -> Iterator[str]:
        if self.entry.is_foreign:
            yield from (self.entry.name, self.entry.alias)

    def sheets(self, edition: Edition) -> tuple[tuple[str, Struct], ...]:
        entry = self.entry
        sheet = Sheet(
            **structs.asdict(edition.frame(STATEMENT, 1, 1)),
            impression=list(entry.impression),
            side_mm=entry.side_mm,
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
