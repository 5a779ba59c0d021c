"""Where typed PIN digits live: one bytearray, wiped after use, never a string, never shown (R14)."""

from __future__ import annotations

PIN_DIGITS = 4


class PinBuffer:
    """At most four digits. Its repr shows nothing."""

    def __init__(self) -> None:
        self._digits = bytearray()

    def __len__(self) -> int:
        return len(self._digits)

    def __repr__(self) -> str:
        return "PinBuffer(…)"

    def type(self, digit: int) -> int:
        """Add a digit 0–9 if there is room; how many there are now."""
        if not 0 <= digit <= 9:
            raise ValueError("a PIN digit is 0 to 9")
        if len(self._digits) < PIN_DIGITS:
            self._digits.append(0x30 + digit)
        return len(self._digits)

    def take(self) -> bytearray:
        """Hand over the digits; the receiver wipes them. The buffer is empty afterwards."""
        digits, self._digits = self._digits, bytearray()
        return digits

    def wipe(self) -> None:
        for index in range(len(self._digits)):
            self._digits[index] = 0
        self._digits.clear()
