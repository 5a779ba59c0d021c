"""The voice: what is said when, to whom, how fast and how loudly.

One speech at a time, the latest wins. Whoever looks at the screen hears little; whoever uses keys, switches or
headphones hears everything (``voice.saying``). The words of a call are said in rounds after its tune, each
begun when the one before has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.device import DeviceState
from drivers.speaker import Clip, Outlet, Speaker, Speech
from terminal.attention import SOUNDS, Call
from terminal.faces import Scene
from terminal.faces.bringing import Bringing, Failing
from terminal.strings.catalogue import Catalogue
from terminal.visit.screen import Text
from terminal.voice.composing import Source, clips
from terminal.voice.phrases import spoken
from terminal.voice.saying import Listener, changed, entering, everything, reached


@dataclass(slots=True)
class Hearing:
    """How the person at the terminal listens; forgotten with the visit."""

    by_ear: bool = False
    by_switches: bool = False
    slow: bool = False
    quiet: bool = False


class Voice:
    """``speaker`` is None where none is fitted: then nothing is said. ``always_by_ear``: no screen to look at."""

    def __init__(
        self,
        speaker: Speaker | None,
        source: Source,
        loudness: Callable[[], float],
        failing: Failing,
        *,
        always_by_ear: bool = False,
    ) -> None:
        self.hearing = Hearing()
        self.headphones = False
        self._speaker = speaker
        self._source = source
        self._loudness = loudness
        self._always_by_ear = always_by_ear
        self._bringing: Bringing[Speech | None] | None = None
        if speaker is not None:
            self._bringing = Bringing(speaker, self._bring, failing)
        self._speech: Speech | None = None
        self._scene: Scene | None = None
        self._round: Call | None = None
        self._again_at: float | None = None
        self._worked = False

    @property
    def works(self) -> bool:
        """Is anything heard of what is said?"""
        if self._speaker is None or self._bringing is None:
            return False
        return self._bringing.works and self._speaker.state is DeviceState.ONLINE

    @property
    def listener(self) -> Listener:
        by_ear = self._always_by_ear or self.hearing.by_ear or self.headphones
        return Listener(by_ear=by_ear, alone=self.headphones, by_switches=self.hearing.by_switches)

    @property
    def private(self) -> bool:
        """Does somebody listen who wants no screen? Headphones left in the jack are nobody."""
        return self.headphones and self.hearing.by_ear

    @property
    def saying_s(self) -> float:
        """How long what is being said takes from its beginning; 0 in silence."""
        return 0.0 if self._speech is None else self._speech.ms / 1000

    def next_change_s(self, now: float) -> float | None:
        """Until the words of a screen are said again."""
        return None if self._again_at is None else max(0.0, self._again_at - now)

    # --- scenes ------------------------------------------------------------------------------

    def show(self, scene: Scene) -> None:
        self._scene = scene
        worked, self._worked = self._worked, self.works
        if scene.call.repeat:
            # A round begins by itself; a time that has gone by would wake the loop for ever.
            self._again_at = None
            if (
                self._round is None
                or (self._worked and not worked)
                or self._round.words != scene.call.words
            ):
                self._say_round(scene)
            return
        called, self._round = self._round is not None, None
        texts = self._new(scene, scene.last)
        if called and texts is None:
            texts = ()  # it was taken: nobody is asked to take it any more
        if texts is not None:
            self._again_at = None
            self._say(texts, scene.words)

    def _new(self, scene: Scene, last: Scene | None) -> tuple[Text, ...] | None:
        """What is to be said now; None: what is being said goes on. Nothing: silence."""
        screen, listener = scene.screen, self.listener
        if last is None or scene.entered:
            return self._entering(scene)
        if scene.turned and listener.by_ear:
            return (Text("language.now"), *everything(screen, listener))
        if scene.warning and not last.warning:
            return (Text("voice.time_left"),)
        if scene.stop is not None and scene.stop != last.stop:
            return reached(scene.stop, screen, listener)
        texts = changed(last.screen, screen, listener)
        if not texts and self._again_at is not None and scene.now >= self._again_at:
            return self._entering(scene)
        return texts or None

    def _entering(self, scene: Scene) -> tuple[Text, ...]:
        """The screen, and what lies there where the screen does not ask for it."""
        said = entering(scene.screen, scene.signals.says, self.listener)
        return (*said, *scene.unsaid)

    # --- what a person asks for --------------------------------------------------------------

    def repeat(self, first: tuple[Text, ...] = ()) -> None:
        """Everything on the screen, whoever listens: it was asked for."""
        if self._scene is not None:
            texts = (*first, *everything(self._scene.screen, self.listener))
            self._say(texts, self._scene.words)

    def change_pace(self) -> None:
        """Slowly, or as usual again; and the screen once more."""
        self.hearing.slow = not self.hearing.slow
        self.repeat((Text("voice.slow" if self.hearing.slow else "voice.normal"),))

    def change_volume(self) -> None:
        """Quieter, or as before. It cannot be switched off (R67, R68)."""
        self.hearing.quiet = not self.hearing.quiet
        self.remark(Text("voice.quieter" if self.hearing.quiet else "voice.louder"))

    def plug(self, *, in_use: bool) -> None:
        """Headphones: from now on nobody else hears anything, and they hear everything."""
        self.headphones = in_use
        self.hearing.by_ear = self.hearing.by_ear or in_use
        self.repeat((Text("voice.headphones_in" if in_use else "voice.headphones_out"),))

    def remark(self, text: Text) -> None:
        """Something that is on no screen."""
        if self._scene is not None:
            self._say((text,), self._scene.words)

    # --- speech ------------------------------------------------------------------------------

    def ended(self, speech: Speech, now: float) -> bool:
        """A speech was heard to its end. True: it was a call's round, and the next one begins."""
        if speech is not self._speech or self._scene is None:
            return False
        self._speech = None
        if self._round is not None:
            self._say_round(self._scene)
            return True
        every = self._scene.signals.again_s
        self._again_at = None if every is None else now + every
        return False

    def _say_round(self, scene: Scene) -> None:
        self._round = scene.call
        tune_ms = sum(ms for _, ms, _ in SOUNDS[scene.call.sound or "key"])
        texts = tuple(Text(word) for word in scene.call.words)
        # To whoever may have left: headphones that still hang there must not swallow it.
        self._say(texts, scene.words, Outlet.SPEAKER, (tune_ms, scene.call.gap_ms))

    def _say(
        self,
        texts: tuple[Text, ...],
        words: Catalogue,
        outlet: Outlet | None = None,
        around_ms: tuple[int, int] = (0, 0),
    ) -> None:
        """``around_ms``: silence before and behind."""
        if self._bringing is None:
            return
        if not texts:
            if self._speech is not None:
                self._speech = None
                self._bringing.want(None)
            return
        said = clips(texts, words, self._source, slow=self.hearing.slow)
        around = [(Clip(ms),) if ms else () for ms in around_ms]
        own = Outlet.HEADPHONES if self.headphones else Outlet.SPEAKER
        self._speech = Speech(
            (*around[0], *said, *around[1]),
            self._loudness(),
            outlet or own,
            tuple(words.lookup(spoken(text, words)) for text in texts),
        )
        self._bringing.want(self._speech)

    async def _bring(self, speech: Speech | None) -> None:
        assert self._speaker is not None
        if speech is None:
            await self._speaker.stop()
        else:
            await self._speaker.say(speech)

    async def run(self) -> None:
        if self._bringing is not None:
            await self._bringing.run()
