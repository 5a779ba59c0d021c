"""From a card to its city: by the link table alone, never by anything the card says (R2).

The certificate's opaque name carries the municipality that issued it, and stays as it is when its
holder moves away; so it says nothing about where to ask.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from backend.city.city import CardHolder, City
from backend.refusals import Refused
from backend.storage import registry
from backend.storage.database import Database
from backend.storage.registry import LinkRow
from terminal.link import wire


@dataclass(frozen=True)
class Routing:
    """The link table, and the cities that can be asked."""

    database: Database
    cities: Mapping[str, City]

    def holder(self, certificate: bytes) -> CardHolder:
        """Whose card this is. Raises Refused (P1) if no city has it."""
        link = self._link(certificate)
        if link is None:
            refusal = wire.Refusal(
                kind=wire.RefusalClass.CARD, reason="refused.certificate_unknown"
            )
            raise Refused(refusal, "R2")
        return CardHolder(
            city=link.city,
            resident=link.resident,
            card_issued=link.card_issued,
            continued_on=link.continued_on,
            pin_changed_on=link.pin_changed_on,
        )

    def contact(self, certificate: bytes) -> wire.Contact | None:
        """Whom this card's owner may ask, if any city has the card."""
        link = self._link(certificate)
        return None if link is None else self.cities[link.city].contact

    def _link(self, certificate: bytes) -> LinkRow | None:
        with self.database.reading() as tx:
            link = registry.find_link(tx, hashlib.sha256(certificate).digest())
        return link if link is not None and link.city in self.cities else None

    def city(self, holder: CardHolder) -> City:
        return self.cities[holder.city]
