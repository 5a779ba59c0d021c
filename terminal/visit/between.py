"""Between visits: idle, information, closed, out of service, and staff mode."""

from __future__ import annotations

from dataclasses import replace

from terminal.visit import events as e
from terminal.visit.commands import ClearTroubles, OpenVisit
from terminal.visit.known import Visit
from terminal.visit.screen import ScreenKey
from terminal.visit.states import Closed, Consent, Guide, Idle, OutOfService, Supervisor
from terminal.visit.step import Moment, Step

Resting = Idle | Guide | Closed | OutOfService | Supervisor


def on_resting(state: Resting, event: e.Event, moment: Moment) -> Step:
    """What is the same wherever nobody is being served; then what is not."""
    match event:
        case e.SupervisorSwitched(on=True):
            troubles = state.troubles if isinstance(state, OutOfService | Supervisor) else ()
            return Supervisor(state.language, troubles), []
        case e.SupervisorSwitched(on=False) if isinstance(state, Supervisor):
            return Idle(), []
        case e.ServiceChanged():
            return _service_changed(state, event)
        case _:
            return _by_state(state, event, moment)


def _service_changed(state: Resting, event: e.ServiceChanged) -> Step:
    if isinstance(state, Supervisor):
        return replace(state, troubles=event.troubles, notes=event.notes), []
    if event.troubles:
        return OutOfService(state.language, event.troubles), []
    if event.closed_reason is not None:
        return Closed(state.language, event.closed_reason, event.opens), []
    return (state if isinstance(state, Idle | Guide) else Idle()), []


def _by_state(state: Resting, event: e.Event, moment: Moment) -> Step:
    match state, event:
        case Idle(), e.Chosen("services"):
            return _begin(state, moment, card_present=False)
        case Idle(), e.CardInserted():  # a mute one too: reading it says which way round
            return _begin(state, moment, card_present=True)
        case Idle(), e.Chosen("guide"):
            return Guide(state.language), []
        case Guide(), e.Pressed(ScreenKey.OK | ScreenKey.BACK | ScreenKey.CANCEL) | e.TimedOut():
            return Idle(), []
        case Supervisor(), e.BelongingsChanged(there):
            return replace(state, there=there), []
        case Supervisor(), e.Chosen("clear"):
            return state, [ClearTroubles()]
        case Supervisor(), e.Chosen("distrust"):
            return state, [ClearTroubles(distrust=True)]
        case _:
            return state, []


def _begin(state: Idle, moment: Moment, *, card_present: bool) -> Step:
    visit = Visit(moment.fresh_id, state.language)
    return Consent(visit, card_present=card_present), [OpenVisit(visit)]
