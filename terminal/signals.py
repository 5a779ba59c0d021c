"""What each situation of the visit signals: the one table state → lights, sound, voice.

Pure data; the presenter reads it, in virtual time in the tests. What was left behind is signalled by the
ladder of ``attention``, which goes before what a screen signals. The display always shows what the page
shows. A light at rest is steady; one that flashes slowly points at what a hand must find; none flashes above
2 Hz (decision i).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from terminal.attention import Flash
from terminal.visit.screen import Screen


class Say(Enum):
    """How much is said to somebody who looks at a screen. Who uses keys hears everything, and where nobody is
    being served only what they ask for."""

    ASKED = "nothing unless asked"
    NOTHING = "nothing"
    TITLE = "title"
    LINES = "title and lines"


@dataclass(frozen=True, slots=True)
class Signals:
    """``guide`` names the light beside what a hand must find now, and ``sound`` what is played on
    entering. ``again_s``: the words are repeated while the state lasts, that often."""

    guide: str | None = None
    sound: str | None = None
    says: Say = Say.TITLE
    again_s: float | None = None
    status: Flash = "steady"


STAY_S = 20.0  # printing takes minutes, and who waits in silence walks off

SIGNALS: Mapping[str, Signals] = {
    # --- between visits ---
    "idle": Signals(says=Say.ASKED),
    "guide": Signals(says=Say.NOTHING),
    "closed": Signals(says=Say.ASKED, status="off"),
    "out_of_service": Signals(says=Say.ASKED, status="slow"),
    "supervisor": Signals(says=Say.ASKED),
    # --- signing in ---
    "consent": Signals(says=Say.LINES),
    "connecting": Signals(),
    "awaiting_card": Signals("card_reader", again_s=STAY_S),
    "card_mute": Signals("card_reader", "attention", Say.LINES, again_s=STAY_S),
    "card_several": Signals("card_reader", "attention", Say.LINES, again_s=STAY_S),
    "reading_card": Signals(says=Say.NOTHING),
    "entering_pin": Signals("keypad", says=Say.LINES),
    "entering_pin.wrong": Signals("keypad", "error", Say.LINES),
    "last_try": Signals(None, "attention", Say.LINES),
    "typing_at_reader": Signals("card_reader", says=Say.LINES),
    "typing_at_reader.wrong": Signals("card_reader", "error", Say.LINES),
    "authenticating": Signals(says=Say.NOTHING),
    # --- choosing ---
    "choosing_certificate": Signals(),
    "choosing_year": Signals(),
    "choosing_people": Signals(),
    "choosing_items": Signals(),
    "notice": Signals(None, "attention", Say.LINES),
    "confirming": Signals(says=Say.LINES),
    "ordering": Signals(says=Say.NOTHING),
    # --- issuing ---
    "preparing": Signals(again_s=STAY_S),
    "returning_card": Signals("card_reader", "take_card", Say.LINES),
    "paying": Signals("payment", says=Say.LINES, again_s=STAY_S),
    "printing": Signals("printer_tray", says=Say.LINES, again_s=STAY_S),
    "handing_over.card": Signals("card_reader", "take_card", Say.LINES),
    "handing_over.sheets": Signals("printer_tray", "take_paper", Say.LINES),
    "handing_over.receipt": Signals("receipt", "take_paper", Say.LINES),
    "handing_over.change": Signals("payment", "take_money", Say.LINES),
    "handing_over.settling": Signals(says=Say.NOTHING),
    "farewell": Signals(None, "farewell", Say.LINES),
    "farewell.ended": Signals(says=Say.LINES),
    # --- side ways ---
    "refused": Signals(None, "error", Say.LINES),
    "refused.fault": Signals(None, "error", Say.LINES, status="slow"),
    "taking_card_back": Signals("card_reader", "take_card", Say.LINES),
    "returning_money": Signals("payment", again_s=STAY_S),
    "collecting.change": Signals("payment", "take_money", Say.LINES),
    "collecting.receipt": Signals("receipt", "take_paper", Say.LINES),
    "collecting.card": Signals("card_reader", "take_card", Say.LINES),
    "collecting.sheets": Signals("printer_tray", "attention", Say.LINES),
    "settling": Signals(None, "error", Say.LINES, again_s=STAY_S, status="slow"),
}


def signals_of(screen: Screen) -> Signals:
    """The row of a screen's situation. Raises KeyError for a screen without one: our mistake."""
    return SIGNALS[screen.situation or screen.id]
