"""A whole visit with two switches: one goes on, the other chooses what was reached.

Pure. What can be reached on a screen is every choice that can be made, every key it offers, and for a PIN
every digit. Digits begin at another one each time, so that nobody can count a PIN from the presses; a digit
that was chosen begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from terminal.visit.screen import Screen, ScreenKey

ALWAYS = ("repeat", "slower", "volume", "call_staff")
"""Help that every screen offers, after everything else."""

_KEYS = (
    ScreenKey.OK,
    ScreenKey.CLEAR,
    ScreenKey.MORE_TIME,
    ScreenKey.BACK,
    ScreenKey.CANCEL,
    ScreenKey.LANGUAGE,
)


@dataclass(frozen=True, slots=True)
class Stop:
    """Something that can be reached: a ``key`` (a digit is one), or the value of a ``choice``."""

    key: str | None = field(default=None, repr=False)
    choice: str | None = field(default=None, repr=False)

    @property
    def is_digit(self) -> bool:
        return self.key is not None and self.key.isdigit()


def stops(screen: Screen, first_digit: int) -> tuple[Stop, ...]:
    """In the order in which they are reached."""
    found = [Stop(choice=choice.value) for choice in screen.choices if choice.enabled]
    keys = [Stop(key=key.value) for key in _KEYS if key in screen.keys]
    if screen.pin_length is not None:
        digits = [Stop(key=str((first_digit + n) % 10)) for n in range(10)]
        ready = ScreenKey.OK in screen.keys  # all are typed: a fifth digit would be in the way
        found += [] if ready else digits
    return (*found, *keys, *(Stop(key=key) for key in ALWAYS))


@dataclass(slots=True)
class Focus:
    """Where on a screen the switches are. ``at`` is None until something was reached."""

    at: Stop | None = field(default=None, repr=False)
    _first_digit: int = field(default=0, repr=False)

    def go_on(self, screen: Screen, random_digit: int) -> Stop:
        """The next stop, after the last the first again. ``random_digit`` where digits begin anew."""
        if self.at is None:
            self._first_digit = random_digit
        reachable = stops(screen, self._first_digit)
        place = reachable.index(self.at) + 1 if self.at in reachable else 0
        self.at = reachable[place % len(reachable)]
        return self.at

    def choose(self, screen: Screen) -> Stop | None:
        """What was reached, if it still can be; a digit and a key are left at once."""
        chosen = self.at if self.at in stops(screen, self._first_digit) else None
        if chosen is None or chosen.choice is None:
            self.at = None
        return chosen

    def leave(self) -> None:
        """Another screen: nothing on it has been reached."""
        self.at = None
