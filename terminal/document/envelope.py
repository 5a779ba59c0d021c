"""Opening a sealed copy, and comparing it with what was ordered before anyone looks at a page.

A copy is sealed (HPKE, RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM) to a key that exists
only in this visit's worker, with visit, order and copy as ``info``: delivered anywhere else, or as
anything else, it does not open (I-1). Inside is the city's signed word on exactly which pages
belong to which order (I-3). Each comparison stands alone and the first that fails is final.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta, timezone

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from terminal.document.errors import Check, IntegrityError
from terminal.document.messages import Expected
from terminal.link import binding, wire

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
# Japan has had one offset and no summer time since 1951; zoneinfo may lack its data on a small system.
_JST = timezone(timedelta(hours=9), "JST")


class VisitKey:
    """The visit's X25519 key pair. The private half has no way out of the process that made it."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public: bytes = self._private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return "VisitKey(…)"

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Raises InvalidTag when ``sealed`` is not for exactly this key and ``info``."""
        return _SUITE.decrypt(sealed, self._private, info)


def open_copy(
    key: VisitKey, sealed: wire.SealedDocument, visit: wire.Id, order: wire.Id, copy: int
) -> wire.Bundle:
    """The bundle sealed as ``copy`` of ``order`` in ``visit``; IntegrityError for anything else."""
    if (sealed.order, sealed.copy) != (order, copy):
        raise IntegrityError(Check.ENVELOPE, copy)
    try:
        opened = key.open(sealed.sealed, binding.envelope_info(visit, order, copy))
    except InvalidTag as error:
        raise IntegrityError(Check.ENVELOPE, copy) from error
    try:
        return wire.decode(opened, wire.Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(Check.BUNDLE, copy) from error


def check_manifest(
    bundle: wire.Bundle, expected: Expected, copy: int, city_keys: Mapping[str, Ed25519PublicKey]
) -> wire.Manifest:
    """The manifest, once everything it says has been compared; IntegrityError names what fails.

    ``city_keys`` must hold the keys pinned for ``expected.order.city`` and no other: a key is
    found by its id, and whoever owns it speaks for that city.
    """
    manifest = _signed_manifest(bundle, copy, city_keys)
    order = expected.order
    for check, holds in (
        (Check.ORDER, hmac.compare_digest(manifest.order_digest, binding.order_digest(order))),
        (Check.SUBJECT, hmac.compare_digest(manifest.subject_tag, expected.subject_tag)),
        (Check.CITY, manifest.city == order.city),
        (Check.PRODUCT, manifest.product is order.product),
        (Check.COPY, manifest.copy == copy and copy <= order.copies),
        (Check.ISSUED, _issued_in_time(manifest, expected)),
        (Check.PAGE_COUNT, len(bundle.pages) == len(manifest.pages)),
        (Check.CONTENTS, len(manifest.contents) == len(manifest.pages)),
    ):
        if not holds:
            raise IntegrityError(check, copy)
    for number, (page, digest) in enumerate(zip(bundle.pages, manifest.pages, strict=True), 1):
        if not hmac.compare_digest(hashlib.sha256(page).digest(), digest):
            raise IntegrityError(Check.PAGE, copy, number)
    return manifest


def _signed_manifest(
    bundle: wire.Bundle, copy: int, city_keys: Mapping[str, Ed25519PublicKey]
) -> wire.Manifest:
    """The manifest, believed only as far as its signature goes."""
    try:
        manifest = wire.decode(bundle.manifest, wire.Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(Check.MANIFEST, copy) from error
    key = city_keys.get(manifest.key_id)
    if key is None:
        raise IntegrityError(Check.KEY, copy)
    try:
        key.verify(bundle.signature, binding.manifest_message(bundle.manifest))
    except InvalidSignature as error:
        raise IntegrityError(Check.SIGNATURE, copy) from error
    return manifest


def _issued_in_time(manifest: wire.Manifest, expected: Expected) -> bool:
    """Issued within the expected window, and dated with that moment's day in Japan (I-15)."""
    issued = manifest.issued_at
    return (
        issued.tzinfo is not None
        and expected.not_before <= issued <= expected.not_after
        and manifest.issue_date == issued.astimezone(_JST).date()
    )
