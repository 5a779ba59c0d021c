"""Which terminal is speaking: its TLS certificate says so, and the registry agrees (R11, R12)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from backend.centre.problem import Code, ProblemError
from backend.clock import Clock
from backend.pki import TERMINAL_URI
from backend.storage import registry
from backend.storage.database import Database


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
            withdrawn = registry.is_withdrawn(tx, hashlib.sha256(certificate).digest())
        if row is None:
            raise ProblemError(Code.TERMINAL_UNKNOWN, "this terminal is not in the registry")
        if withdrawn:
            raise ProblemError(
                Code.CERTIFICATE_WITHDRAWN, "this certificate was withdrawn: enrol the terminal"
            )
        today = self.clock.today()
        if today < row.valid_from or (row.valid_to is not None and today > row.valid_to):
            raise ProblemError(
                Code.TERMINAL_EXPIRED,
                f"registered from {row.valid_from} to {row.valid_to or 'further notice'}",
            )
        return terminal

    def allows_build(self, build: str) -> bool:
        """Whether the build is on the list (I-11)."""
        with self.database.reading() as tx:
            return registry.is_known_build(tx, build)


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
