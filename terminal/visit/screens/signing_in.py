"""The screens from consent to PIN (R4, R14, R45)."""

from __future__ import annotations

from terminal.pin import PIN_DIGITS
from terminal.visit import states as s
from terminal.visit.known import CardFault
from terminal.visit.screen import Screen, ScreenKey, Text, Tone
from terminal.visit.signing_in import asks_before_last_try

OK, CANCEL, CLEAR = ScreenKey.OK, ScreenKey.CANCEL, ScreenKey.CLEAR
MORE_TIME, LANGUAGE = ScreenKey.MORE_TIME, ScreenKey.LANGUAGE


def consent(state: s.Consent) -> Screen:
    if state.agreed:
        return Screen(
            id="connecting",
            title=Text("connecting.title"),
            lines=(Text("connecting.line"),),
            keys=(CANCEL, LANGUAGE),
            picture="document",
        )
    return Screen(
        id="consent",
        title=Text("consent.title"),
        lines=(Text("consent.own_card"), Text("consent.no_return"), Text("consent.privacy")),
        keys=(OK, CANCEL, LANGUAGE),
        labels={OK: Text("consent.agree")},
        picture="counter",
    )


def awaiting_card(state: s.AwaitingCard) -> Screen:
    keys = (CANCEL, MORE_TIME, LANGUAGE)
    if state.fault is not None:
        problem = _CARD_PROBLEMS[state.fault]
        return Screen(
            id=f"card_{state.fault.name.lower()}",
            title=Text(problem),
            lines=(Text(f"{problem}.next"), Text("awaiting_card.keep"), Text("refused.hotline")),
            keys=keys,
            tone=Tone.ATTENTION,
            picture="card_problem",
        )
    return Screen(
        id="awaiting_card",
        title=Text("awaiting_card.title"),
        lines=(Text("awaiting_card.how"), Text("awaiting_card.keep")),
        keys=keys,
        picture="card_on_reader",
    )


_CARD_PROBLEMS = {
    CardFault.MUTE: "awaiting_card.mute",
    CardFault.SEVERAL: "awaiting_card.several",
}


def entering_pin(state: s.EnteringPin) -> Screen:
    tries = Text("pin.tries", {"tries": state.card.tries_left})
    if asks_before_last_try(state):
        return Screen(
            id="last_try",
            title=Text("pin.last_try"),
            lines=(Text("pin.last_try.what"), Text("pin.which")),
            keys=(OK, CANCEL, MORE_TIME, LANGUAGE),
            labels={OK: Text("pin.last_try.use")},
            tone=Tone.ATTENTION,
            picture="pin",
        )
    return _asking_for_pin(state, tries)


def _asking_for_pin(state: s.EnteringPin, tries: Text) -> Screen:
    again = (Text("pin.again"),) if state.was_wrong else ()
    return Screen(
        id="entering_pin",
        title=Text("pin.wrong" if state.was_wrong else "pin.title"),
        lines=(*again, tries, Text("pin.which")),
        keys=(
            (OK, CLEAR, CANCEL, MORE_TIME, LANGUAGE)
            if state.typed == PIN_DIGITS
            else (CLEAR, CANCEL, MORE_TIME, LANGUAGE)
        ),
        pin_length=state.typed,
        tone=Tone.ATTENTION if state.was_wrong or state.card.tries_left == 1 else Tone.CALM,
        picture="pin",
        situation="entering_pin.wrong" if state.was_wrong else "entering_pin",
    )


def typing_at_reader(state: s.TypingAtReader) -> Screen:
    again = (Text("pin.wrong"),) if state.was_wrong else ()
    return Screen(
        id="typing_at_reader",
        title=Text("pin.at_reader"),
        lines=(*again, Text("pin.tries", {"tries": state.card.tries_left}), Text("pin.which")),
        keys=(LANGUAGE,),  # the reader has a cancel key of its own
        tone=Tone.ATTENTION if state.was_wrong or state.card.tries_left == 1 else Tone.CALM,
        picture="pin",
        situation="typing_at_reader.wrong" if state.was_wrong else "typing_at_reader",
    )
