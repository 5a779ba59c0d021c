"""Everything a card may do that the plain one does not: as data, for ``drivers.card.odd_card``.

What is said to have been observed was, by the authors named in ``drivers.card.jpki``; the rest is what a
card, its reader or a hand might do, and what a terminal must be equal to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from drivers.card.apdu import SW

LOCKED_WORDS = (SW.PIN_BLOCKED_NOW, SW.AUTHENTICATION_BLOCKED, SW.REFERENCE_DATA_BLOCKED)
"""Every way that cards are known to say that a PIN is locked (R45)."""


class Certificate(Enum):
    """What is read from the file of the authentication certificate."""

    WHOLE = auto()
    ABSENT = auto()  # filler, as where the holder did not ask for one (R15)
    TRUNCATED = auto()  # the file ends before the certificate does
    GARBAGE = auto()  # behind a credible first four bytes, something that is no certificate


class Signature(Enum):
    """What the authentication key answers."""

    GOOD = auto()
    WRONG = auto()  # of something else than what was given
    GARBAGE = auto()  # of the right length, and no signature at all


class MasterFile(Enum):
    """What ``00 A4 00 00`` does inside an application."""

    STAYS = auto()  # 9000 and no effect, as observed
    LEAVES = auto()  # as ISO/IEC 7816-4 has it: the application is not the selected one any more


class Moment(Enum):
    """When, within one command, a card is pulled."""

    BEFORE = auto()  # the card never hears it
    DURING = auto()  # the card performs it, and its answer never leaves
    AFTER = auto()  # its answer has just left


@dataclass(frozen=True, slots=True)
class Pull:
    """A hand that pulls the card at its ``command``-th command, the first after it was laid down being 1."""

    command: int
    moment: Moment

    def __post_init__(self) -> None:
        _need_ordinal(self.command)


@dataclass(frozen=True, slots=True)
class Oddities:
    """Nothing is odd unless it is said. Times are seconds."""

    locked_word: int = SW.REFERENCE_DATA_BLOCKED
    """What a locked PIN answers from then on: one of LOCKED_WORDS. The try that locks it answers 63C0."""

    no_pin: bool = False
    """顔認証マイナンバーカード: every VERIFY answers 6A88, an empty one too. What a real one says is unknown."""

    certificate: Certificate = Certificate.WHOLE
    signature: Signature = Signature.GOOD
    master_file: MasterFile = MasterFile.STAYS

    short_ids: bool = True
    """False: a file can be named by its full id only; P1 or P2 with a short one answer 6A86."""

    get_response: bool = False
    """As over T=0: data waits behind 61xx for GET RESPONSE, and a wrong Le is answered with 6Cxx."""

    fails_first: bool = False
    """The first command after each power-up answers 6F00 and has no effect; observed once."""

    atr: bytes | None = None
    """Another answer to reset than the kind's, such as ``drivers.card.software.CONTACTLESS_ATR``."""

    pull: Pull | None = None

    silent_at: int | None = None
    """From this command on, counted as for Pull, nothing is heard and nothing is answered."""

    apdu_delay_s: float = 0.0
    """How long each command takes."""

    sign_delay_s: float = 0.0
    """How much longer one takes that signs."""

    def __post_init__(self) -> None:
        if self.locked_word not in LOCKED_WORDS:
            words = ", ".join(f"{word:04X}" for word in LOCKED_WORDS)
            raise ValueError(f"a locked PIN answers one of {words}, not {self.locked_word:04X}")
        if min(self.apdu_delay_s, self.sign_delay_s) < 0:
            raise ValueError("no card takes less than no time")
        if self.silent_at is not None:
            _need_ordinal(self.silent_at)


PLAIN = Oddities()


def _need_ordinal(command: int) -> None:
    if command < 1:
        raise ValueError(f"a card's commands are counted from 1, not from {command}")
