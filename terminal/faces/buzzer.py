"""The sounder: calls to whoever left something behind, the sounds of screens, and the click of every key.

Where there is a voice a call is rounds of tune and words in turn: then the tune is played once a round, when
``again`` says so; otherwise it repeats by itself.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.sounder import Sound, Sounder, Tone
from terminal.attention import SOUNDS
from terminal.faces import Scene
from terminal.faces.bringing import Bringing, Failing


class Buzzer:
    """``loudness`` is asked with every sound, 0.1–1.0."""

    def __init__(self, sounder: Sounder, loudness: Callable[[], float], failing: Failing) -> None:
        self._sounder = sounder
        self._loudness = loudness
        self._bringing: Bringing[Sound | None] = Bringing(sounder, self._bring, failing)
        self._tune: tuple[str, bool] | None = None

    def show(self, scene: Scene, *, with_voice: bool) -> None:
        """A call goes before what a screen has to say; when nobody is called any more it ends."""
        call = scene.call
        tune = None if call.sound is None else (call.sound, call.repeat and not with_voice)
        before, self._tune = self._tune, tune
        if tune is not None:
            if tune != before or (scene.entered and not call.repeat):
                self._play(*tune)
        elif scene.entered and scene.signals.sound is not None:
            self._play(scene.signals.sound)
        elif before is not None:
            self._bringing.want(None)

    def again(self) -> None:
        """The next round of a call."""
        if self._tune is not None:
            self._play(self._tune[0])

    def click(self) -> None:
        """A key was taken. The same for every key; a call to somebody is never interrupted by it."""
        if self._tune is None:
            self._play("key")

    def _play(self, name: str, repeat: bool = False) -> None:
        factor = self._loudness()
        tones = tuple(Tone(hz, ms, loud * factor) for hz, ms, loud in SOUNDS[name])
        self._bringing.want(Sound(name, tones, repeat=repeat))

    async def _bring(self, sound: Sound | None) -> None:
        if sound is None:
            await self._sounder.stop()
        else:
            await self._sounder.play(sound)

    async def run(self) -> None:
        await self._bringing.run()
