"""The daemon's side of the document worker: one process, one visit, one order.

Whatever happens, ``close`` ends with the process gone, the pages zeroed and every descriptor shut.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from drivers.printer import PageFormat
from terminal.document.errors import ClerkDisagreement, IntegrityError, WorkerLost
from terminal.document.line import Line
from terminal.document.memory import LOCK_ADVICE
from terminal.document.messages import (
    AddCopy,
    ClerkRefused,
    CopyReady,
    DocumentReady,
    Expected,
    Finish,
    FromWorker,
    Hello,
    IntegrityRefused,
    Prepare,
    Prepared,
    Stopped,
    ToWorker,
    Wipe,
    Wiped,
)
from terminal.document.vault import wipe_file
from terminal.link import wire

logger = logging.getLogger(__name__)

START_LIMIT_S = 15.0  # a cold start from an SD card
STEP_LIMIT_S = 5.0
COPY_LIMIT_S = 30.0  # forty pages on the slowest Pi that can run this
CLOSE_LIMIT_S = 2.0

_ROOT = str(Path(__file__).resolve().parents[2])

_Answer = TypeVar("_Answer", bound=FromWorker)


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """Checked and ready to print: ``length`` bytes of PWG raster in ``fd`` from offset 0.

    ``fd`` belongs to the worker's handle and is good until its ``close``.
    """

    fd: int
    length: int
    sheets: int
    serials: tuple[str, ...]
    page_format: PageFormat


class DocumentWorker:
    """Start, prepare, add every copy, finish, print from the descriptor, close.

    Each step raises WorkerLost when the process is gone, stalls or is asked out of order; after any
    error, or a step that was cancelled, only ``close`` is left.
    """

    def __init__(self, *, require_locked: bool = False) -> None:
        self._require_locked = require_locked
        self._process: Process | None = None
        self._line: Line | None = None
        self._copies: list[CopyReady] = []
        self._page_format: PageFormat | None = None
        self._public_key = b""
        self._spent = "it was not started"
        self._wiped = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing: asyncio.Task[None] | None = None

    @property
    def public_key(self) -> bytes:
        """The visit's X25519 public key; empty before ``start``."""
        return self._public_key

    @property
    def pid(self) -> int | None:
        """The process to watch, for the operator's status and for tests."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Started and not gone. A worker that waited for hours may have been killed for its memory."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process and wait for its key. Raises WorkerLost, and has then closed itself."""
        if self._line is not None or self._closing is not None:
            raise WorkerLost("a document worker is started once")
        self._idle.clear()
        try:
            try:
                await self._start()
            finally:
                self._idle.set()
        except BaseException:
            await self.close()
            raise

    async def _start(self) -> None:
        self._line, theirs = Line.pair()
        with theirs:
            try:
                async with asyncio.timeout(START_LIMIT_S):
                    self._process = await _spawn(theirs.fileno())
            except OSError as error:
                raise WorkerLost(f"the document worker cannot be started: {error}") from error
        if self._closing is not None:
            raise WorkerLost("the document worker was closed while starting")
        hello = await self._answer(self._line, Hello, "starting", START_LIMIT_S)
        self._public_key = hello.public_key

    async def prepare(
        self,
        expected: Expected,
        page_format: PageFormat,
        city_keys: dict[str, bytes],
        ground: bytes = b"",
    ) -> None:
        """What to compare with, what raster to make, on which ground, and the PEMs pinned for its city."""
        self._page_format = page_format
        prepare = Prepare(
            expected=expected,
            page_format=page_format,
            city_keys=city_keys,
            require_locked=self._require_locked,
            ground=ground,
        )
        await self._ask(prepare, Prepared, "preparing", STEP_LIMIT_S)

    async def add(self, sealed: wire.SealedDocument) -> CopyReady:
        """Open, check and rasterise the next copy. Raises IntegrityError or ClerkDisagreement."""
        ready = await self._ask(AddCopy(document=sealed), CopyReady, "checking", COPY_LIMIT_S)
        self._copies.append(ready)
        return ready

    async def finish(self) -> PreparedDocument:
        """All copies are in: the raster to print from."""
        ready = await self._ask(Finish(), DocumentReady, "finishing", STEP_LIMIT_S)
        descriptor = self._line.descriptor if self._line else None
        if descriptor is None or self._page_format is None:
            raise WorkerLost("the document worker sent no descriptor with its pages")
        if not ready.locked:
            logger.warning("pages may be swapped to disk: %s", LOCK_ADVICE)
        return PreparedDocument(
            fd=descriptor,
            length=ready.length,
            sheets=ready.sheets,
            serials=tuple(copy.serial for copy in self._copies),
            page_format=self._page_format,
        )

    async def close(self) -> None:
        """Wipe and end, within about two seconds, from any state; it may be called again.

        A step still under way ends with WorkerLost.
        """
        self._spent = self._spent or "it was closed"
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="document worker closing")
        await asyncio.shield(self._closing)

    # --- the conversation

    async def _ask(
        self, message: ToWorker, answer: type[_Answer], doing: str, limit_s: float
    ) -> _Answer:
        if self._line is None or self._spent:
            raise WorkerLost(f"the document worker cannot go on: {self._spent}")
        # Until the answer is here nobody else may speak; after an error or a cancellation, nobody.
        self._spent = f"{doing} was not finished"
        self._idle.clear()
        try:
            await self._say(self._line, message, doing, limit_s)
            return await self._answer(self._line, answer, doing, limit_s)
        finally:
            self._idle.set()

    async def _say(self, line: Line, message: ToWorker, doing: str, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await line.send(message)
        except TimeoutError as error:
            raise WorkerLost(_stalled(doing, limit_s)) from error
        except OSError:
            # It may have said why before it went: the answer tells.
            logger.debug("the document worker hung up while %s", doing)

    async def _answer(self, line: Line, kind: type[_Answer], doing: str, limit_s: float) -> _Answer:
        try:
            async with asyncio.timeout(limit_s):
                message = await line.receive()
        except TimeoutError as error:
            raise WorkerLost(_stalled(doing, limit_s)) from error
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise WorkerLost(f"the document worker spoke nonsense while {doing}") from error
        if isinstance(message, kind):
            self._spent = ""
            return message
        match message:
            case None:
                raise WorkerLost(await self._obituary(doing))
            case IntegrityRefused():
                raise IntegrityError(message.check, message.copy, message.page)
            case ClerkRefused():
                raise ClerkDisagreement(message.what, message.copy, message.page)
            case Stopped():
                raise WorkerLost(f"the document worker stopped while {doing}: {message.reason}")
            case _:
                raise WorkerLost(f"the document worker answered out of turn while {doing}")

    async def _obituary(self, doing: str) -> str:
        """Why the stream ended, as far as the exit status tells."""
        how = "hung up"
        if self._process is not None:
            try:
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    how = _manner(await self._process.wait())
            except TimeoutError:
                how = "hung up without ending"
        return (
            f"the document worker {how} while {doing}. Its pages are gone with it; end the order"
            " and start a new visit. If it happens again, look for `madoguchi` and `python` in"
            " `journalctl -k` (out of memory?)"
        )

    # --- the end

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                if self._idle.is_set():
                    await self._part()
        except (TimeoutError, OSError, msgspec.MsgspecError, ValueError) as error:
            logger.warning("the document worker did not end by itself (%s)", type(error).__name__)
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._kill()
        except TimeoutError:
            logger.error("process %s does not die: it hangs in the kernel", self.pid)
        finally:
            self._let_go()

    async def _kill(self) -> None:
        """The process is gone afterwards, and a step under way has noticed."""
        if self._process is None:
            await self._idle.wait()
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
        await self._idle.wait()

    async def _part(self) -> None:
        """Ask for the wiping and see the process out."""
        if self._line is None or self._process is None:
            return
        try:
            await self._line.send(Wipe())
        except OSError:
            logger.debug("the document worker was gone before it was asked to wipe")
        while (message := await self._line.receive()) is not None:
            self._wiped = self._wiped or isinstance(message, Wiped)
        await self._process.wait()

    def _let_go(self) -> None:
        """Shut what we hold; zero what nobody has zeroed for us."""
        if self._line is None:
            return
        if self._line.descriptor is not None and not self._wiped:
            wipe_file(self._line.descriptor)
        self._line.close()
        self._line = None


async def _spawn(descriptor: int) -> Process:
    """The worker, with this program's own code, no open files of ours and next to no environment."""
    environment = {
        "PYTHONPATH": _ROOT,
        "LANG": "C.UTF-8",
        # One core is enough for pages, and a pool of threads takes 40 ms and memory to start.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the working directory is no place to import from
        "-m",
        "terminal.document.worker",
        str(descriptor),
        str(os.getpid()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        pass_fds=(descriptor,),
        start_new_session=True,  # Ctrl-C in a shell is for the daemon, which ends it in order
        env=environment,
    )


def _stalled(doing: str, limit_s: float) -> str:
    return (
        f"the document worker did not finish {doing} within {limit_s:g} s; it will be killed."
        " End the order; a new visit starts a new one"
    )


def _manner(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with exit status {returncode}"
