"""From the registry's facts to the sheets of one set: one module for each kind of certificate.

``read`` takes what a certificate says out of a snapshot; the content then lays itself out.
"""

from __future__ import annotations

from backend.city.certificates import addresses, family_register, residence, seal, taxes
from backend.city.certificates.content import Content, Selection
from backend.city.registry.snapshot import Snapshot
from terminal.link.wire import Product

__all__ = ["Content", "Selection", "read"]

_READERS = {
    Product.RESIDENCE: residence.read,
    Product.SEAL_REGISTRATION: seal.read,
    Product.TAXATION: taxes.read,
    Product.INCOME: taxes.read,
    Product.FAMILY_REGISTER: family_register.read,
    Product.FAMILY_REGISTER_EXTRACT: family_register.read,
    Product.FAMILY_REGISTER_ADDRESSES: addresses.read,
}


def read(snapshot: Snapshot, selection: Selection) -> Content:
    """All that the certificate will say. Raises RegistryUnreadable if a part is missing."""
    return _READERS[selection.permit.request.product](snapshot, selection)
