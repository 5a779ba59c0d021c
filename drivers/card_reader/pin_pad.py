"""Readers with keys of their own: the PIN goes from finger to card and never enters this computer.

PC/SC part 10 ("IFDs with Secure PIN Entry Capabilities"), its FEATURE_VERIFY_PIN_DIRECT: the host sends
a VERIFY without its PIN and says how the digits are to be put into it. Few readers can do it, and none
that hardware.md names; what such a reader does is unproven here but for the bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from drivers.card.apdu import Command
from drivers.card.jpki import PIN_LENGTH
from drivers.card_reader.scard import CardHandle
from drivers.errors import (
    CardProtocolError,
    PinEntryCancelled,
    PinEntryIncomplete,
    PinEntryTimedOut,
)

GET_FEATURES = 0x42000000 + 3400
"""CM_IOCTL_GET_FEATURE_REQUEST, as pcsc-lite numbers it."""

_VERIFY_PIN_DIRECT = 0x06
_FEATURE_SIZE = 6  # tag, length (4), and the code to use, big-endian

_ASCII_FROM_FIRST_BYTE = 0x82  # units are bytes, PIN at position 0 of the body, left, ASCII
_FOUR_AND_ONLY_FOUR = PIN_LENGTH << 8 | PIN_LENGTH
_WHEN_OK_IS_PRESSED = 0x02
_READERS_OWN_MESSAGE = 0xFF
_JAPANESE = 0x0411
_LONGEST_S = 0xFF
_NEXT_KEY_S = 10  # who has begun to type goes on; the reader ends before the terminal's own limit

_OUTCOMES = {
    0x6400: PinEntryTimedOut("no PIN was typed on the reader in time"),
    0x6401: PinEntryCancelled("typing a PIN on the reader was cancelled there"),
    0x6402: PinEntryIncomplete("the PIN typed on the reader has not four digits"),
    0x6403: PinEntryIncomplete("the PIN typed on the reader has not four digits"),
}


@dataclass(frozen=True, slots=True)
class PinPad:
    """The keys of a reader with a card in it. ``code`` is what the reader wants for VERIFY."""

    card: CardHandle
    code: int

    def verify(self, command: Command, typing_s: float) -> bytes:
        """The card's answer to ``command`` with what was typed.

        Raises PinEntryTimedOut, PinEntryCancelled, PinEntryIncomplete (the card was asked nothing),
        CardProtocolError, and what ``CardHandle.control`` raises.
        """
        answer = self.card.control(self.code, verify_structure(command, typing_s))
        if len(answer) != 2:
            raise CardProtocolError(f"the reader answered {len(answer)} bytes to typing a PIN")
        outcome = _OUTCOMES.get(int.from_bytes(answer, "big"))
        if outcome is not None:
            raise type(outcome)(*outcome.args)
        return answer


def pin_pad_of(card: CardHandle) -> PinPad | None:
    """None for a reader without keys, and for one that cannot fill a PIN into VERIFY."""
    code = features(card.asked(GET_FEATURES)).get(_VERIFY_PIN_DIRECT)
    return None if code is None else PinPad(card, code)


def features(octets: bytes) -> dict[int, int]:
    """A reader's features and the code for each; {} for bytes that are no such list."""
    found: dict[int, int] = {}
    for at in range(0, len(octets), _FEATURE_SIZE):
        entry = octets[at : at + _FEATURE_SIZE]
        if len(entry) != _FEATURE_SIZE or entry[1] != _FEATURE_SIZE - 2:
            return {}
        found[entry[0]] = int.from_bytes(entry[2:], "big")
    return found


def verify_structure(command: Command, typing_s: float) -> bytes:
    """PIN_VERIFY_STRUCTURE in pcsc-lite's packed form, for four ASCII digits and nothing else."""
    seconds = max(1, min(round(typing_s), _LONGEST_S))
    after_first = min(seconds, _NEXT_KEY_S)
    template = bytes((command.cla, command.ins, command.p1, command.p2, PIN_LENGTH))
    template += bytes(PIN_LENGTH)  # where the reader puts the digits
    head = struct.pack(
        "<BBBBBHBBHB3sI",
        seconds,  # bTimeOut: until the first key
        after_first,  # bTimeOut2: after it
        _ASCII_FROM_FIRST_BYTE,  # bmFormatString
        PIN_LENGTH,  # bmPINBlockString: a block of four bytes, no length in it
        0,  # bmPINLengthFormat: none
        _FOUR_AND_ONLY_FOUR,  # wPINMaxExtraDigit: least and most
        _WHEN_OK_IS_PRESSED,  # bEntryValidationCondition
        _READERS_OWN_MESSAGE,  # bNumberMessage
        _JAPANESE,  # wLangId
        0,  # bMsgIndex
        bytes(3),  # bTeoPrologue: the driver's, for T=1
        len(template),  # ulDataLength
    )
    return head + template
