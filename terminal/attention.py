"""What was left behind, for how long → lights, sound, words, who is called (decision i, R66–R68).

Pure: seconds in, signals out. Each thing has its own light, its own tune and its own words, so that
card, paper, money and fault can be told apart by eye, by ear and by reading alike; an active buzzer
has one pitch only, so the tunes differ by their rhythm too. How long a thing has lain there decides
how its light flashes and how its tune is played: once and softly, louder and over again, and at last
with hardly a pause. The ladder is data, and so are the sounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Flash = Literal["off", "steady", "slow", "quick"]
Manner = Literal["chime", "louder", "continuous"]
Note = tuple[int, int, float]
"""Hertz (0: silence), milliseconds, loudness 0.0–1.0."""


class Left(Enum):
    """Things that belong to a person, the most urgent first."""

    CARD = "card"
    SHEETS = "sheets"
    RECEIPT = "receipt"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Rung:
    """What happens from ``from_s`` seconds on. ``incident``: the journal, and no next visit."""

    from_s: float
    flash: Flash
    manner: Manner
    repeat: bool = False
    call_staff: bool = False
    incident: bool = False


LADDER = (
    Rung(0, "slow", "chime"),
    Rung(10, "quick", "louder", repeat=True),
    Rung(30, "quick", "continuous", repeat=True, call_staff=True),
    Rung(120, "quick", "continuous", repeat=True, call_staff=True, incident=True),
)


@dataclass(frozen=True, slots=True)
class Signal:
    """How one thing calls its owner. ``sound`` is None where a more urgent thing has the buzzer."""

    left: Left
    light: str
    flash: Flash
    sound: str | None
    repeat: bool
    words: str
    call_staff: bool
    incident: bool


@dataclass(frozen=True, slots=True)
class Call:
    """Everything that calls at this moment, the most urgent first."""

    signals: tuple[Signal, ...] = ()

    @property
    def lights(self) -> dict[str, Flash]:
        return {signal.light: signal.flash for signal in self.signals}

    @property
    def sound(self) -> str | None:
        """A name in SOUNDS: the tune of the most urgent thing, in the manner of the longest wait."""
        return self.signals[0].sound if self.signals else None

    @property
    def repeat(self) -> bool:
        return self.signals[0].repeat if self.signals else False

    @property
    def gap_ms(self) -> int:
        """The silence after a round of tune and words."""
        return 0 if self.sound is None else _GAPS[self.sound.rpartition(".")[2]]

    @property
    def words(self) -> tuple[str, ...]:
        """Text ids: what to take, and that staff are coming once they were called."""
        staff = ("attention.staff",) if self.call_staff else ()
        return (*(signal.words for signal in self.signals), *staff)

    @property
    def call_staff(self) -> frozenset[Left]:
        """The things for which staff are to be called."""
        return frozenset(signal.left for signal in self.signals if signal.call_staff)

    @property
    def incident(self) -> frozenset[Left]:
        """The things that are incidents by now: the next visit is blocked until cleared."""
        return frozenset(signal.left for signal in self.signals if signal.incident)


# --- the ladder ------------------------------------------------------------------------------

# Light and tune of each thing; both papers sound alike, and point at different places.
_LIGHTS = {
    Left.CARD: "card_reader",
    Left.SHEETS: "printer_tray",
    Left.RECEIPT: "receipt",
    Left.CHANGE: "payment",
}
_TUNES = {Left.CARD: "card", Left.SHEETS: "paper", Left.RECEIPT: "paper", Left.CHANGE: "money"}


def rung(seconds: float) -> Rung:
    """Where a thing stands that has lain there for ``seconds``."""
    return next((each for each in reversed(LADDER) if seconds >= each.from_s), LADDER[0])


def next_change_s(seconds: float) -> float | None:
    """Seconds from now until a thing that has lain there for ``seconds`` climbs; None at the top."""
    return next((each.from_s - seconds for each in LADDER if seconds < each.from_s), None)


def signals(left: Mapping[Left, float]) -> Call:
    """Combine what is called for by all things left, each with the seconds it has lain there."""
    lying = [each for each in Left if each in left]
    if not lying:
        return Call()
    rungs = {each: rung(left[each]) for each in lying}
    highest = max(rungs.values(), key=lambda each: each.from_s)
    sound = f"{_TUNES[lying[0]]}.{highest.manner}"
    return Call(
        tuple(
            Signal(
                left=each,
                light=_LIGHTS[each],
                flash=rungs[each].flash,
                sound=sound if each is lying[0] else None,
                repeat=highest.repeat and each is lying[0],
                words=f"attention.{each.value}",
                call_staff=rungs[each].call_staff,
                incident=rungs[each].incident,
            )
            for each in lying
        )
    )


# --- the sounds ------------------------------------------------------------------------------

# A piezo is loudest near 2.7 kHz; the ears of older people are better below it. So each tune has both.
_HIGH, _LOW = 2700, 2100

# (hertz, milliseconds): long rising pair · three short · short and long · two long low ones.
_RHYTHMS: dict[str, tuple[tuple[int, int], ...]] = {
    "card": ((_LOW, 300), (0, 80), (_HIGH, 500)),
    "paper": ((_HIGH, 120), (0, 80), (_LOW, 120), (0, 80), (_HIGH, 120)),
    "money": ((_HIGH, 100), (0, 60), (_LOW, 350)),
    "fault": ((_LOW, 600), (0, 200), (_LOW, 600)),
}

# Loudness, and the silence before the next round.
_MANNERS: dict[Manner, tuple[float, int]] = {
    "chime": (0.4, 1000),
    "louder": (0.8, 1000),
    "continuous": (1.0, 150),
}


# Between two rounds of tune and words, where there is a voice.
_GAPS = {"chime": 0, "louder": 3000, "continuous": 300}


def _play(tune: str, manner: Manner) -> tuple[Note, ...]:
    loudness, rest_ms = _MANNERS[manner]
    notes = ((hz, ms, loudness if hz else 0.0) for hz, ms in _RHYTHMS[tune])
    return (*notes, (0, rest_ms, 0.0))


SOUNDS: Mapping[str, tuple[Note, ...]] = {
    **{f"{tune}.{manner}": _play(tune, manner) for tune in _RHYTHMS for manner in _MANNERS},
    # what screens name
    "attention": ((_HIGH, 150, 0.5), (0, 100, 0.0), (_HIGH, 150, 0.5)),
    "error": _play("fault", "louder"),
    "take_card": _play("card", "chime"),
    "take_paper": _play("paper", "chime"),
    "take_money": _play("money", "chime"),
    "farewell": ((_HIGH, 120, 0.4), (_LOW, 250, 0.4)),
    # answers to a key: one and the same for every digit, so that nobody can hear a PIN
    "key": ((_HIGH, 25, 0.3),),
}
"""Every sound of the terminal by name."""
