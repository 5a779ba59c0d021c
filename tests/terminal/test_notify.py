"""sd_notify against a real datagram socket, and beside systemd's own command."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.notify import Notifier


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.named = "@" + address[1:] if address.startswith("\0") else address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(5)

    def told(self) -> dict[str, str]:
        """The next datagram, parsed as systemd does: lines of KEY=VALUE."""
        lines = self.socket.recv(4096).decode().splitlines()
        assert all("=" in line for line in lines)
        return dict(line.split("=", 1) for line in lines)

    def told_nothing(self) -> bool:
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            return True
        return False


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    path = str(tmp_path / "notify")
    made = Manager("\0" + path if request.param == "abstract" else path)
    yield made
    made.socket.close()


def test_a_whole_life_is_told(manager: Manager) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.named, "WATCHDOG_USEC": "15000000"})
    notifier.ready("serving")
    assert manager.told() == {"READY": "1", "STATUS": "serving"}
    notifier.status("out of service: paper out")
    assert manager.told() == {"STATUS": "out of service: paper out"}
    notifier.watchdog()
    assert manager.told() == {"WATCHDOG": "1"}
    notifier.stopping()
    assert manager.told() == {"STOPPING": "1"}


def test_a_status_can_carry_no_second_message(manager: Manager) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.named})
    notifier.status("印刷中\nREADY=1\r\n MAINPID=1")
    assert manager.told() == {"STATUS": "印刷中 READY=1 MAINPID=1"}


@pytest.mark.skipif(
    shutil.which("systemd-notify") is None, reason="systemd-notify is not installed"
)
def test_the_message_is_the_one_systemd_itself_would_send(manager: Manager) -> None:
    environ = {**os.environ, "NOTIFY_SOCKET": manager.named}
    command = ["systemd-notify", "--no-block", "--ready", "--status=serving"]
    subprocess.run(command, env=environ, check=True, timeout=10)
    theirs = manager.told()
    theirs.pop("MAINPID", None)  # newer ones add the caller's, as a shell script needs
    Notifier({"NOTIFY_SOCKET": manager.named}).ready("serving")
    assert manager.told() == theirs


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "15000000"}, 15.0),
        ({"WATCHDOG_USEC": "15000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_only_when_it_watches_this_process(
    manager: Manager, environ: dict[str, str], seconds: float | None
) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.named, **environ})
    assert notifier.watchdog_s == seconds
    notifier.watchdog()
    assert manager.told_nothing() is (seconds is None)


def test_no_child_process_inherits_the_socket() -> None:
    environ = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/"}
    Notifier(environ)
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize("named", ["", "vsock:2:1234", "relative"])
def test_without_a_manager_nothing_happens(named: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": named, "WATCHDOG_USEC": "1000"})
    notifier.ready()
    notifier.watchdog()
    notifier.stopping("bye")


def test_a_manager_that_is_gone_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    with caplog.at_level(logging.WARNING):
        notifier.ready()
        notifier.status("still here")
    assert len(caplog.records) == 1


def test_a_manager_that_does_not_listen_never_holds_us_up(manager: Manager) -> None:
    """A datagram socket's queue is a few messages long; then sending would wait for ever."""
    notifier = Notifier({"NOTIFY_SOCKET": manager.named})
    for _ in range(2000):
        notifier.status("busy")
    assert manager.told() == {"STATUS": "busy"}
