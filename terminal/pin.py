"""Where typed PIN digits live: one bytearray, wiped after use, never a string, never shown (R14)."""

from __future__ import annotations

PIN_DIGITS = 4


class PinBuffer:
    """At most four digits. Its repr shows nothing."""

    def __init__(self) -> None:
        # Full size from the start: a bytearray that grows leaves its digits behind where it was.
        self._digits = bytearray(PIN_DIGITS)
        self._typed = 0

    def __len__(self) -> int:
        return self._typed

    def __repr__(self) -> str:
        return "PinBuffer(…)"

    def type(self, digit: int) -> int:
        """Add a digit 0–9 if there is room; how many there are now."""
        if not 0 <= digit <= 9:
            raise ValueError("a PIN digit is 0 to 9")
        if self._typed < PIN_DIGITS:
            self._digits[self._typed] = 0x30 + digit
            self._typed += 1
        return self._typed

    def take(self) -> bytearray:
        """Hand over the digits; the receiver wipes them. The buffer is empty afterwards."""
        digits, self._digits = self._digits, bytearray(PIN_DIGITS)
        del digits[self._typed :]
        self._typed = 0
        return digits

    def wipe(self) -> None:
        self._digits[:] = bytes(PIN_DIGITS)
        self._typed = 0
