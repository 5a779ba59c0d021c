"""From a snapshot to the case that the rules look at, with no more in it than they ask for (I-13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend.city.configuration import TAX_PRODUCTS, Configuration
from backend.city.registry import people, registers, seals, taxes
from backend.city.registry.snapshot import Snapshot
from backend.city.rules.case import CardHolder, Case
from backend.city.rules.products import REGISTER_PRODUCTS
from terminal.link.wire import Product


def case_of(
    snapshot: Snapshot,
    city: Configuration,
    holder: CardHolder,
    products: Iterable[Product],
    now: datetime,
    *,
    began: datetime,
    site: str | None = None,
) -> Case:
    """What the rules of these products look at. Raises RegistryUnreadable."""
    asked = set(products)
    alone = Product.RESIDENCE not in asked
    household = people.household_of(snapshot, holder.resident, city.code, alone=alone)
    resident = next(
        (one for one in household if one.id == holder.resident), people.unknown(holder.resident)
    )
    has_seal = Product.SEAL_REGISTRATION in asked
    return Case(
        city=city,
        card=holder,
        holder=resident,
        household=household,
        now=now,
        began=began,
        site=site,
        seal=seals.standing(snapshot, resident.id) if has_seal else None,
        taxes=taxes.standings(snapshot, resident.id) if TAX_PRODUCTS & asked else (),
        register=registers.standing(snapshot, resident.id) if REGISTER_PRODUCTS & asked else None,
    )
