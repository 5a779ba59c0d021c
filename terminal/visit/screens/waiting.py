"""What several screens share: working, please wait; and what is to be taken, from where."""

from __future__ import annotations

from terminal.visit.screen import Screen, ScreenKey, Text, Tone

CANCEL = ScreenKey.CANCEL


def working(name: str, picture: str) -> Screen:
    keys = (CANCEL,) if name in {"reading_card", "authenticating"} else ()
    return Screen(
        id=name,
        title=Text(f"{name}.title"),
        lines=(Text(f"{name}.line"),),
        keys=keys,
        picture=picture,
    )


def take_card(name: str, pay: int | None = None) -> Screen:
    then = (Text("returning_card.then_pay", {"yen": pay}),) if pay is not None else ()
    return Screen(
        id=name,
        title=Text("take_card.title"),
        lines=(Text("take_card.line"), *then),
        keys=(CANCEL,) if pay is not None else (),
        picture="take_card",
        tone=Tone.ATTENTION,
    )


# What can lie there → the words that ask for it, and its drawing.
TAKING = {
    "card": ("take_card.title", "take_card"),
    "sheets": ("handing_over.title", "take_paper"),
    "receipt": ("handing_over.take_receipt", "receipt"),
    "change": ("collecting.title", "take_money"),
}
VOID_SHEETS = ("collecting.sheets.title", "take_paper")
