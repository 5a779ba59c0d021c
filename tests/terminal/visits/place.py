"""A whole terminal in this process, before a real backend in its own: what a person finds there.

``Place`` is the terminal on simulated devices with its own journal, line and drawer of cards; ``Person``
goes through a visit as far as asked. What must be true after every visit, whatever happened in it, is
checked when the place is left.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sqlite3
import tomllib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, closing
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from backend.sample_people import personas
from drivers.buttons import Button
from drivers.buttons.simulated import SimulatedButtons
from drivers.card import cardfile
from drivers.card.virtual import VirtualCard
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.lights.simulated import SimulatedLights
from drivers.payment.simulated import SimulatedPayment
from drivers.printer.simulated import SimulatedDocumentPrinter, SimulatedReceiptPrinter
from drivers.sounder.simulated import SimulatedSounder
from terminal.config import parse
from terminal.daemon import Terminal
from terminal.demo.line import Line
from terminal.demo.rig_simulated import SimulatedRig, simulated
from terminal.demo.stage import Play, settings_of
from terminal.devices import Devices
from terminal.visit import states as s
from terminal.visit.screens import screen_of
from terminal.visit.states import State

PATIENCE_S = 15.0  # for a busy machine; what is waited for takes a fraction of a second
LIMITS: dict[str, float] = {
    "screen_s": 20,
    "warning_s": 1,
    "pin_s": 20,
    "payment_s": 20,
    "working_s": 20,
    "printing_s": 20,
    "left_behind_s": 20,
    "farewell_s": 0.05,
}
RESTING = (s.Idle, s.Guide, s.Closed, s.OutOfService, s.Supervisor)
PAPER = ["opened", "ordered", "ready", "paying", "paid", "printing", "printed", "kept", "done"]
"""The journal of a visit in which nothing goes wrong."""

AT_ONCE = 3  # a visit mostly waits for its own document worker to start

_S = TypeVar("_S")


@dataclass(frozen=True)
class Backend:
    """A backend that is running, and a look into its database."""

    directory: Path
    port: int
    offset_s: int
    log: Path

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        path = self.directory / "backend" / "madoguchi.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(statement, values).fetchall()

    def order_state(self, order: str) -> str | None:
        rows = self.rows("SELECT state FROM orders WHERE order_id = ?", order)
        return str(rows[0]["state"]) if rows else None

    def ledger(self, order: str) -> dict[str, int]:
        rows = self.rows("SELECT entry, amount_yen FROM ledger WHERE order_id = ?", order)
        return {str(row["entry"]): int(row["amount_yen"]) for row in rows}

    def incidents(self, order: str) -> list[str]:
        rows = self.rows("SELECT kind FROM incidents WHERE order_id = ? ORDER BY kind", order)
        return [str(row["kind"]) for row in rows]


@dataclass
class Place:
    """``trail`` is every state that was shown, in order, each once per change."""

    terminal: Terminal
    backend: Backend
    line: Line
    rig: SimulatedRig
    cards: Path
    state_dir: Path
    trail: list[State] = field(default_factory=list[State])
    on_enter: dict[type, Callable[[], None]] = field(default_factory=dict[type, Callable[[], None]])
    running: asyncio.Task[None] | None = None
    cutting: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        devices = self.terminal.devices
        self.payment = simulated(devices.payment, SimulatedPayment)
        self.printer = simulated(devices.document_printer, SimulatedDocumentPrinter)
        self.receipts = simulated(devices.receipt_printer, SimulatedReceiptPrinter)
        self.lights = simulated(devices.lights, SimulatedLights)
        self.sounder = simulated(devices.sounder, SimulatedSounder)
        self.buttons = simulated(devices.buttons, SimulatedButtons)

    @property
    def reader(self) -> SimulatedCardReader:
        """Where it is one."""
        return simulated(self.terminal.devices.card_reader, SimulatedCardReader)

    # --- what is seen ------------------------------------------------------------------------

    def watch(self, state: State) -> None:
        entered = not self.trail or type(self.trail[-1]) is not type(state)
        if not self.trail or self.trail[-1] != state:
            self.trail.append(state)
        if entered and (hook := self.on_enter.pop(type(state), None)) is not None:
            hook()

    @property
    def state(self) -> State:
        return self.terminal.conductor.state

    @property
    def kinds(self) -> list[str]:
        """The names of the states that were shown, without repetitions in a row."""
        names = [type(state).__name__ for state in self.trail]
        return [name for name, before in zip(names, ["", *names], strict=False) if name != before]

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    if self.running is not None and self.running.done():
                        await self.running
                        raise AssertionError("the terminal has ended")
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise AssertionError(f"not {what}; {self.state}, after {self.kinds}") from None

    async def reach(self, *kinds: type[_S]) -> _S:
        await self.until(lambda: isinstance(self.state, kinds), f"in {kinds}")
        assert isinstance(self.state, kinds)
        return self.state

    async def settled(self) -> None:
        """No act runs, and every letter is with the centre."""
        await self.terminal.settled(PATIENCE_S)

    def words(self) -> list[str]:
        """The ids of the texts on the screen."""
        screen = screen_of(self.state)
        return [screen.title.id, *(line.id for line in screen.lines)]

    # --- what is on record -------------------------------------------------------------------

    def rows(self) -> list[tuple[str, str, dict[str, object]]]:
        """(visit, step, facts) of the journal's file, as another program reads it."""
        path = self.state_dir / "journal.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            found = db.execute("SELECT visit, step, facts FROM entry ORDER BY seq").fetchall()
        return [(visit, step, json.loads(facts)) for visit, step, facts in found]

    def steps(self, visit: str | None = None) -> list[str]:
        """The steps of a visit (the last one begun), incidents apart."""
        visit = visit or self.visits[-1]
        return [step for v, step, _ in self.rows() if v == visit and step not in ASIDE]

    @property
    def visits(self) -> list[str]:
        return list(dict.fromkeys(v for v, _, _ in self.rows() if v != "-"))

    def facts(self, step: str) -> dict[str, object]:
        """The facts of the last row of this step."""
        return next(facts for _, each, facts in reversed(self.rows()) if each == step)

    @property
    def incidents(self) -> list[str]:
        return sorted(str(facts["kind"]) for _, step, facts in self.rows() if step == "incident")

    @property
    def order(self) -> str:
        return str(self.facts("ordered")["order"])

    # --- hands -------------------------------------------------------------------------------

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.rig.press_key(key)

    def card(self, persona: str, **changes: object) -> VirtualCard:
        """A persona's card, or one like it. What it counts is kept in this place's drawer."""
        path = self.cards / f"{persona}.json"
        if changes:
            changed = msgspec.structs.replace(cardfile.load(path), **changes)
            cardfile.save(changed, path)
        return VirtualCard.from_file(path)

    def tries_on_card(self, persona: str) -> int:
        return cardfile.load(self.cards / f"{persona}.json").tries_left

    async def cut(self) -> None:
        await self.line.set_cut(True)

    def cut_now(self) -> None:
        """For a hook: at once for what comes, in the next moment for what is open."""
        self.line.cut = True
        self.cutting = asyncio.create_task(self.cut())

    async def mend(self) -> None:
        await self.line.set_cut(False)

    async def turn_key(self) -> None:
        await self.rig.press_button(Button.SUPERVISOR.value)

    async def clear_by_staff(self) -> None:
        """Key on, look, clear, key off."""
        await self.turn_key()
        await self.reach(s.Supervisor)
        await self.press("1")
        await self.until(lambda: not self.terminal.conductor.busy, "cleared")
        await self.turn_key()

    async def time_out(self) -> None:
        """The state's time is over now."""
        conductor = self.terminal.conductor
        assert conductor._deadline is not None, self.state
        conductor._deadline = 0
        await self.press(
            "repeat"
        )  # means nothing in a visit: it only makes the loop look at its clock

    async def let_pass(self, seconds: float) -> None:
        """The terminal's clock jumps; its limits and ladders with it."""
        clock = self.terminal.clock
        before = clock.monotonic
        clock.monotonic = lambda: before() + seconds  # type: ignore[method-assign]
        await self.press("repeat")

    def close_service(self) -> None:
        """The calendar says that it is over for today."""
        service = self.terminal.health._service
        assert service is not None
        now = self.terminal.clock.now().time().replace(microsecond=0)
        hours = msgspec.structs.replace(service.hours, last_start=now, closes=now)
        self.terminal._told(msgspec.structs.replace(service, hours=hours))

    @property
    def troubles(self) -> tuple[str, ...]:
        """What Health knows, whether or not anybody is being served."""
        return self.terminal.health.current().troubles

    def pull_card(self) -> None:
        """As quickly as a hook of ``on_enter`` needs it."""
        self.reader.remove()
        self.rig._card = None

    def take_all(self) -> None:
        if self.printer.sheets:
            self.printer.take()
        if self.receipts.receipts:
            self.receipts.take()
        if self.payment.cup_yen:
            self.payment.take_change()


ASIDE = frozenset({"incident", "called"})


_together: ContextVar[bool] = ContextVar("together", default=False)


@asynccontextmanager
async def terminal_at(
    backend: Backend,
    folder: Path,
    limits: dict[str, float] | None = None,
    before: Callable[[Place], None] = lambda _: None,
    rig_of: Callable[[Devices, Path, Line], SimulatedRig] = SimulatedRig,
    **settings: object,
) -> AsyncGenerator[Place]:
    """A terminal that is being served by its own loop; left behind without any trace."""
    cards = folder / "cards"
    if not cards.exists():
        shutil.copytree(backend.directory / "cards", cards)
    state_dir = folder / "state"
    async with AsyncExitStack() as stack:
        if not _together.get():
            await stack.enter_async_context(leaving_nothing())
        line = await stack.enter_async_context(Line("127.0.0.1", backend.port))
        play = Play(folder, port=None, seconds_per_sheet=0)
        raw = settings_of(play, state_dir, backend.directory, line.port, backend.offset_s)
        raw["limits"] = {**LIMITS, **(limits or {})}
        raw["speaker"] = {
            "type": "none"
        }  # who listens is given time to: tests of the voice have one
        link = raw["link"]
        assert isinstance(link, dict)
        link["timeout_s"] = 5
        raw.update(settings)
        place: Place | None = None

        def watch(state: State) -> None:
            if place is not None:
                place.watch(state)

        terminal = Terminal(parse(raw, folder), watch)
        rig = rig_of(terminal.devices, cards, line)
        place = Place(terminal, backend, line, rig, cards, state_dir)
        before(place)
        await stack.enter_async_context(terminal)
        place.running = asyncio.create_task(terminal.run())
        try:
            yield place
        finally:
            await stopped(place.running)
            place.running = None


Visits = Callable[..., Coroutine[Any, Any, None]]


def every(*cases: tuple[object, ...]) -> Callable[[Visits], Visits]:
    """Like ``parametrize`` over (backend, here, *case), but at several terminals at once."""

    def decorate(visits: Visits) -> Visits:
        async def test(backend: Backend, here: Path) -> None:
            turn = asyncio.Semaphore(AT_ONCE)

            async def one(number: int, case: tuple[object, ...]) -> None:
                _together.set(True)
                own = here / str(number)
                own.mkdir()
                async with turn:
                    try:
                        await visits(backend, own, *case)
                    except BaseException as error:
                        error.add_note(f"in the case {case}")
                        raise

            async with leaving_nothing(), asyncio.TaskGroup() as group:
                for number, case in enumerate(cases):
                    group.create_task(one(number, case))

        test.__name__, test.__doc__ = visits.__name__, visits.__doc__
        return test

    return decorate


@asynccontextmanager
async def leaving_nothing() -> AsyncGenerator[None]:
    """No file, socket or memory map stays open, no task runs on, no document worker lives."""
    before, tasks = descriptors(), asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    others = asyncio.all_tasks() - tasks
    if others:
        await asyncio.wait(others, timeout=2)
    assert not [task for task in others if not task.done()]
    assert not workers(), "a document worker outlived its terminal"
    for _ in range(200):  # a connection that was cut short is closed a turn of the loop later
        if not descriptors() - before:
            break
        await asyncio.sleep(0.01)
    left = descriptors() - before
    assert not left, f"left open: {left}"


async def stopped(task: asyncio.Task[None]) -> None:
    """Cancelled; what went wrong in it is not lost."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


def descriptors() -> set[str]:
    found: set[str] = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue  # the one that lists them
        if not target.startswith(("anon_inode:", "/dev/", "pipe:")):
            found.add(f"{entry.name} {target}")
    return found


def workers(parent: int | None = None) -> list[int]:
    """Document workers that live as children of ``parent`` (this process)."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            status = (process / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, ppid = status.rpartition(")")[2].split()[:2]
        mine = int(ppid) == (parent or os.getpid())
        if b"terminal.document.worker" in words and mine and state != "Z":
            found.append(int(process.name))
    return found


# --- the person ------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody with a card. ``keys`` are what is pressed where the visit leaves a choice."""

    place: Place
    persona: str = "aoki-haruna"
    pin: str = "1234"
    people: tuple[str, ...] = ("8", "ok")
    items: tuple[str, ...] = ("1", "2", "ok")
    copies: int = 1
    coins: tuple[int, ...] = ()
    """What is dropped; the exact amount in the largest pieces where nothing is said."""

    async def go(self, *until: type[_S]) -> _S:
        """As far as one of these states, doing at each what is asked for. Stops where it cannot go on."""
        place = self.place
        done: State | None = None
        while not isinstance(place.state, until):
            state = place.state
            if done is not None and (state == done or self._is_same(state, done)):
                await place.until(
                    lambda was=state: place.state != was,  # type: ignore[misc]
                    f"on the way to {until}",
                )
                continue
            await self._act(state)
            done = state
        return place.state

    @staticmethod
    def _is_same(state: State, done: State) -> bool:
        """Notices and OutOfService come several times in a row; every other state is acted on once."""
        return type(state) is type(done) and not isinstance(state, s.Notices)

    async def _act(self, state: State) -> None:
        acts: dict[type, Callable[[], Awaitable[None]]] = {
            s.Idle: lambda: self.place.press("1"),
            s.Consent: lambda: self.place.press("ok"),
            s.AwaitingCard: lambda: self.place.rig.insert_card(self.persona),
            s.EnteringPin: lambda: self.place.press(*self.pin, "ok"),
            s.ChoosingCertificate: lambda: self.place.press("1"),
            s.ChoosingPeople: lambda: self.place.press(*self.people),
            s.ChoosingItems: lambda: self.place.press(*self.items),
            s.Notices: lambda: self.place.press("ok"),
            s.Confirming: self._confirm,
            s.ReturningCard: self.place.rig.remove_card,
            s.TakingCardBack: self.place.rig.remove_card,
            s.Paying: self.pay,
            s.HandingOver: self.take,
            s.Collecting: self.take,
            s.Refused: lambda: self.place.press("ok"),
        }
        act = acts.get(type(state))
        if act is not None:
            await act()

    async def _confirm(self) -> None:
        state = self.place.state
        assert isinstance(state, s.Confirming)
        more = [c.number for c in screen_of(state).choices if c.value == "more"]
        await self.place.press(*[str(more[0])] * (self.copies - 1), "ok")

    async def pay(self) -> None:
        state = self.place.state
        assert isinstance(state, s.Paying)
        payment = self.place.payment
        await self.place.until(
            lambda: payment.slot_open or not isinstance(self.place.state, s.Paying), "asked to pay"
        )
        if not payment.slot_open:
            return  # it was all there already
        due = state.document.total_yen
        for coin in self.coins or exact(due):
            self.place.payment.drop(coin)

    async def take(self) -> None:
        """Sheets, receipt and change, as soon as the machine has settled everything."""
        await self.place.until(lambda: not self.place.terminal.conductor.busy, "done printing")
        self.place.take_all()


def exact(yen: int) -> list[int]:
    pieces: list[int] = []
    for piece in (1000, 500, 100, 50, 10):
        pieces += [piece] * (yen // piece)
        yen %= piece
    return pieces


# --- what must never be read anywhere ---------------------------------------------------------


def personal() -> list[str]:
    """Every name and every My Number of the sample cities' people."""
    registry = tomllib.loads(personas.BY_HAND.read_text("utf-8"))
    found: set[str] = set()

    def gather(value: object, key: str = "") -> None:
        match value:
            case dict():
                for name, each in value.items():
                    gather(each, str(name))
            case list():
                for each in value:
                    gather(each, key)
            case str() if "name" in key or "number" in key:
                found.update(part for part in re.split(r"[\s　]+", value) if len(part) > 1)
            case _:
                pass

    gather(registry.get("residents", registry.get("resident", registry)))
    return sorted(found)


def occurs(word: str, text: str) -> bool:
    """By itself: neither a part of another word, nor of an id."""
    if not word.isascii():
        return word in text
    return re.search(rf"(?<![0-9A-Za-z-]){re.escape(word)}(?![0-9A-Za-z-])", text) is not None
