"""The screens of what did not come to paper: why, and what to do next."""

from __future__ import annotations

from terminal.link.wire import Refusal, RefusalClass
from terminal.visit import states as s
from terminal.visit.known import Belongings
from terminal.visit.screen import Argument, Named, Screen, ScreenKey, Text, Tone
from terminal.visit.screens.waiting import TAKING, VOID_SHEETS

OK, LANGUAGE = ScreenKey.OK, ScreenKey.LANGUAGE


def _refusal_lines(refusal: Refusal, *, no_charge: bool) -> tuple[Text, ...]:
    """Why; what to do next, when and where; that it cost nothing; whom to call about a lost card."""
    lines = [Text(refusal.reason), Text(f"{refusal.reason}.next")]
    if refusal.available_from is not None:
        lines.append(Text("refused.available_from", {"when": refusal.available_from}))
    if no_charge:
        lines.append(Text("refused.no_charge"))
    if refusal.contact is not None:
        contact = refusal.contact
        office = Named(contact.office, contact.reading)
        args: dict[str, Argument] = {"office": office, "telephone": contact.telephone}
        lines.append(Text("refused.contact", args))
    if refusal.kind is RefusalClass.CARD:
        lines.append(Text("refused.hotline"))
    if refusal.reference:
        lines.append(Text("refused.reference", {"reference": refusal.reference}))
    return tuple(lines)


ONLY_AGAIN = frozenset(
    {"refused.card_removed", "refused.card_unreadable", "refused.card_exchanged"}
)
"""Nothing is wrong with the card: begin again."""

_REFUSED_PICTURES = {RefusalClass.CARD: "card_problem", RefusalClass.OURS: "out_of_service"}


def refused(state: s.Refused) -> Screen:
    fault = state.refusal.kind is RefusalClass.OURS
    title = "refused.fault" if fault else "refused.title"
    return Screen(
        id="refused",
        title=Text("refused.again" if state.refusal.reason in ONLY_AGAIN else title),
        lines=_refusal_lines(state.refusal, no_charge=state.no_charge),
        keys=(OK, LANGUAGE),
        labels={OK: Text("refused.ok")},
        tone=Tone.FAULT if fault else Tone.ATTENTION,
        picture=_REFUSED_PICTURES.get(state.refusal.kind, "counter"),
        situation="refused.fault" if fault else "refused",
    )


_COLLECTING = {"receipt": "collecting.slip"}  # what comes out then is no receipt


def collecting(state: s.Collecting) -> Screen:
    """Decision d: the money first, then whatever else came out."""
    there = state.belongings or Belongings(change=True)
    lying = {"card": there.card, "receipt": bool(there.receipt), "change": bool(there.change)}
    asked = [name for name in ("change", "receipt", "card") if lying[name]]
    lines = [Text(state.refusal.reason)]
    lines += [Text(_COLLECTING.get(name, f"attention.{name}")) for name in asked[1:]]
    if there.sheets:
        lines.append(Text("collecting.sheets"))
    title, picture = TAKING[asked[0]] if asked else VOID_SHEETS
    if asked and asked[0] == "receipt":
        title = "collecting.take_slip"
    return Screen(
        id="collecting",
        title=Text(title),
        lines=(*lines, Text("refused.no_charge")),
        tone=Tone.ATTENTION,
        picture=picture,
        situation=f"collecting.{asked[0] if asked else 'sheets'}",
    )


def settling(state: s.Settling) -> Screen:
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
    )
