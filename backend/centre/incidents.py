"""What a person must look at, as terminals report it; and why persons were sent away."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from msgspec import structs

from backend.centre.problem import Code, ProblemError, body_digest
from backend.clock import Clock
from backend.refusals import Refused
from backend.storage import ledger
from backend.storage.database import Database
from backend.storage.ledger import IncidentRow
from terminal.link import wire

# Crockford's letters: nothing that is mistaken for something else when read out at a counter.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Incidents:
    database: Database
    clock: Clock

    def report(self, terminal: str, incident: str, body: wire.Incident) -> wire.Acknowledged:
        """Insert or same. Raises ProblemError for a moment without an offset."""
        if body.at.tzinfo is None:
            raise ProblemError(Code.MALFORMED, "no Incident: $.at needs an offset such as +09:00")
        digest = body_digest(body)
        row = IncidentRow(incident, terminal, digest, body.kind, body.at, body.order, body.detail)
        with self.database.writing() as tx:
            ledger.insert_incident(tx, row, self.clock.now())
            stored = ledger.incident_digest(tx, incident, terminal)
        if stored != digest:
            raise ProblemError(Code.OTHER_BODY, "this incident was reported with another body")
        return wire.Acknowledged()

    def audited(self, terminal: str, refused: Refused) -> wire.Refusal:
        """The refusal with a reference under which staff find its class and rule, no more."""
        drawn = "".join(secrets.choice(_LETTERS) for _ in range(10))
        reference = f"{drawn[:5]}-{drawn[5:]}"
        with self.database.writing() as tx:
            ledger.insert_audit(
                tx,
                reference,
                terminal,
                refused.refusal.kind.value,
                refused.rule,
                self.clock.now(),
            )
        return structs.replace(refused.refusal, reference=reference)
