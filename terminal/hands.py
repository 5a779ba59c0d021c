"""What hands do: keys, touches, buttons and the two switches → events of the visit, and help for the person.

Which means what is decided by the screen that is shown when its turn comes. Every key that means something
clicks, and all alike: nobody can hear a PIN.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.buttons import Button
from drivers.keypad import Key
from terminal.pin import PinBuffer
from terminal.presenter import Presenter
from terminal.switches import Focus, Stop
from terminal.translation import key_event
from terminal.visit import events as e
from terminal.visit.screen import Screen, Text


@dataclass(frozen=True, slots=True)
class Touch:
    """Something touched on the page while ``screen`` was shown: a key, the value of a choice, a language."""

    screen: str
    key: Key | None = field(default=None, repr=False)  # it may be a digit of a PIN
    choice: str | None = field(default=None, repr=False)
    language: str | None = None


BUTTONS = {
    Button.OK: Key.OK,
    Button.CANCEL: Key.CANCEL,
    Button.CALL_STAFF: Key.CALL_STAFF,
    Button.REPEAT: Key.REPEAT,
    Button.VOLUME: Key.VOLUME,
}
"""Buttons that mean the same as a key."""


HELPS = frozenset({Key.REPEAT, Key.SLOWER, Key.VOLUME, Key.CALL_STAFF})
"""Keys that change nothing but how, or to whom, is spoken."""


def _help_of(key: Key, screen: Screen) -> Key:
    """No choice has the number 0: outside a PIN that key speaks more slowly."""
    return Key.SLOWER if key is Key.D0 and screen.pin_length is None else key


def _is_offered(event: e.Event | None, screen: Screen) -> bool:
    return event is not None and (not isinstance(event, e.Pressed) or event.key in screen.keys)


def name_of(screen: Screen) -> str:
    """Two notices in a row are one kind of screen, and still a touch means one of them."""
    return f"{screen.id}/{screen.title.id}"


class Hands:
    """``focus`` is where the switches are. ``call_staff`` tells the operator."""

    def __init__(
        self, pin: PinBuffer, presenter: Presenter, call_staff: Callable[[], None]
    ) -> None:
        self.focus = Focus()
        self._pin = pin
        self._presenter = presenter
        self._call_staff = call_staff
        self._screen = ""

    def screen_shown(self, screen: Screen) -> None:
        """The switches begin anew on another screen."""
        if name_of(screen) != self._screen:
            self._screen = name_of(screen)
            self.focus.leave()

    def key(self, key: Key, screen: Screen) -> e.Event | None:
        """On the keypad: whoever uses it may not see the screen."""
        self._listens()
        event = self._pressed(key, screen)
        if _help_of(key, screen) not in HELPS and not _is_offered(event, screen):
            self._presenter.voice.repeat()  # whoever presses what means nothing here is lost
        return event

    def touch(self, touch: Touch, screen: Screen) -> e.Event | None:
        """On the page; what was touched on another screen means nothing."""
        if name_of(screen) != touch.screen:
            return None
        self._presenter.voice.hearing.by_ear = False
        if touch.key is not None:
            return self._pressed(touch.key, screen)
        if touch.language is not None:
            return e.LanguageChosen(touch.language)
        return self._chosen(touch.choice, screen)

    def button(self, button: Button, screen: Screen) -> e.Event | None:
        """One of the buttons beside the screen; NEXT and CHOOSE are the two switches."""
        if button in {Button.NEXT, Button.CHOOSE}:
            self._listens(by_switches=True)
            if button is Button.CHOOSE:
                return self._choose(screen)
            self._go_on(screen)
            return None
        key = BUTTONS.get(button)
        return self._pressed(key, screen) if key is not None else None

    def _listens(self, *, by_switches: bool = False) -> None:
        hearing = self._presenter.voice.hearing
        hearing.by_ear, hearing.by_switches = True, by_switches

    # --- what it means -----------------------------------------------------------------------

    def _pressed(self, key: Key, screen: Screen) -> e.Event | None:
        if self._helps(_help_of(key, screen)):
            self._presenter.click()
            return None
        event = key_event(key, screen, self._pin)
        if event is not None:
            self._presenter.click()
        return event

    def _chosen(self, value: str | None, screen: Screen) -> e.Event | None:
        """Only what is on the screen can be chosen."""
        offered = any(choice.value == value and choice.enabled for choice in screen.choices)
        return e.Chosen(value) if offered and value is not None else None

    def _helps(self, key: Key) -> bool:
        voice = self._presenter.voice
        match key:
            case Key.REPEAT:
                voice.repeat()
            case Key.SLOWER:
                voice.change_pace()
            case Key.VOLUME:
                voice.change_volume()
            case Key.CALL_STAFF:
                self._call_staff()
                voice.remark(Text("voice.staff_called"))
            case _:
                return False
        return True

    # --- two switches ------------------------------------------------------------------------

    def _go_on(self, screen: Screen) -> None:
        self.focus.go_on(screen, secrets.randbelow(10))
        self._presenter.click()

    def _choose(self, screen: Screen) -> e.Event | None:
        stop = self.focus.choose(screen)
        if stop is None:
            self._presenter.click()
            self._presenter.voice.repeat((Text("switch.how"),))
            return None
        return self._take(stop, screen)

    def _take(self, stop: Stop, screen: Screen) -> e.Event | None:
        if stop.key is not None:
            return self._pressed(Key(stop.key), screen)
        self._presenter.click()
        return self._chosen(stop.choice, screen)
