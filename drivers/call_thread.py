"""One thread for a library that blocks; a call that hangs can be left behind.

Unlike an executor's, the thread is a daemon: a reader that never answers must not keep the terminal
from ending.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class CallThread:
    """Makes calls one after the other, in the order they were submitted."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]
        self._calls = queue.SimpleQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], _T]) -> Future[_T]:
        """The future's ``cancel`` withdraws a call that waits, not one that runs. After ``close``: cancelled."""
        future: Future[_T] = Future()
        if self._is_closed:
            future.cancel()
        else:
            self._calls.put((future, call))
        return future

    async def close(self, limit_s: float) -> None:
        """Return when the waiting calls are made and the thread has ended; after ``limit_s`` anyway."""
        self._is_closed = True
        self._calls.put(None)
        deadline = time.monotonic() + limit_s
        while self._thread.is_alive() and time.monotonic() < deadline:  # noqa: ASYNC110 - not a task
            await asyncio.sleep(0.005)

    def _run(self) -> None:
        while (entry := self._calls.get()) is not None:
            future, call = entry
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised where the future is awaited
                future.set_exception(error)
            del future, call, entry
