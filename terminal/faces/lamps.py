"""The guide lights: what was left behind, then what a hand must find now."""

from __future__ import annotations

from drivers.lights import FlashRate, Light, Lights
from terminal.faces import Scene
from terminal.faces.bringing import Bringing, Failing

Pattern = dict[Light, FlashRate]


def pattern_of(scene: Scene) -> Pattern:
    """Which light does what."""
    pattern = {Light(name): FlashRate[flash.upper()] for name, flash in scene.call.lights.items()}
    if scene.signals.guide is not None:
        pattern.setdefault(Light(scene.signals.guide), FlashRate.SLOW)
    pattern[Light.STATUS] = FlashRate[scene.signals.status.upper()]
    return pattern


class Lamps:
    def __init__(self, lights: Lights, failing: Failing) -> None:
        self._bringing: Bringing[Pattern] = Bringing(lights, lights.show, failing)
        self._pattern: Pattern | None = None

    def show(self, scene: Scene) -> None:
        pattern = pattern_of(scene)
        if pattern != self._pattern:
            self._pattern = pattern
            self._bringing.want(pattern)

    async def run(self) -> None:
        await self._bringing.run()
