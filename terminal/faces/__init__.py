"""The faces of the terminal: each shows one scene its own way, and none knows of the others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from terminal.attention import Call
from terminal.signals import Signals
from terminal.strings.catalogue import Catalogue
from terminal.switches import Stop
from terminal.visit import states as s
from terminal.visit.screen import Screen, Text
from terminal.visit.states import State


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a face may show at one moment; ``now`` in seconds of the monotonic clock.

    ``remaining_s`` until the state's time is over (None: no limit), ``warning`` in its last stretch.
    ``stop`` is what two switches have reached. ``last`` is the scene before, without its own.
    """

    state: State
    screen: Screen
    signals: Signals
    words: Catalogue
    call: Call
    now: float
    remaining_s: float | None = None
    warning: bool = False
    stop: Stop | None = field(default=None, repr=False)
    last: Scene | None = field(default=None, repr=False)

    @property
    def entered(self) -> bool:
        """Another screen than before; two notices in a row are two."""
        return self.last is None or _name(self.last.screen) != _name(self.screen)

    @property
    def turned(self) -> bool:
        """In another language than before."""
        return self.last is not None and self.last.words.language != self.words.language

    @property
    def unsaid(self) -> tuple[Text, ...]:
        """The words of calls that the screen does not say itself: twice would only be noise."""
        lookup = self.words.lookup
        said = [lookup(text) for text in (self.screen.title, *self.screen.lines)]
        calls = (Text(word) for word in self.call.words)
        return tuple(
            call for call in calls if not any(lookup(call).rstrip("。.") in words for words in said)
        )


RESTING = s.Idle | s.Guide | s.Closed | s.OutOfService | s.Supervisor
_BLANK = Screen("blank", Text("blank.title"), (Text("blank.line"),), picture="counter")


def veiled(scene: Scene) -> Scene:
    """For the eyes, while somebody listens in private: that they are being served, and nothing of it."""
    if isinstance(scene.state, RESTING):
        return scene
    return replace(scene, screen=_BLANK, stop=None)


def _name(screen: Screen) -> tuple[str, str]:
    return (screen.id, screen.title.id)
