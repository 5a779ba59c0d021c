"""The monitor's thread, with a scripted pcscd on a bad day."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping

import pytest

from drivers.card_reader import CardInserted, CardRemoved
from drivers.card_reader.choice import ReaderChoice
from drivers.card_reader.pcsc_monitor import ReaderMonitor
from drivers.card_reader.scard import Context, Scard
from drivers.device import DeviceEvent, DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault

ONLINE = DeviceState.ONLINE


class ScriptedScard(Scard):
    """pcscd as it is on a bad day: each wait takes the next thing from the script."""

    def __init__(self, script: Iterator[dict[str, int] | Exception]) -> None:
        self.device = "card reader"
        self._script = script
        self.calls = None

    def establish(self) -> Context:
        return _ScriptedContext(self, self._script)


class _ScriptedContext(Context):
    def __init__(self, scard: Scard, script: Iterator[dict[str, int] | Exception]) -> None:
        super().__init__(scard, 0)
        self._script = script

    def readers(self) -> list[str]:
        return ["R"]

    def wait(self, known: Mapping[str, int], timeout_s: float) -> dict[str, int]:
        step = next(self._script)
        if isinstance(step, Exception):
            raise step
        return step

    def cancel(self) -> None: ...

    def look_again(self, reader: str) -> bool:
        return True

    def release(self) -> None: ...


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (DeviceUnavailable("r", DeviceState.OFFLINE, "start it"), DeviceState.OFFLINE),
        (DeviceUnavailable("r", DeviceState.NO_DEVICE, "cable"), DeviceState.NO_DEVICE),
        (HardwareFault("r", "PC/SC error 80100001"), DeviceState.HARDWARE_ERROR),
        (TypeError("the library itself"), DeviceState.HARDWARE_ERROR),
    ],
)
async def test_the_monitor_survives_whatever_pcscd_answers(
    error: Exception, state: DeviceState
) -> None:
    told: list[DeviceEvent] = []
    done = threading.Event()
    script: Iterator[dict[str, int] | Exception] = iter(
        [{"R": 0x0001_0022}, error, {"R": 0x0001_0022}, {"R": 0x0002_0012}]
    )

    def publish(event: DeviceEvent) -> None:
        told.append(event)
        if told.count(CardRemoved()) == 2:
            done.set()

    scard = ScriptedScard(_then_quiet(script, done))
    monitor = ReaderMonitor(scard, ReaderChoice(re.compile(".")), publish)
    monitor.start()
    assert done.wait(10)
    await monitor.stop()
    assert [event for event in told if not isinstance(event, StateChanged)] == [
        CardInserted(),
        CardRemoved(),
        CardInserted(),
        CardRemoved(),
    ]
    states = [event.state for event in told if isinstance(event, StateChanged)]
    assert states[:3] == [ONLINE, state, ONLINE]


def _then_quiet(
    script: Iterator[dict[str, int] | Exception], done: threading.Event
) -> Iterator[dict[str, int] | Exception]:
    yield from script
    while True:
        done.wait(0.05)
        yield {}
