"""Cards that are no My Number Card, as far as they can be told apart: they know their own name."""

from __future__ import annotations

from drivers.card.apdu import SW, Command, Response
from drivers.card.kinds import JUKI_AID, LICENCE_AID, PAYMENT_AIDS, CardKind
from drivers.card.software import SoftwareCard, just

_APPLICATIONS: dict[CardKind, frozenset[bytes]] = {
    CardKind.JUKI: frozenset({JUKI_AID}),  # one whose holder asked for no certificates
    CardKind.LICENCE: frozenset({LICENCE_AID}),
    CardKind.TRANSIT: frozenset(),
    CardKind.BANK: frozenset(PAYMENT_AIDS),
    CardKind.OTHER: frozenset(),
}
FOREIGN_KINDS = frozenset(_APPLICATIONS)


class ForeignCard(SoftwareCard):
    """Answers SELECT of its own applications and nothing else. ``kind`` is one of FOREIGN_KINDS."""

    def __init__(self, kind: CardKind) -> None:
        """Raises ValueError for a kind that has JPKI: those need a card file."""
        super().__init__()
        if kind not in FOREIGN_KINDS:
            raise ValueError(f"a {kind.value} card has keys and a PIN: make it of a card file")
        self._kind = kind

    @property
    def kind(self) -> CardKind:
        return self._kind

    def _answer(self, command: Command) -> Response:
        if command.ins != 0xA4:
            return just(SW.UNKNOWN_INS)
        known = command.p1 == 0x04 and bytes(command.data) in _APPLICATIONS[self._kind]
        return just(SW.OK if known else SW.FILE_NOT_FOUND)
