"""A person's wish that was looked at and refused: the one exception that says so."""

from __future__ import annotations

from terminal.link import wire


class Refused(Exception):
    """The wish is refused; ``refusal`` is what the person may be told.

    ``rule`` is the row of the requirements for the audit line (R40). For P4 it is only the class:
    neither a screen, a log nor an audit line tells one such reason from another (R50, I-17).
    """

    def __init__(self, refusal: wire.Refusal, rule: str) -> None:
        super().__init__(f"{refusal.reason} ({refusal.kind.value})")
        self.refusal = refusal
        self.rule = refusal.kind.value if refusal.kind is wire.RefusalClass.PERSON else rule
