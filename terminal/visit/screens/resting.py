"""The screens while nobody is being served (R3, R5, R7–R9)."""

from __future__ import annotations

from terminal.visit import states as s
from terminal.visit.screen import Choice, Screen, ScreenKey, Text, Tone

BACK, LANGUAGE = ScreenKey.BACK, ScreenKey.LANGUAGE


def idle() -> Screen:
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


def guide() -> Screen:
    topics = ("apply", "pin", "unlock", "lost", "not_here", "hours")
    return Screen(
        id="guide",
        title=Text("guide.title"),
        lines=tuple(Text(f"guide.{topic}") for topic in topics),
        keys=(BACK, LANGUAGE),
    )


def closed(state: s.Closed) -> Screen:
    when = () if state.opens is None else (Text("closed.opens", {"when": state.opens}),)
    return Screen(
        id="closed",
        title=Text("closed.title"),
        lines=(Text(state.reason), *when, Text("refused.hotline")),
        keys=(LANGUAGE,),
    )


def out_of_service(state: s.OutOfService) -> Screen:
    return Screen(
        id="out_of_service",
        title=Text("out_of_service.title"),
        lines=(*(Text(trouble) for trouble in state.troubles), Text("out_of_service.line")),
        keys=(LANGUAGE,),
        tone=Tone.FAULT,
    )


def supervisor(state: s.Supervisor) -> Screen:
    """Staff can clear what they have taken care of, and say that a sensor sees what is not there."""
    amiss = dict.fromkeys(
        (*state.troubles, *(f"trouble.found_{name}" for name in state.there.seen), *state.notes)
    )
    lines = tuple(Text(each) for each in amiss) or (Text("supervisor.fine"),)
    choices = [Choice(1, "clear", Text("supervisor.clear"), Text("supervisor.clear.detail"))]
    if state.there.sheets or state.there.receipt or state.there.change:
        detail = Text("supervisor.distrust.detail")
        choices.append(Choice(2, "distrust", Text("supervisor.distrust"), detail))
    return Screen(
        id="supervisor",
        title=Text("supervisor.title"),
        lines=(*lines, Text("supervisor.leave")),
        choices=tuple(choices),
        keys=(LANGUAGE,),
    )
