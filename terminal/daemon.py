"""The composition root, top-down: config → journal → devices → link → recovery → visits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from terminal import notify
from terminal.acts.desk import Desk
from terminal.acts.recovering import recover
from terminal.clock import Clock
from terminal.conductor import Conductor
from terminal.config import AlsaSpeaker, Config
from terminal.devices import Devices, build_devices, opened
from terminal.errors import ConfigError
from terminal.grounds import Grounds
from terminal.health import Health
from terminal.journal import Journal
from terminal.link.calendar import NotServed, watch_service
from terminal.link.client import CentreClient
from terminal.link.wire import Service
from terminal.outbox import Outbox
from terminal.panel.server import Panel
from terminal.pin import PinBuffer
from terminal.presenter import Presenter
from terminal.pulse import keep_probing
from terminal.receipt import FontMissing, find_font
from terminal.strings.catalogue import NAMES, catalogue
from terminal.trust import Trust
from terminal.visit.states import State
from terminal.voice.composing import Source, Unrecorded
from terminal.voice.phrases import inventory, names
from terminal.voice.recordings import Recordings

logger = logging.getLogger(__name__)


class Terminal:
    """A whole terminal. Entered: everything is open and recovered; ``run`` serves visits."""

    def __init__(self, config: Config, watch: Callable[[State], None] | None = None) -> None:
        self.config = config
        self.devices: Devices = build_devices(config)
        self.clock = Clock(config.clock_offset)
        trust = Trust()
        self.health = Health(self.clock, trust)
        self.journal = Journal(config.state_dir / "journal.sqlite3", self._journalled)
        self.centre = CentreClient(config.link)
        desk = Desk(
            config=config,
            devices=self.devices,
            centre=self.centre,
            journal=self.journal,
            clock=self.clock,
            city_keys=read_city_keys(config.link.city_keys),
            pin=PinBuffer(),
            trust=trust,
            grounds=Grounds(config.state_dir),
        )
        self._desk = desk
        self.panel = self._panel()
        self.presenter = Presenter(
            self.devices,
            config,
            self.clock,
            recordings_of(config),
            self.panel,
            lambda name, fails: self.conductor.device_failing(name, fails=fails),
            lambda: self.health.hotline,
        )
        self.conductor = Conductor(desk, self.health, self.presenter, watch)
        self._outbox = Outbox(self.journal, self.centre)
        self._journal_works = True
        self._stack = AsyncExitStack()
        self.page_url: str | None = None

    def _panel(self) -> Panel | None:
        settings = self.config.panel
        if settings is None:
            return None
        return Panel(
            settings.host,
            settings.port,
            lambda key: self.conductor.press(key),  # noqa: PLW0108 - it is built last
            lambda value: self.conductor.choose(value),  # noqa: PLW0108
            lambda language: self.conductor.speak(language),  # noqa: PLW0108
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.journal)
            await stack.enter_async_context(opened(self.devices))
            await stack.enter_async_context(self.centre)
            await recover(self._desk)
            if self.panel is not None:
                self.page_url = await self.panel.start()
                stack.push_async_callback(self.panel.stop)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def run(self) -> None:
        """Serve until cancelled, or until a stop has been carried out."""
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(self.presenter.run()),
                tasks.create_task(self._outbox.run()),
                tasks.create_task(keep_probing(self.devices.all())),
                tasks.create_task(watch_service(self.centre, self._told)),
            ]
            await self.conductor.run()
            for task in beside:
                task.cancel()

    def stop(self) -> None:
        """Serve nobody any more; a visit that has been paid for is carried to its end first."""
        self.conductor.stop()

    async def settled(self, limit_s: float = 5) -> None:
        """Until no act is running and every letter is with the centre, or the limit is over."""
        async with asyncio.timeout(limit_s):
            while self.conductor.busy or await self.journal.letters():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _told(self, service: Service | NotServed) -> None:
        self.health.service(service)
        self.conductor.health_changed()
        if not isinstance(service, NotServed):
            self._outbox.wake()

    def _journalled(self, works: bool) -> None:
        if works:
            self._outbox.wake()  # there may be a letter with it
        if works != self._journal_works:
            self._journal_works = works
            self.health.journal(works=works)
            self.conductor.health_changed()


async def serve(config: Config, stopping: asyncio.Event) -> None:
    """What ``madoguchi run`` does under systemd: READY after the devices answered, then visits.

    The watchdog is fed by the conductor's steps, so a loop that hangs is a process that restarts.
    Once ``stopping`` is set it returns as soon as no one's money or paper depends on it.
    """
    require_font()
    notifier = notify.Notifier()
    async with Terminal(config, watch=lambda _state: notifier.watchdog()) as terminal:
        notifier.ready("serving")
        if terminal.page_url is not None:
            logger.info("the page is at %s", terminal.page_url)
        try:
            async with asyncio.TaskGroup() as tasks:
                stopper = tasks.create_task(_stop_when(stopping, terminal, notifier))
                await terminal.run()
                stopper.cancel()
        finally:
            notifier.stopping()


async def _stop_when(
    stopping: asyncio.Event, terminal: Terminal, notifier: notify.Notifier
) -> None:
    await stopping.wait()
    notifier.stopping("ending the visit under way")
    terminal.stop()


def require_font() -> None:
    """Raises ConfigError: found out at the first receipt, it would be too late for that person."""
    try:
        find_font()
    except FontMissing as error:
        raise ConfigError(str(error)) from error


def recordings_of(config: Config) -> Source:
    """What the voice says. Raises MissingRecording: found out later, somebody would hear half a sentence."""
    if not isinstance(config.speaker, AlsaSpeaker):
        return Unrecorded()
    recordings = Recordings(config.speaker.recordings)
    for language in NAMES:
        recordings.require(inventory(catalogue(language)).values())
    recordings.require(names().values())
    return recordings


def read_city_keys(folder: Path) -> dict[str, dict[str, bytes]]:
    """``folder/<city>/<key id>.pem``. Raises ConfigError: without keys no document could be checked."""
    try:
        keys = {
            city.name: {pem.stem: pem.read_bytes() for pem in sorted(city.glob("*.pem"))}
            for city in sorted(folder.glob("*"))
            if city.is_dir()
        }
    except OSError as error:
        raise ConfigError(f"[link] city_keys: {error.filename}: {error.strerror}") from error
    if not any(keys.values()):
        message = (
            f"[link] city_keys: no <city>/<key id>.pem below {folder}; enrol the terminal first"
        )
        raise ConfigError(message)
    return keys
