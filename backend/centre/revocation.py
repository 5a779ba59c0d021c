"""What is said of a card's certificate, how old that may be, and the lists that say it (CRL, RFC 5280).

A statement is worth something only while it is fresh: not older than the bound, not past the moment at
which its source promised a newer one, not from the future. Everything else is as good as silence (I-9).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from cryptography import x509

from backend.centre.roots import Roots
from backend.centre.settings import SettingsError
from backend.unreadable import UNREADABLE

logger = logging.getLogger(__name__)

CLOCK_SKEW = timedelta(seconds=60)  # by how much two clocks that are kept may differ


class Standing(IntEnum):
    """What may be said of a certificate; the graver, the greater."""

    GOOD = 0
    UNKNOWN = 1  # the authority never issued it; a definite word about it says more
    SUSPENDED = 2
    REVOKED = 3


@dataclass(frozen=True)
class Statement:
    """Somebody entitled says this of a certificate, as of then."""

    standing: Standing
    as_of: datetime


class Source(Protocol):
    """A list, or a responder."""

    def statement(
        self, card: x509.Certificate, root: x509.Certificate, now: datetime
    ) -> Statement | None:
        """What it says of a card that ``root`` issued; None for nothing fresh. Never raises."""
        ...


@dataclass(frozen=True)
class Freshness:
    """``bound``: how old a statement may be at most."""

    bound: timedelta

    def allows(self, since: datetime, until: datetime | None, now: datetime) -> bool:
        """Whether a statement made then, with a newer one promised for ``until``, is fresh."""
        if until is not None and now >= until:
            return False
        return -CLOCK_SKEW <= now - since <= self.bound


def standing_of(reason: x509.ReasonFlags | None) -> Standing:
    """Of a certificate that was withdrawn for this reason, or for none that was given."""
    on_hold = reason is x509.ReasonFlags.certificate_hold
    return Standing.SUSPENDED if on_hold else Standing.REVOKED


@dataclass(frozen=True)
class _Listed:
    content: x509.CertificateRevocationList
    issuer: x509.Certificate | None
    scope: x509.IssuingDistributionPoint | None


class RevocationList:
    """A list in a file, which somebody else replaces; read again when the file changes."""

    def __init__(self, path: Path, roots: Roots, freshness: Freshness) -> None:
        """Raises SettingsError for a list of another authority."""
        self._path = path
        self._roots = roots
        self._freshness = freshness
        self._read_last: tuple[object, _Listed | None] = (None, None)
        listed = self._read()
        if listed is not None and listed.issuer is None:
            raise SettingsError(
                f"[jpki] revocation_lists: {path} is of none of the pinned roots: "
                "take it out, or pin the root that signed it"
            )

    def statement(
        self, card: x509.Certificate, root: x509.Certificate, now: datetime
    ) -> Statement | None:
        listed = self._read()
        if listed is None or listed.issuer != root or not _covers(listed.scope, card):
            return None
        since, until = listed.content.last_update_utc, listed.content.next_update_utc
        if until is None or not self._freshness.allows(since, until, now):
            return None
        line = listed.content.get_revoked_certificate_by_serial_number(card.serial_number)
        standing = Standing.GOOD if line is None else standing_of(_reason(line))
        return Statement(standing, min(since, now))

    def _read(self) -> _Listed | None:
        """The list as it is now; why it cannot be used is logged once a version of the file."""
        version: object = None
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_ino)
            if self._read_last[0] != version:
                self._read_last = (version, self._parsed(self._path.read_bytes()))
        except OSError as error:
            if self._read_last[0] != error.errno:
                logger.warning("revocation list %s: %s", self._path, error.strerror)
            self._read_last = (error.errno, None)
        except UNREADABLE:
            logger.warning("revocation list %s is not a whole list in PEM", self._path)
            self._read_last = (version, None)
        return self._read_last[1]

    def _parsed(self, content: bytes) -> _Listed:
        """Raises one of UNREADABLE."""
        listed = x509.load_pem_x509_crl(content)
        scope = None
        for extension in listed.extensions:
            if isinstance(extension.value, x509.IssuingDistributionPoint):
                scope = extension.value
            elif extension.critical:  # such as a delta's: its absences mean nothing (5.2)
                raise ValueError("a list with a critical extension that is not known")
        return _Listed(listed, self._roots.issuer_of_list(listed), scope)


def _covers(scope: x509.IssuingDistributionPoint | None, card: x509.Certificate) -> bool:
    """Whether a card's absence from a list of this scope means anything (RFC 5280, 6.3.3 b 2)."""
    if scope is None:
        return True
    if (
        scope.only_contains_ca_certs
        or scope.only_contains_attribute_certs
        or scope.only_some_reasons
        or scope.indirect_crl
        or scope.relative_name is not None
    ):
        return False
    return scope.full_name is None or not _points(card).isdisjoint(scope.full_name)


def _points(card: x509.Certificate) -> set[x509.GeneralName]:
    """Where the card says that its list is found."""
    try:
        points = card.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points for name in point.full_name or ()}


def _reason(line: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return line.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (x509.ExtensionNotFound, *UNREADABLE):
        return None
