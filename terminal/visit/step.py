"""What one step of the visit is made of, and the refusals the terminal itself can give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from terminal.link.wire import Refusal, RefusalClass
from terminal.visit.commands import Command
from terminal.visit.states import State


@dataclass(frozen=True, slots=True)
class Moment:
    """What the outside gives a step: the time, and a fresh id should a visit begin now."""

    now: datetime
    fresh_id: str


Step = tuple[State, list[Command]]

PIN_LOCKED = Refusal(kind=RefusalClass.CARD, reason="refused.pin_locked")
CARD_REMOVED = Refusal(kind=RefusalClass.CARD, reason="refused.card_removed")
TOOK_TOO_LONG = Refusal(kind=RefusalClass.OURS, reason="refused.took_too_long")
PRINTING_STALLED = Refusal(kind=RefusalClass.OURS, reason="refused.printing_stalled")
READER_LOST = Refusal(kind=RefusalClass.OURS, reason="refused.reader")
STOPPING = Refusal(kind=RefusalClass.OURS, reason="refused.stopping")
PAYMENT_CANCELLED = Refusal(kind=RefusalClass.OURS, reason="refused.payment_cancelled")
PAYMENT_TIMED_OUT = Refusal(kind=RefusalClass.OURS, reason="refused.payment_timed_out")
