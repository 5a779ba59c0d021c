"""What libgpiod's factory does when a chip goes; on a kernel's lines it is tried in tests/guest."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

gpiod_factory = pytest.importorskip("drivers.gpiod_factory", reason="libgpiod's library is missing")


class GoneChip:
    """A line's request after its chip was pulled out: always readable, and never read."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.asked = 0
        self.was_asked = threading.Event()

    def read_edge_events(self) -> list[Any]:
        self.asked += 1
        self.was_asked.set()
        raise OSError(19, "No such device")


@pytest.fixture
def hung_up() -> Iterator[int]:
    near, far = os.pipe()
    os.close(far)  # the end of a file is readable for ever
    yield near
    os.close(near)


def test_a_chip_that_has_gone_is_told_once_and_costs_nothing(
    hung_up: int, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = gpiod_factory._Watcher()
    pin = gpiod_factory.GpiodPin(SimpleNamespace(watcher=watcher), 17)
    request = pin._request = GoneChip(hung_up)
    watcher.watch(request.fd, pin.happened)
    assert request.was_asked.wait(5)
    watcher.close()
    assert request.asked == 1
    assert "GPIO17: No such device" in caplog.text
    with pytest.raises(
        OSError, match="No such device"
    ):  # a line that is deaf must not pass for a quiet one
        _ = pin.state
