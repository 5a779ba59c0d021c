"""The thread for calls that block."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from drivers.call_thread import CallThread

PATIENCE_S = 10.0


async def test_calls_are_made_in_order_and_errors_are_raised_where_they_are_awaited() -> None:
    thread = CallThread("test")
    made: list[int] = []
    futures = [thread.submit(partial(made.append, number)) for number in range(9)]
    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(thread.submit(lambda: 1 // 0))
    assert made == list(range(9))
    assert all(future.done() for future in futures)
    await thread.close(PATIENCE_S)


async def test_a_withdrawn_call_is_never_made() -> None:
    thread = CallThread("test")
    gate = threading.Event()
    made: list[str] = []
    thread.submit(gate.wait)
    withdrawn = thread.submit(lambda: made.append("withdrawn"))
    kept = thread.submit(lambda: made.append("kept"))
    assert withdrawn.cancel()
    gate.set()
    await asyncio.wrap_future(kept)
    assert made == ["kept"]
    await thread.close(PATIENCE_S)


async def test_a_call_that_hangs_is_left_behind() -> None:
    thread = CallThread("test")
    gate = threading.Event()
    hanging = thread.submit(gate.wait)
    await thread.close(0.05)
    assert not hanging.done()
    assert thread.submit(lambda: None).cancelled()
    gate.set()
    await asyncio.wrap_future(hanging)
