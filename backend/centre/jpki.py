"""Is the card's certificate good, and did the card sign this? (R1, R44, R69, decision f)

The order of questions is fixed:

1. Is it a card's certificate, and did a pinned root of this world sign it? (roots.py)
2. Was this message signed with its key? Only the holder of the key learns more than "not ours".
3. Is now within its dates, and within its root's? What a root signed is worth nothing beyond the root
   (RFC 5280, 6.1.3); the person hears the same as for the card's own dates, as the remedy is the same.
4. Is it known to be good? (revocation.py, ocsp.py)

The last is decided by all statements that are fresh, from the lists and from the OCSP responder if there
is one: the graver word wins, and of two equal ones the newer. So a fresh good answer of the responder is
enough unless a fresh list says otherwise. With nothing fresh nobody is let in (I-9); nor where a responder
is configured and silent, or its answer void, and only a list says good: a lost card that was stopped an
hour ago is on no list yet (R69). ``list_alone_age_s`` may allow a list of that age for outages. A
suspension that was lifted ends only with the next list: a card is never let in against the word of either.

Nothing of a card is ever logged: neither serial, subject nor certificate.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from backend.card_signature import is_signed_by
from backend.centre.ocsp import Responder
from backend.centre.problem import Code, ProblemError
from backend.centre.revocation import Freshness, RevocationList, Source, Standing, Statement
from backend.centre.roots import Roots, world_of
from backend.centre.settings import Jpki as Pins
from backend.refusals import Refused
from backend.unreadable import UNREADABLE
from terminal.link import wire

logger = logging.getLogger(__name__)

# A certificate with a critical extension that is not known must not be used (RFC 5280, 4.2).
_UNDERSTOOD = (
    x509.BasicConstraints,
    x509.CertificatePolicies,
    x509.ExtendedKeyUsage,
    x509.KeyUsage,
)


class Verdict(Enum):
    """Why not: what the person reads, and the rule in the audit, which tells more apart."""

    NO_CARD = ("refused.certificate_unknown", "R1 no card")
    OTHER_WORLD = ("refused.certificate_unknown", "R1 other world")
    ISSUER_UNKNOWN = ("refused.certificate_unknown", "R1 issuer unknown")
    NEVER_ISSUED = ("refused.certificate_unknown", "R1 never issued")
    NOT_YET_VALID = ("refused.certificate_unknown", "R44 not yet valid")
    EXPIRED = ("refused.certificate_expired", "R44 expired")
    ROOT_EXPIRED = ("refused.certificate_expired", "R44 root expired")
    REVOKED = ("refused.certificate_revoked", "R44")
    SUSPENDED = ("refused.certificate_suspended", "R69")

    def refused(self, contact: wire.Contact | None = None) -> Refused:
        reason, rule = self.value
        kind = wire.RefusalClass.CARD
        return Refused(wire.Refusal(kind=kind, reason=reason, contact=contact), rule)


@dataclass(frozen=True)
class Signed:
    """A message and the signature that is said to be a card's."""

    message: bytes
    algorithm: wire.Algorithm
    signature: bytes


class Jpki:
    """The pinned roots of one JPKI, and whoever says what has become of its cards."""

    def __init__(self, pins: Pins, hotline: wire.Contact) -> None:
        """Raises SettingsError for roots or lists that do not belong here."""
        freshness = Freshness(timedelta(seconds=pins.statement_age_s))
        self._world = pins.world
        self._roots = Roots(pins.roots, pins.world)
        self._lists: list[Source] = [
            RevocationList(path, self._roots, freshness) for path in pins.revocation_lists
        ]
        self._responder: Source | None = None
        if pins.ocsp is not None:
            self._responder = Responder(pins.ocsp, freshness)
        self._list_alone = Freshness(timedelta(seconds=pins.list_alone_age_s))
        self._hotline = hotline

    def authenticate(self, certificate: bytes, signed: Signed, now: datetime) -> datetime:
        """As of when the card that signed is known to be good; never later than ``now``.

        Blocks while the responder is asked. Raises Refused (P1, P5) or ProblemError (422).
        """
        try:
            card = _card(certificate)
            root = self._issuer_of(card)
        except UNREADABLE as error:
            raise Verdict.NO_CARD.refused() from error
        if not is_signed_by(card, signed.algorithm, signed.signature, signed.message):
            raise ProblemError(Code.SIGNATURE, "the signature is not this certificate's")
        _refuse_out_of_date(card, root, now)
        return self._known_good(card, root, now)

    def _issuer_of(self, card: x509.Certificate) -> x509.Certificate:
        claimed = world_of(card.issuer)
        if claimed is not None and claimed is not self._world:
            raise Verdict.OTHER_WORLD.refused()
        root = self._roots.issuer_of(card)
        if root is None:
            raise Verdict.ISSUER_UNKNOWN.refused()
        return root

    def _known_good(
        self, card: x509.Certificate, root: x509.Certificate, now: datetime
    ) -> datetime:
        statements = [source.statement(card, root, now) for source in self._lists]
        asked: Statement | None = None
        if self._responder is not None:
            asked = self._responder.statement(card, root, now)
        fresh = [statement for statement in (*statements, asked) if statement is not None]
        if not fresh:
            raise _nobody_can_be_let_in("no fresh revocation statement for a pinned root")
        decisive = max(fresh, key=lambda statement: (statement.standing, statement.as_of))
        match decisive.standing:
            case Standing.REVOKED:
                raise Verdict.REVOKED.refused()
            case Standing.SUSPENDED:
                raise Verdict.SUSPENDED.refused(self._hotline)
            case Standing.UNKNOWN:
                raise Verdict.NEVER_ISSUED.refused()
            case Standing.GOOD:
                if self._responder is not None and asked is None:
                    self._need_recent_list(decisive.as_of, now)
                return decisive.as_of

    def _need_recent_list(self, as_of: datetime, now: datetime) -> None:
        if self._list_alone.bound <= timedelta() or not self._list_alone.allows(as_of, None, now):
            raise _nobody_can_be_let_in("the responder is silent, and a list alone is not enough")


def _nobody_can_be_let_in(why: str) -> Refused:
    logger.error("%s: nobody can be let in", why)
    refusal = wire.Refusal(kind=wire.RefusalClass.OURS, reason="refused.centre")
    return Refused(refusal, "I-9")


def _card(certificate: bytes) -> x509.Certificate:
    """A certificate for signing in; the library reads it only as far as it is asked.

    Raises Refused for any other that the root may have issued, or one of UNREADABLE.
    """
    card = x509.load_der_x509_certificate(certificate)
    try:
        usage = card.extensions.get_extension_for_class(x509.KeyUsage).value
        constraints = card.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound as error:
        raise Verdict.NO_CARD.refused() from error
    is_understood = all(
        isinstance(extension.value, _UNDERSTOOD)
        for extension in card.extensions
        if extension.critical
    )
    if constraints.ca or not usage.digital_signature or not is_understood or _is_responder(card):
        raise Verdict.NO_CARD.refused()
    return card


def _is_responder(certificate: x509.Certificate) -> bool:
    """A delegate that answers for the root has its signature, too, and no person behind it."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses


def _refuse_out_of_date(card: x509.Certificate, root: x509.Certificate, now: datetime) -> None:
    if now < max(card.not_valid_before_utc, root.not_valid_before_utc):
        raise Verdict.NOT_YET_VALID.refused()
    if now > root.not_valid_after_utc:
        raise Verdict.ROOT_EXPIRED.refused()
    if now > card.not_valid_after_utc:
        raise Verdict.EXPIRED.refused()
