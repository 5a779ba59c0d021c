"""The page on a touch screen."""

from __future__ import annotations

from datetime import datetime

from terminal.faces import Scene
from terminal.panel.server import Panel
from terminal.panel.view import PanelView, render
from terminal.strings.catalogue import NAMES
from terminal.switches import Stop
from terminal.visit.limits import counts_down


class Page:
    """``panel`` is None for a terminal without a touch screen; ``services``: keys beside those of a screen."""

    def __init__(self, panel: Panel | None, name: str, services: tuple[str, ...]) -> None:
        self.panel = panel
        self._name = name
        self._services = services

    def show(self, scene: Scene, at: datetime, *, heard_alone: bool) -> None:
        """``heard_alone``: the digits that two switches reach are named in headphones, and need not be seen."""
        if self.panel is not None:
            self.panel.show(self._view(scene, at, heard_alone=heard_alone))

    def _view(self, scene: Scene, at: datetime, *, heard_alone: bool) -> PanelView:
        return render(
            scene.screen,
            scene.words,
            language=scene.words.language,
            languages=NAMES.items(),
            clock=at.strftime("%H:%M"),
            terminal=self._name,
            attention=scene.unsaid,
            remaining_s=scene.remaining_s if counts_down(scene.state) else None,
            warning=scene.warning,
            guide=scene.signals.guide,
            services=self._services,
            focus=None if scene.stop is None else _touchable(scene.stop, heard_alone),
        )


def _touchable(stop: Stop, heard_alone: bool) -> str:
    """A digit is shown to nobody who does not need to see it: whoever looks on could read a PIN."""
    if stop.is_digit and heard_alone:
        return "digit"
    return f"key-{stop.key}" if stop.key is not None else f"choice-{stop.choice}"
