"""State → what the person sees, in visiting order. Words are ids of the catalogue (terminal/strings)."""

from __future__ import annotations

from typing import assert_never

from terminal.link.wire import Refusal, RefusalClass
from terminal.visit import states as s
from terminal.visit.screen import Choice, Progress, Screen, ScreenKey, Text, Tone
from terminal.visit.screens_choosing import (
    choosing_certificate,
    choosing_items,
    choosing_people,
    confirming,
    notices,
)
from terminal.visit.signing_in import PIN_DIGITS, asks_before_last_try
from terminal.visit.states import State

OK, BACK, CANCEL, CLEAR = ScreenKey.OK, ScreenKey.BACK, ScreenKey.CANCEL, ScreenKey.CLEAR
MORE_TIME, LANGUAGE = ScreenKey.MORE_TIME, ScreenKey.LANGUAGE


def screen_of(state: State) -> Screen:
    """The one screen of a state. Never raises; names appear only where people choose people."""
    match state:
        case s.Idle():
            return _idle()
        case s.Guide():
            return _guide()
        case s.Consent():
            return _consent(state)
        case s.AwaitingCard():
            return _awaiting_card(state)
        case s.ReadingCard():
            return _working("reading_card", "reading_card")
        case s.EnteringPin():
            return _entering_pin(state)
        case s.Authenticating():
            return _working("authenticating", "reading_card")
        case s.ChoosingCertificate():
            return choosing_certificate(state)
        case s.ChoosingPeople():
            return choosing_people(state)
        case s.ChoosingItems():
            return choosing_items(state)
        case s.Notices():
            return notices(state)
        case s.Confirming():
            return confirming(state)
        case s.Ordering():
            return _working("ordering", "reading_card")
        case s.Preparing():
            return _working("preparing", "document")
        case _:
            return _after_ordering(state)


AfterOrdering = (
    s.ReturningCard
    | s.Paying
    | s.Printing
    | s.HandingOver
    | s.Farewell
    | s.Refused
    | s.TakingCardBack
    | s.ReturningMoney
    | s.Collecting
    | s.Settling
    | s.Closed
    | s.OutOfService
    | s.Supervisor
)


def _after_ordering(state: AfterOrdering) -> Screen:
    match state:
        case s.ReturningCard():
            return _take_card("returning_card", pay=state.document.total_yen)
        case s.Paying():
            return _paying(state)
        case s.Printing():
            return _printing(state)
        case s.HandingOver():
            return _handing_over(state)
        case s.Farewell():
            return _farewell(state)
        case s.Refused():
            return _refused(state)
        case s.TakingCardBack():
            return _take_card("taking_card_back")
        case s.ReturningMoney():
            return _working("returning_money", "take_money", guide="payment")
        case s.Collecting():
            return _collecting(state)
        case s.Settling():
            return _settling(state)
        case s.Closed():
            return _closed(state)
        case s.OutOfService():
            return _out_of_service(state)
        case s.Supervisor():
            return _supervisor(state)
        case _:
            assert_never(state)


def _idle() -> Screen:
    return Screen(
        id="idle",
        title=Text("idle.title"),
        lines=(Text("idle.line"),),
        choices=(
            Choice(1, "services", Text("idle.services"), Text("idle.services.detail")),
            Choice(2, "guide", Text("idle.guide"), Text("idle.guide.detail")),
        ),
        keys=(LANGUAGE,),
    )


def _guide() -> Screen:
    topics = ("apply", "pin", "unlock", "lost", "not_here", "hours")
    return Screen(
        id="guide",
        title=Text("guide.title"),
        lines=tuple(Text(f"guide.{topic}") for topic in topics),
        keys=(BACK, LANGUAGE),
    )


def _consent(state: s.Consent) -> Screen:
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


def _awaiting_card(state: s.AwaitingCard) -> Screen:
    return Screen(
        id="awaiting_card",
        title=Text("awaiting_card.mute" if state.mute else "awaiting_card.title"),
        lines=(Text("awaiting_card.how"), Text("awaiting_card.keep")),
        keys=(CANCEL, MORE_TIME, LANGUAGE),
        tone=Tone.ATTENTION if state.mute else Tone.CALM,
        guide="card_reader",
        picture="card_problem" if state.mute else "card_on_reader",
        sound="attention" if state.mute else None,
    )


def _working(name: str, picture: str, guide: str | None = None) -> Screen:
    keys = (CANCEL,) if name in {"reading_card", "authenticating"} else ()
    return Screen(
        id=name,
        title=Text(f"{name}.title"),
        lines=(Text(f"{name}.line"),),
        keys=keys,
        picture=picture,
        guide=guide,
    )


def _entering_pin(state: s.EnteringPin) -> Screen:
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
            sound="attention",
        )
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
        guide="keypad",
        picture="pin",
        sound="error" if state.was_wrong and not state.typed else None,
    )


def _take_card(name: str, pay: int | None = None) -> Screen:
    then = (Text("returning_card.then_pay", {"yen": pay}),) if pay is not None else ()
    return Screen(
        id=name,
        title=Text("take_card.title"),
        lines=(Text("take_card.line"), *then),
        keys=(CANCEL,) if pay is not None else (),
        guide="card_reader",
        picture="take_card",
        tone=Tone.ATTENTION,
        sound="take_card",
    )


def _paying(state: s.Paying) -> Screen:
    return Screen(
        id="paying",
        title=Text("paying.title", {"yen": state.document.total_yen}),
        lines=(
            Text("paying.held", {"yen": state.held_yen}),
            Text("paying.left", {"yen": max(0, state.document.total_yen - state.held_yen)}),
            Text("confirming.no_return"),
        ),
        keys=(CANCEL, MORE_TIME, LANGUAGE),
        progress=Progress(min(state.held_yen, state.document.total_yen), state.document.total_yen),
        guide="payment",
        picture="money",
    )


def _printing(state: s.Printing) -> Screen:
    return Screen(
        id="printing",
        title=Text("printing.title"),
        lines=(
            Text("printing.sheets", {"n": state.printed, "total": state.document.sheets}),
            Text("printing.stay"),
        ),
        progress=Progress(state.printed, state.document.sheets),
        guide="printer_tray",
        picture="printing",
    )


# What can lie there → the words that ask for it, the light that points at it, its drawing.
_TAKING = {
    "card": ("take_card.title", "card_reader", "take_card"),
    "sheets": ("handing_over.title", "printer_tray", "take_paper"),
    "receipt": ("handing_over.take_receipt", "receipt", "receipt"),
    "change": ("collecting.title", "payment", "take_money"),
}
_VOID_SHEETS = ("collecting.sheets.title", "printer_tray", "take_paper")


def _handing_over(state: s.HandingOver) -> Screen:
    """R27, R68: asks for one thing after the other, the certificate before receipt and change."""
    there = state.belongings or s.Belongings(sheets=True)
    lying = {
        "card": there.card,
        "sheets": there.sheets is not False,  # no sensor can tell: ask
        "receipt": there.receipt is not False,
        "change": bool(there.change),
    }
    asked = [name for name, lies in lying.items() if lies]
    if not asked:  # taken at once, while the money is still being settled
        return Screen("handing_over", Text("handing_over.settling"), picture="farewell")
    total = state.document.sheets
    title, guide, picture = _TAKING[asked[0]]
    lines = [Text(f"attention.{name}") for name in asked[1:]]
    if lying["sheets"]:
        lines += [Text("handing_over.all", {"total": total}), Text("handing_over.not_stapled")]
    blind = state.kept and there.sheets is None and not there.any_seen
    return Screen(
        id="handing_over",
        title=Text(title, {"total": total}),
        lines=tuple(lines),
        keys=(OK,) if blind else (),
        labels={OK: Text("handing_over.taken")},
        guide=guide,
        picture=picture,
        tone=Tone.ATTENTION,
        sound="take_paper",
    )


def _farewell(state: s.Farewell) -> Screen:
    delivered = state.ending is s.Ending.DELIVERED
    name = "farewell" if delivered else "farewell.ended"
    return Screen(
        id="farewell",
        title=Text(f"{name}.title"),
        lines=(Text(f"{name}.line"),),
        picture="farewell" if delivered else "counter",
        sound="farewell" if delivered else None,
    )


def _refusal_lines(refusal: Refusal, *, no_charge: bool) -> tuple[Text, ...]:
    """Why; what to do next, when and where; that it cost nothing; whom to call about a lost card."""
    lines = [Text(refusal.reason), Text(f"{refusal.reason}.next")]
    if refusal.available_from is not None:
        lines.append(Text("refused.available_from", {"when": refusal.available_from}))
    if no_charge:
        lines.append(Text("refused.no_charge"))
    if refusal.contact is not None:
        contact = refusal.contact
        args = {"office": contact.office, "telephone": contact.telephone}
        lines.append(Text("refused.contact", args))
    if refusal.kind is RefusalClass.CARD:
        lines.append(Text("refused.hotline"))
    if refusal.reference:
        lines.append(Text("refused.reference", {"reference": refusal.reference}))
    return tuple(lines)


_REFUSED_PICTURES = {RefusalClass.CARD: "card_problem", RefusalClass.OURS: "out_of_service"}


def _refused(state: s.Refused) -> Screen:
    fault = state.refusal.kind is RefusalClass.OURS
    return Screen(
        id="refused",
        title=Text("refused.fault" if fault else "refused.title"),
        lines=_refusal_lines(state.refusal, no_charge=state.no_charge),
        keys=(OK, LANGUAGE),
        labels={OK: Text("refused.ok")},
        tone=Tone.FAULT if fault else Tone.ATTENTION,
        picture=_REFUSED_PICTURES.get(state.refusal.kind, "counter"),
        sound="error",
    )


def _collecting(state: s.Collecting) -> Screen:
    """Decision d: the money first, then whatever else came out."""
    there = state.belongings or s.Belongings(change=True)
    lying = {"card": there.card, "receipt": bool(there.receipt), "change": bool(there.change)}
    asked = [name for name in ("change", "receipt", "card") if lying[name]]
    lines = [Text(state.refusal.reason)]
    lines += [Text(f"attention.{name}") for name in asked[1:]]
    if there.sheets:
        lines.append(Text("collecting.sheets"))
    title, guide, picture = _TAKING[asked[0]] if asked else _VOID_SHEETS
    return Screen(
        id="collecting",
        title=Text(title),
        lines=(*lines, Text("refused.no_charge")),
        guide=guide,
        tone=Tone.ATTENTION,
        picture=picture,
        sound="attention",
    )


def _settling(state: s.Settling) -> Screen:
    return Screen(
        id="settling",
        title=Text(f"{state.reason}.title"),
        lines=(
            Text(f"{state.reason}.line"),
            Text("refused.reference", {"reference": state.reference}),
            Text("attention.staff"),
        ),
        tone=Tone.FAULT,
        picture="counter",
        sound="error",
    )


def _closed(state: s.Closed) -> Screen:
    when = () if state.opens is None else (Text("closed.opens", {"when": state.opens}),)
    return Screen(
        id="closed",
        title=Text("closed.title"),
        lines=(Text(state.reason), *when, Text("refused.hotline")),
        keys=(LANGUAGE,),
    )


def _out_of_service(state: s.OutOfService) -> Screen:
    return Screen(
        id="out_of_service",
        title=Text("out_of_service.title"),
        lines=(*(Text(trouble) for trouble in state.troubles), Text("out_of_service.line")),
        keys=(LANGUAGE,),
        tone=Tone.FAULT,
    )


def _supervisor(state: s.Supervisor) -> Screen:
    troubles = tuple(Text(trouble) for trouble in state.troubles) or (Text("supervisor.fine"),)
    return Screen(
        id="supervisor",
        title=Text("supervisor.title"),
        lines=(*troubles, Text("supervisor.leave")),
        choices=(Choice(1, "clear", Text("supervisor.clear"), Text("supervisor.clear.detail")),),
        keys=(LANGUAGE,),
    )
