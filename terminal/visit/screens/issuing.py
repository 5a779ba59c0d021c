"""The screens from money to paper (R22, R26, R27, R56, R68)."""

from __future__ import annotations

from terminal.visit import states as s
from terminal.visit.known import Belongings, Ending
from terminal.visit.screen import Progress, Screen, ScreenKey, Text, Tone
from terminal.visit.screens.waiting import TAKING

OK, CANCEL, MORE_TIME = ScreenKey.OK, ScreenKey.CANCEL, ScreenKey.MORE_TIME
LANGUAGE = ScreenKey.LANGUAGE


def paying(state: s.Paying) -> Screen:
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
        picture="money",
    )


def printing(state: s.Printing) -> Screen:
    return Screen(
        id="printing",
        title=Text("printing.title"),
        lines=(
            Text("printing.sheets", {"n": state.printed, "total": state.document.sheets}),
            Text("printing.stay"),
        ),
        progress=Progress(state.printed, state.document.sheets),
        picture="printing",
    )


def handing_over(state: s.HandingOver) -> Screen:
    """R27, R68: asks for one thing after the other, the certificate before receipt and change."""
    there = state.belongings or Belongings(sheets=True)
    lying = {  # where no sensor can tell: ask
        "card": there.card,
        "sheets": there.sheets is not False,
        "receipt": there.receipt is not False,
        "change": there.change is not False,
    }
    asked = [name for name, lies in lying.items() if lies]
    if not asked:  # taken at once, while the money is still being settled
        return Screen(
            "handing_over",
            Text("handing_over.settling"),
            picture="farewell",
            situation="handing_over.settling",
        )
    total = state.document.sheets
    title, picture = TAKING[asked[0]]
    lines = [Text(f"attention.{name}") for name in asked[1:]]
    if lying["sheets"]:
        lines += [Text("handing_over.all", {"total": total}), Text("handing_over.not_stapled")]
    blind = state.kept and there.any_unknown and not there.any_seen
    return Screen(
        id="handing_over",
        title=Text(title, {"total": total}),
        lines=tuple(lines),
        keys=(OK,) if blind else (),
        labels={OK: Text("handing_over.taken")},
        picture=picture,
        tone=Tone.ATTENTION,
        situation=f"handing_over.{asked[0]}",
    )


def farewell(state: s.Farewell) -> Screen:
    delivered = state.ending is Ending.DELIVERED
    name = "farewell" if delivered else "farewell.ended"
    return Screen(
        id="farewell",
        title=Text(f"{name}.title"),
        lines=(Text(f"{name}.line"),),
        picture="farewell" if delivered else "counter",
        situation=name,
    )
