"""What is seen of a reader at one moment, and what is told when it changes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from drivers.card_reader import (
    CardInserted,
    CardMuteInserted,
    CardRemoved,
    SeveralCardsInserted,
)
from drivers.card_reader.scard import COUNTER_SHIFT, MUTE, PRESENT, UNAVAILABLE
from drivers.device import DeviceEvent, DeviceState, StateChanged


class Slot(Enum):
    """What lies in a reader."""

    EMPTY = auto()
    CARD = auto()
    MUTE = auto()
    SEVERAL = auto()


_ARRIVALS: dict[Slot, type[DeviceEvent]] = {
    Slot.CARD: CardInserted,
    Slot.MUTE: CardMuteInserted,
    Slot.SEVERAL: SeveralCardsInserted,
}


@dataclass(frozen=True, slots=True)
class Face:
    """One of pcscd's names of our reader; ``counter`` is pcscd's, of insertions and removals."""

    name: str
    slot: Slot = Slot.EMPTY
    counter: int = 0


_UNKNOWN = -1
"""A counter that no reader shows: what is seen later is never what was seen before."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A reader at one moment. Faces that nothing lies on are there too.

    Of a reader that cannot be seen, ``faces`` are what lay there when it last could.
    """

    state: DeviceState
    detail: str = ""
    faces: tuple[Face, ...] = ()

    @property
    def occupied(self) -> tuple[Face, ...]:
        return tuple(face for face in self.faces if face.slot is not Slot.EMPTY)

    @property
    def slot(self) -> Slot:
        """What lies in the reader as a whole."""
        match self.occupied:
            case ():
                return Slot.EMPTY
            case (face,):
                return face.slot
            case _:
                return Slot.SEVERAL


def after(before: Observation, now: Observation) -> Observation:
    """What is known now: of a reader that is lost, what lay in it (nobody can tell what does)."""
    if now.state is DeviceState.ONLINE:
        return now
    unseen = tuple(replace(face, counter=_UNKNOWN) for face in before.occupied)
    return replace(now, faces=unseen)


def forgotten(seen: Observation, names: Collection[str]) -> Observation:
    """The same, but that whatever is seen next on these faces counts as laid down anew."""
    faces = tuple(
        replace(face, counter=_UNKNOWN) if face.name in names else face for face in seen.faces
    )
    return replace(seen, faces=faces)


def observed(states: Mapping[str, int]) -> Observation:
    """From the bits of PC/SC for every face."""
    for name, state in states.items():
        if state & UNAVAILABLE:
            return Observation(DeviceState.NO_DEVICE, f"{name} has gone: check its cable")
    return Observation(
        DeviceState.ONLINE, "", tuple(_face(name, state) for name, state in states.items())
    )


def _face(name: str, state: int) -> Face:
    slot = Slot.EMPTY
    if state & PRESENT:
        slot = Slot.MUTE if state & MUTE else Slot.CARD
    return Face(name, slot, state >> COUNTER_SHIFT)


def changes(before: Observation, now: Observation) -> list[DeviceEvent]:
    """The events that lead from one observation to the next, in the order they are told.

    Of a reader that is lost no card is told to be gone: a visit might ask for money then, with the card
    still lying there. Once it can be seen again, whatever lay in it counts as taken, and what lies there
    as laid down anew.
    """
    told: list[DeviceEvent] = []
    if before.state is not now.state:
        told.append(StateChanged(now.state, now.detail))
    if now.state is not DeviceState.ONLINE:
        return told
    stays = not set(before.occupied).isdisjoint(now.occupied)
    if before.occupied and not stays:
        told.append(CardRemoved())
    if now.occupied and (not stays or now.slot is not before.slot):
        told.append(_ARRIVALS[now.slot]())
    return told


def doubtful(before: Observation, now: Observation) -> list[str]:
    """Faces that are said to be empty and may not be: a card went, and pcscd has not counted it."""
    was = {(face.name, face.counter) for face in before.occupied}
    if now.state is not DeviceState.ONLINE:
        return []
    return [
        face.name
        for face in now.faces
        if face.slot is Slot.EMPTY and (face.name, face.counter) in was
    ]
