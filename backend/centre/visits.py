"""A person's visit: opened by a terminal for one worker's key, signed in once by one card.

The nonce is spent by the first sign-in that arrives, good or bad; only that same message may be sent
again. So a recorded signature is worth nothing in another visit, and a second card cannot follow the
first. The card's certificate is kept while the visit lives, because the order's signature is checked
with it, and is forgotten with the visit.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import structs

from backend.centre.jpki import Jpki, Signed
from backend.centre.opening import require_open
from backend.centre.problem import Code, ProblemError, body_digest
from backend.centre.routing import Routing
from backend.centre.settings import Calendar, Limits
from backend.centre.terminals import Terminals
from backend.city.city import CardHolder
from backend.clock import Clock
from backend.hours import Place
from backend.refusals import Refused
from backend.storage import records
from backend.storage.database import Database, Transaction
from backend.storage.records import VisitRow
from terminal.link import binding, wire

NONCE_BYTES = 32


@dataclass(frozen=True)
class Visits:
    database: Database
    clock: Clock
    calendar: Calendar
    limits: Limits
    terminals: Terminals
    jpki: Jpki
    routing: Routing

    def open(self, terminal: str, visit: str, body: wire.OpenVisit) -> wire.VisitOpened:
        """Insert or same. Raises Refused (P2) when closed, ProblemError for a foreign id or build."""
        now = self.clock.now()
        digest = body_digest(body)
        with self.database.reading() as tx:
            row = records.find_visit(tx, visit, terminal)
        if row is None:
            if not self.terminals.allows_build(body.build):
                raise ProblemError(
                    Code.BUILD_UNKNOWN, "this build is not on the list: update the terminal"
                )
            require_open(self.calendar, now, Place(site=self.terminals.site(terminal)), began=now)
            row = self._insert(terminal, visit, body, digest)
        if row.body_digest != digest:
            raise ProblemError(Code.OTHER_BODY, "this visit was opened with another body")
        return wire.VisitOpened(terminal=terminal, nonce=row.nonce, expires_at=row.expires)

    def _insert(self, terminal: str, visit: str, body: wire.OpenVisit, digest: bytes) -> VisitRow:
        now = self.clock.now().replace(microsecond=0)  # so that asking again answers the same
        row = VisitRow(
            visit=visit,
            terminal=terminal,
            state="open",
            body_digest=digest,
            public_key=body.public_key,
            nonce=secrets.token_bytes(NONCE_BYTES),
            opened=now,
            expires=now + timedelta(seconds=self.limits.nonce_s),
            sign_in_digest=None,
            city=None,
            certificate=None,
        )
        with self.database.writing() as tx:
            records.expire(tx, now)
            if records.insert_visit(tx, row, body.build):
                return row
            found = records.find_visit(tx, visit, terminal)
        if found is None:
            raise ProblemError(
                Code.OTHER_BODY, "this visit id or key was used before: make new ones"
            )
        return found

    def sign_in(self, terminal: str, visit: str, body: wire.SignIn) -> wire.SignedIn:
        """What the card's owner may have. Raises Refused, or ProblemError for a bad message."""
        now = self.clock.now()
        digest = body_digest(body)
        row = self._claim(terminal, visit, digest)
        message = binding.sign_in_message(terminal, visit, row.nonce, row.public_key)
        signed = Signed(message, body.algorithm, body.signature)
        holder, good_as_of = self.authenticated(body.certificate, signed, now)
        answer = self.routing.city(holder).sign_in(
            holder,
            visit,
            now,
            began=row.opened,
            certificate_good_as_of=good_as_of,
            site=self.terminals.site(terminal),
        )
        expires = now + timedelta(seconds=self.limits.visit_s)
        with self.database.writing() as tx:
            records.mark_signed_in(
                tx, visit, digest, holder.city, body.certificate, good_as_of, expires
            )
            alive = records.find_visit(tx, visit, terminal)
        if alive is None or alive.state != "signed_in":
            raise ProblemError(Code.VISIT_EXPIRED, "the visit ended during the sign-in")
        # Whoever asks again hears the same, though the responder has been asked again, too.
        first = alive.certificate_good_as_of or good_as_of
        return structs.replace(answer, certificate_good_as_of=first)

    def _claim(self, terminal: str, visit: str, digest: bytes) -> VisitRow:
        """The visit, its nonce now spent on this body."""
        now = self.clock.now()
        with self.database.writing() as tx:
            records.expire(tx, now)
            # First spend, then look: whoever spent it, the row says for which body.
            records.spend_nonce(tx, visit, terminal, digest, now)
            row = self._alive(tx, terminal, visit)
        if row.sign_in_digest != digest:
            raise ProblemError(Code.NONCE_SPENT, "the nonce is spent: open a new visit")
        return row

    def _alive(self, tx: Transaction, terminal: str, visit: str) -> VisitRow:
        row = records.find_visit(tx, visit, terminal)
        if row is None:
            raise ProblemError(Code.VISIT_UNKNOWN, "this terminal has no such visit")
        if row.state == "ended":
            raise ProblemError(Code.VISIT_EXPIRED, "the visit has ended: open a new one")
        return row

    def authenticated(
        self, certificate: bytes, signed: Signed, now: datetime
    ) -> tuple[CardHolder, datetime]:
        """Whose card signed, and as of when it is known to be good.

        Raises Refused with the city's contact where it is known.
        """
        try:
            good_as_of = self.jpki.authenticate(certificate, signed, now)
        except Refused as refused:
            if refused.refusal.contact is None:
                contact = self.routing.contact(certificate)
                refusal = structs.replace(refused.refusal, contact=contact)
                raise Refused(refusal, refused.rule) from refused
            raise
        return self.routing.holder(certificate), good_as_of

    def signed_in(self, terminal: str, visit: str) -> tuple[VisitRow, bytes]:
        """The visit and the certificate that signed in. Raises ProblemError otherwise."""
        now = self.clock.now()
        with self.database.writing() as tx:
            records.expire(tx, now)
            row = self._alive(tx, terminal, visit)
        if row.certificate is None:
            raise ProblemError(Code.NOT_SIGNED_IN, "nobody has signed in to this visit")
        return row, row.certificate
