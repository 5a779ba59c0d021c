"""Which sensors can be believed. A sensor that is stuck or blind is named, and people are asked instead.

Pure. A sensor is *blind* when the machine has put something before it (the printer says that sheets are out,
a receipt, change) and it saw nothing of it: its “nothing there” would send a person off without the paper,
and leave that to the next one. It is *stuck* when it still sees something after staff have looked and said
that nothing lies there. Neither is believed until it has been seen to change as it should: the answer is then
that nobody can tell, as where no sensor is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from terminal.attention import Left


class Doubt(Enum):
    """Why a sensor is not believed."""

    BLIND = "saw nothing of what was put there"
    STUCK = "still sees something after staff have looked"


Readings = Mapping[Left, bool | None]


@dataclass(slots=True)
class Trust:
    """``doubts`` are the sensors not believed now, by what they should see."""

    doubts: dict[Left, Doubt] = field(default_factory=dict[Left, Doubt])
    _put: set[Left] = field(default_factory=set[Left])
    _seen: set[Left] = field(default_factory=set[Left])

    def begin(self) -> None:
        """A visit begins: nothing of it has been put anywhere yet."""
        self._put.clear()
        self._seen.clear()

    def put(self, left: Left) -> None:
        """The machine has put it there, and says so itself."""
        self._put.add(left)

    def saw(self, left: Left, *, there: bool) -> None:
        """A sensor told a change. One that goes the way it could not go is believed again."""
        if there:
            self._seen.add(left)
        if self.doubts.get(left) is (Doubt.BLIND if there else Doubt.STUCK):
            del self.doubts[left]

    def believed(self, readings: Readings) -> dict[Left, bool | None]:
        """The readings, with None where nobody can tell. Where nothing was put nothing is asked about."""
        return {left: self._believed(left, there) for left, there in readings.items()}

    def _believed(self, left: Left, there: bool | None) -> bool | None:
        waiting = left in self._put
        if there and left not in self.doubts:
            return True
        if there is False and (left in self._seen or not waiting):
            return False
        return None if waiting else False

    def judge(self, readings: Readings) -> frozenset[Left]:
        """The visit is over and all was taken: which sensors saw nothing of what was put before them.

        Returns those newly doubted."""
        unseen = self._put - self._seen - self.doubts.keys()
        blind = frozenset(left for left in unseen if readings.get(left) is False)
        self.doubts |= dict.fromkeys(blind, Doubt.BLIND)
        return blind

    def cleared(self, readings: Readings) -> frozenset[Left]:
        """Staff say that nothing lies there any more; returns those newly doubted."""
        stuck = frozenset(left for left, there in readings.items() if there)
        newly = stuck - self.doubts.keys()
        self.doubts |= dict.fromkeys(newly, Doubt.STUCK)
        return newly
