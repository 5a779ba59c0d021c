"""Registered seals (R17): whether there is one, and its impression."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from backend.city.registry.snapshot import Snapshot, optional_date


@dataclass(frozen=True, slots=True)
class SealStanding:
    """A registration; ``abolished_on`` is the day from which it counts for nothing."""

    registered_on: date = field(repr=False)
    abolished_on: date | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class SealEntry:
    """What a 印鑑登録証明書 prints: ``impression`` is a PNG of those proportions."""

    name: str = field(repr=False)
    alias: str = field(repr=False)
    former_name: str = field(repr=False)
    birth: date = field(repr=False)
    is_foreign: bool = field(repr=False)
    address: str = field(repr=False)
    impression: bytes = field(repr=False)
    width_mm: float = field(repr=False)
    height_mm: float = field(repr=False)


def standing(snapshot: Snapshot, resident: str) -> SealStanding | None:
    rows = snapshot.rows(
        "SELECT registered_on, abolished_on FROM seals WHERE resident = ?", resident
    )
    for row in rows:
        return SealStanding(
            date.fromisoformat(row["registered_on"]), optional_date(row["abolished_on"])
        )
    return None


def entry(snapshot: Snapshot, resident: str) -> SealEntry:
    """Raises RegistryUnreadable if there is no resident, or no impression."""
    person = snapshot.one(
        "entry of a resident",
        "SELECT r.name, r.alias, r.former_name, r.birth, r.is_foreign, h.address"
        " FROM residents r JOIN households h ON h.id = r.household WHERE r.id = ?",
        resident,
    )
    seal = snapshot.one(
        "impression of a registered seal",
        "SELECT impression, width_mm, height_mm FROM seal_impressions WHERE resident = ?",
        resident,
    )
    return SealEntry(
        name=person["name"],
        alias=person["alias"],
        former_name=person["former_name"],
        birth=date.fromisoformat(person["birth"]),
        is_foreign=bool(person["is_foreign"]),
        address=person["address"],
        impression=seal["impression"],
        width_mm=seal["width_mm"],
        height_mm=seal["height_mm"],
    )
