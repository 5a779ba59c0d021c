"""A PIN on a card with its counter of tries (R45)."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.card.apdu import SW


@dataclass(slots=True)
class Secret:
    """``verified`` dies with the card's power; ``tries_left`` does not, and time never restores it."""

    digits: bytes = field(repr=False)
    tries: int
    tries_left: int
    verified: bool = False

    def verify(self, attempt: bytes) -> int:
        """The status word that says how it went; an empty attempt only asks, and costs nothing."""
        if self.tries_left == 0:
            return SW.REFERENCE_DATA_BLOCKED
        if not attempt:
            return SW.PIN_BLOCKED_NOW + self.tries_left
        self.verified = attempt == self.digits
        if self.verified:
            self.tries_left = self.tries
            return SW.OK
        self.tries_left -= 1
        return SW.PIN_BLOCKED_NOW + self.tries_left
