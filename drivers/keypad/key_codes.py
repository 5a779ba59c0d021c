"""Which key of a USB keypad means what (linux/input-event-codes.h).

A keypad's firmware may send its digits as such, as a keyboard's upper row, or, without NumLock, as the
movements printed below them: all three are the same key to a finger.
"""

from __future__ import annotations

from drivers.keypad import Key

_KEYPAD = {82: "0", 79: "1", 80: "2", 81: "3", 75: "4", 76: "5", 77: "6", 71: "7", 72: "8", 73: "9"}
_ROW = {11: "0", **{code: str(code - 1) for code in range(2, 11)}}
_WITHOUT_NUM_LOCK = {
    110: "0",  # Insert
    107: "1",  # End
    108: "2",  # down
    109: "3",  # Page Down
    105: "4",  # left
    106: "6",  # right
    102: "7",  # Home
    103: "8",  # up
    104: "9",  # Page Up
}
NUM_LOCK = 69

KEY_OF_CODE: dict[int, Key] = {
    **{code: Key(digit) for code, digit in (_KEYPAD | _ROW | _WITHOUT_NUM_LOCK).items()},
    28: Key.OK,  # Enter
    96: Key.OK,  # the keypad's Enter
    14: Key.CLEAR,  # Backspace
    1: Key.CANCEL,  # Esc
    74: Key.CANCEL,  # −
    78: Key.MORE_TIME,  # +
    55: Key.REPEAT,  # *
    98: Key.LANGUAGE,  # /
    83: Key.BACK,  # .
    111: Key.BACK,  # Delete, which is . without NumLock
    15: Key.CALL_STAFF,  # Tab
    117: Key.VOLUME,  # the keypad's =
    179: Key.SLOWER,  # the keypad's (
}
