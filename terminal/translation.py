"""Device events → events of the visit. The one place where a key becomes a choice, or a PIN digit."""

from __future__ import annotations

from drivers.buttons import Button, ButtonPressed, ButtonReleased
from drivers.card_reader import (
    CardInserted,
    CardMuteInserted,
    CardReader,
    CardRemoved,
    SeveralCardsInserted,
)
from drivers.device import DeviceEvent
from drivers.keypad import Key
from drivers.payment import MoneyInserted
from drivers.sensors import Sensor, Sensors
from terminal.attention import Left
from terminal.pin import PinBuffer
from terminal.trust import Trust
from terminal.visit import events as e
from terminal.visit.known import Belongings, CardFault
from terminal.visit.screen import Screen, ScreenKey

KEYS = {
    Key.OK: ScreenKey.OK,
    Key.BACK: ScreenKey.BACK,
    Key.CANCEL: ScreenKey.CANCEL,
    Key.CLEAR: ScreenKey.CLEAR,
    Key.MORE_TIME: ScreenKey.MORE_TIME,
    Key.LANGUAGE: ScreenKey.LANGUAGE,
}


def visit_event(event: DeviceEvent) -> e.Event | None:
    """None for what is not the visit's business (device states, papers, lights)."""
    match event:
        case ButtonPressed(Button.SUPERVISOR):
            return e.SupervisorSwitched(on=True)
        case ButtonReleased(Button.SUPERVISOR):
            return e.SupervisorSwitched(on=False)
        case CardInserted():
            return e.CardInserted()
        case CardMuteInserted():
            return e.CardInserted(CardFault.MUTE)
        case SeveralCardsInserted():
            return e.CardInserted(CardFault.SEVERAL)
        case CardRemoved():
            return e.CardRemoved()
        case MoneyInserted(held_yen):
            return e.MoneyHeld(held_yen)
        case _:
            return None


def key_event(key: Key, screen: Screen, pin: PinBuffer) -> e.Event | None:
    """What a key means on a screen: a digit is a choice, or goes into the PIN. None: nothing."""
    if not key.value.isdigit():
        function = KEYS.get(key)
        return e.Pressed(function) if function is not None else None
    digit = int(key.value)
    if screen.pin_length is not None:
        return e.PinTyped(pin.type(digit))
    chosen = next((c for c in screen.choices if c.number == digit and c.enabled), None)
    return e.Chosen(chosen.value) if chosen is not None else None


SEEN_BY = {
    Left.SHEETS: Sensor.SHEETS_IN_TRAY,
    Left.RECEIPT: Sensor.RECEIPT_IN_SLOT,
    Left.CHANGE: Sensor.CHANGE_IN_CUP,
}


def belongings(reader: CardReader, sensors: Sensors, trust: Trust) -> Belongings:
    """What lies at the terminal now, as far as it can tell (R66, R68)."""
    seen = trust.believed({left: sensors.read(sensor) for left, sensor in SEEN_BY.items()})
    return Belongings(
        card=reader.card_present,
        sheets=seen[Left.SHEETS],
        receipt=seen[Left.RECEIPT],
        change=seen[Left.CHANGE],
    )
