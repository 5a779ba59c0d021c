"""Which terminal is speaking: its TLS certificate says so, and the registry agrees (R11, R12)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from backend.centre.problem import Code, ProblemError
from backend.clock import Clock
from backend.pki import TERMINAL_URI
from backend.storage import registry
from backend.storage.database import Database
from backend.storage.registry import OperatorRow, TerminalRow


@dataclass(frozen=True)
class Terminals:
    """The registry of terminals and of the builds they may run."""

    database: Database
    clock: Clock

    def identify(self, certificate: bytes) -> str:
        """The id of the terminal that holds this TLS certificate (DER), looked up on every call:

        a kept connection is not verified again, a withdrawn terminal must be.
        Raises ProblemError (401) if the registry does not have it, or not today.
        """
        terminal = named_terminal(certificate)
        with self.database.reading() as tx:
            row = registry.find_terminal(tx, terminal)
            operator = None if row is None else registry.find_operator(tx, row.operator)
            withdrawn = registry.is_withdrawn(tx, hashlib.sha256(certificate).digest())
        if row is None:
            raise ProblemError(Code.TERMINAL_UNKNOWN, "this terminal is not in the registry")
        if withdrawn:
            raise ProblemError(
                Code.CERTIFICATE_WITHDRAWN, "this certificate was withdrawn: enrol the terminal"
            )
        today = self.clock.today()
        if not _is_valid(row, today):
            raise ProblemError(Code.TERMINAL_EXPIRED, f"the terminal is registered {_days(row)}")
        if operator is None:
            raise ProblemError(Code.OPERATOR_UNKNOWN, "nobody registered operates this terminal")
        if not _is_valid(operator, today):
            raise ProblemError(
                Code.OPERATOR_EXPIRED, f"the terminal's operator takes part {_days(operator)}"
            )
        return terminal

    def site(self, terminal: str) -> str | None:
        """Where it stands, as the cities call it in their hours."""
        with self.database.reading() as tx:
            row = registry.find_terminal(tx, terminal)
        return None if row is None else row.site

    def allows_build(self, build: str) -> bool:
        """Whether the build is on the list (I-11)."""
        with self.database.reading() as tx:
            return registry.is_known_build(tx, build)


def _is_valid(row: TerminalRow | OperatorRow, today: date) -> bool:
    """Whether ``today`` is one of its days, both ends included."""
    return row.valid_from <= today and (row.valid_to is None or today <= row.valid_to)


def _days(row: TerminalRow | OperatorRow) -> str:
    return f"from {row.valid_from} to {row.valid_to or 'further notice'}"


@lru_cache(maxsize=1024)
def named_terminal(certificate: bytes) -> str:
    """The one terminal a certificate names, in its URI name and CN alike.

    The certificate has been verified by TLS; raises ProblemError (401) if it names none or two.
    """
    parsed = x509.load_der_x509_certificate(certificate)
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        uris: list[str] = []
    else:
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    common = [name.value for name in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(uris) != 1 or len(common) != 1 or uris[0] != f"{TERMINAL_URI}{common[0]!s}":
        raise ProblemError(Code.TERMINAL_UNKNOWN, "the certificate does not name one terminal")
    return str(common[0])
