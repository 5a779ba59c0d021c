"""Is the card's certificate good, and did the card sign this? (R1, R44, R69, decision f)

The order of questions is fixed: was it signed by a pinned root; was this message signed by it; is it
within its dates; is it on the list. Only the holder of the key learns more than "not ours". All roots
of a JPKI bear one name, so a root is chosen by its signature, never by the issuer's name. A list that
is missing, foreign or past its next update means that nobody is let in (I-9).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from backend.card_signature import is_signed_by
from backend.centre.problem import Code, ProblemError
from backend.centre.settings import SettingsError
from backend.refusals import Refused
from terminal.link import wire

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signed:
    """A message and the signature that is said to be a card's."""

    message: bytes
    algorithm: wire.Algorithm
    signature: bytes


class Jpki:
    """The pinned roots of one JPKI and their revocation lists, read again when a file changes."""

    def __init__(
        self, roots: tuple[Path, ...], lists: tuple[Path, ...], hotline: wire.Contact
    ) -> None:
        self._roots = [_root(path) for path in roots]
        self._lists = [_RevocationList(path) for path in lists]
        self._hotline = hotline

    def authenticate(self, certificate: bytes, signed: Signed, now: datetime) -> None:
        """Return if a good card signed. Raises Refused (P1, P5) or ProblemError (422)."""
        card = self._issued_here(certificate)
        if not is_signed_by(card, signed.algorithm, signed.signature, signed.message):
            raise ProblemError(Code.SIGNATURE, "the signature is not this certificate's")
        if now < card.not_valid_before_utc:
            raise _refused("refused.certificate_unknown")
        if now > card.not_valid_after_utc:
            raise _refused("refused.certificate_expired")
        self._refuse_revoked(card, now)

    def _issued_here(self, certificate: bytes) -> x509.Certificate:
        try:
            card = x509.load_der_x509_certificate(certificate)
            usage = card.extensions.get_extension_for_class(x509.KeyUsage).value
            constraints = card.extensions.get_extension_for_class(x509.BasicConstraints).value
        except (ValueError, x509.ExtensionNotFound) as error:
            raise _refused("refused.certificate_unknown") from error
        if constraints.ca or not usage.digital_signature or self._root_of(card) is None:
            raise _refused("refused.certificate_unknown")
        return card

    def _root_of(self, card: x509.Certificate) -> x509.Certificate | None:
        return next((root for root in self._roots if _is_issued_by(card, root)), None)

    def _refuse_revoked(self, card: x509.Certificate, now: datetime) -> None:
        root = self._root_of(card)
        read = [entry.fresh(now) for entry in self._lists]
        lists = [found for found in read if found is not None and _is_list_of(found, root)]
        if not lists:
            logger.error("no fresh revocation list for a pinned root: nobody can be let in")
            raise Refused(
                wire.Refusal(kind=wire.RefusalClass.OURS, reason="refused.centre"),
                "I-9",
            )
        for found in lists:
            reason = _reason(found, card.serial_number)
            if reason is x509.ReasonFlags.certificate_hold:
                raise _refused("refused.certificate_suspended", "R69", self._hotline)
            if reason is not None:
                raise _refused("refused.certificate_revoked")


def _root(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise SettingsError(f"[jpki] {path} is not a certificate in PEM") from error
    except OSError as error:
        raise SettingsError(f"[jpki] {path}: {error.strerror}") from error


class _RevocationList:
    """A list in a file, which somebody else replaces."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loaded: tuple[tuple[int, int], x509.CertificateRevocationList] | None = None

    def fresh(self, now: datetime) -> x509.CertificateRevocationList | None:
        """The list as of now; None if it cannot be read or the next one is due (I-9)."""
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_ino)
            if self._loaded is None or self._loaded[0] != version:
                self._loaded = (version, x509.load_pem_x509_crl(self._path.read_bytes()))
        except (OSError, ValueError):
            return None
        found = self._loaded[1]
        until = found.next_update_utc
        return found if until is not None and found.last_update_utc <= now < until else None


def _is_issued_by(card: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        card.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_list_of(revoked: x509.CertificateRevocationList, root: x509.Certificate | None) -> bool:
    key = None if root is None else root.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    return revoked.is_signature_valid(key)


def _reason(revoked: x509.CertificateRevocationList, serial: int) -> x509.ReasonFlags | None:
    """Why this number is on the list; None if it is not."""
    line = revoked.get_revoked_certificate_by_serial_number(serial)
    if line is None:
        return None
    try:
        return line.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return x509.ReasonFlags.unspecified


def _refused(reason: str, rule: str = "R44", contact: wire.Contact | None = None) -> Refused:
    return Refused(wire.Refusal(kind=wire.RefusalClass.CARD, reason=reason, contact=contact), rule)
