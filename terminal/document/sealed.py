"""The clerk reads a page's seal: from the very dots that go to paper, with a reader of its own (I-4)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.printer import PageFormat
from terminal.document.errors import ClerkDisagreement, Disagreement
from terminal.document.messages import Expected
from terminal.document.pages import Rows
from terminal.link.wire import Manifest, Product
from terminal.seal.code import Seal, SealRefused, opened
from terminal.seal.scan import Grey, codes

# Where the forms have it: the lower right corner, so much of the page's width and height.
_WIDE, _HIGH = 0.32, 0.2
_BY_GIVEN_NAME = {Product.FAMILY_REGISTER, Product.FAMILY_REGISTER_EXTRACT}


def check_seal(
    rows: Rows,
    page_format: PageFormat,
    page: int,
    expected: Expected,
    manifest: Manifest,
    keys: Mapping[str, Ed25519PublicKey],
) -> None:
    """Raises ClerkDisagreement unless there is one seal, and it says of this page what was ordered.

    ``page`` counts from 1. The seal's key must be the one that signed the manifest.
    """
    found = codes(corner(rows, page_format.width_px))
    if len(found) != 1:
        raise ClerkDisagreement(Disagreement.NO_SEAL, manifest.copy, page)
    try:
        seal = opened(found[0], {manifest.key_id: keys[manifest.key_id]})
    except SealRefused as error:
        raise ClerkDisagreement(Disagreement.SEAL_REFUSED, manifest.copy, page) from error
    if seal_says(seal) != _ordered(page, expected, manifest) or not _about(seal, expected):
        raise ClerkDisagreement(Disagreement.OTHER_SEAL, manifest.copy, page)


def above_the_seal(rows: Rows) -> Rows:
    """The part of a page that a code cannot fill: a page with nothing but a seal is as good as blank."""
    return rows[: _top(rows)]


def corner(rows: Rows, width_px: int) -> Grey:
    """The part of a packed page (1 is black) in which its seal is, as grey pixels."""
    left = int(width_px * (1 - _WIDE)) // 8
    dots = np.unpackbits(rows[_top(rows) :, left:], axis=1)[:, : width_px - left * 8]
    return np.where(dots, np.uint8(0), np.uint8(255))


def _top(rows: Rows) -> int:
    return len(rows) - int(len(rows) * _HIGH)


def seal_says(seal: Seal) -> tuple[object, ...]:
    return (
        seal.city,
        seal.kind,
        seal.serial,
        (seal.page, seal.pages),
        seal.issued,
        seal.content,
        seal.before,
        seal.year,
    )


def _about(seal: Seal, expected: Expected) -> bool:
    """Whether whom it names was asked for; a register names by given names alone, and who has left it."""
    if seal.kind in _BY_GIVEN_NAME:
        return True
    return {fact.name for fact in seal.facts} <= set(expected.names)


def _ordered(page: int, expected: Expected, manifest: Manifest) -> tuple[object, ...]:
    order = expected.order
    return (
        order.city,
        order.product,
        manifest.serial,
        (page, len(manifest.pages)),
        manifest.issue_date,
        manifest.contents[page - 1],
        manifest.contents[page - 2] if page > 1 else None,
        order.year,
    )
