"""``madoguchi run`` as systemd starts it, and what it says when it cannot."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import terminal
from terminal.demo.stage import Play, settings_of
from terminal.presenter import LONGEST_WAIT_S
from tests.terminal.visits.place import Backend, workers

UNIT = Path(terminal.__file__).parents[1] / "systemd" / "madoguchi-terminal.service"
MAIN = "from terminal.cli import main; main()"
STOP_S = 3.0


def watchdog_s() -> float:
    found = re.search(r"^WatchdogSec=(\d+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return float(found[1])


def write_config(backend: Backend, folder: Path, **changes: object) -> Path:
    """As ``madoguchi`` finds it on a disk. A section's changes replace the section."""
    play = Play(folder, port=None)
    settings = settings_of(
        play, folder / "state", backend.directory, backend.port, backend.offset_s
    )
    settings.update(changes)
    lines: list[str] = []
    for name, value in sorted(settings.items(), key=lambda item: isinstance(item[1], dict)):
        if isinstance(value, dict):
            lines += [f"[{name}]", *(f"{key} = {toml(each)}" for key, each in value.items())]
        else:
            lines.append(f"{name} = {toml(value)}")
    path = folder / "terminal.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str | Path) else str(value)


@dataclass
class Running:
    process: subprocess.Popen[str]
    manager: socket.socket

    def told(self, limit_s: float) -> str:
        self.manager.settimeout(limit_s)
        return self.manager.recv(4096).decode()

    def until_told(self, what: str, limit_s: float = 20) -> None:
        end = time.monotonic() + limit_s
        while what not in self.told(max(0.1, end - time.monotonic())):
            pass

    def until_quiet(self) -> float:
        """When it last said anything, once it has had nothing to say for a second."""
        last = time.monotonic()
        while True:
            try:
                self.told(1)
            except TimeoutError:
                return last
            last = time.monotonic()

    def stop(self) -> str:
        """SIGTERM, and everything that was said on stderr."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=20)
        return errors


@contextmanager
def running(config: Path, prelude: str = "", **environment: str) -> Generator[Running]:
    """Under a service manager that listens."""
    address = config.parent / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        told = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": str(int(watchdog_s() * 1e6))}
        command = [sys.executable, "-c", prelude + MAIN, "run", "--config", str(config)]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, **told, **environment}
        ) as process:
            try:
                yield Running(process, manager)
            finally:
                process.kill()


def failed(config: Path, prelude: str = "") -> str:
    """What it complains of in its one line; it must have ended by itself."""
    done = subprocess.run(
        [sys.executable, "-c", prelude + MAIN, "run", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (complaint,) = [line for line in done.stderr.splitlines() if line.startswith("madoguchi: ")]
    assert done.stderr.splitlines()[-1] == complaint
    return complaint


def test_it_is_ready_watched_and_stops_at_once_when_nobody_is_there(
    backend: Backend, here: Path
) -> None:
    with running(write_config(backend, here)) as it:
        it.until_told("READY=1")
        it.until_told("WATCHDOG=1")
        quiet_since = it.until_quiet()
        # Nobody comes. The manager expects to hear twice within its limit.
        it.until_told("WATCHDOG=1", quiet_since + watchdog_s() / 2 - time.monotonic())
        mine = workers(it.process.pid)
        before = time.monotonic()
        errors = it.stop()
        assert it.process.returncode == 0, errors
        assert time.monotonic() - before < STOP_S
        assert "Traceback" not in errors
        assert not any(Path(f"/proc/{worker}").exists() for worker in mine)
        it.until_told("STOPPING=1", 1)


def test_the_watchdog_hears_twice_within_its_limit_whatever_happens_not() -> None:
    assert watchdog_s() / 2 > LONGEST_WAIT_S


def test_a_second_one_on_the_same_journal_is_refused(backend: Backend, here: Path) -> None:
    config = write_config(backend, here)
    with running(config) as it:
        it.until_told("READY=1")
        assert "another madoguchi is running" in failed(config)
        it.stop()
        assert it.process.returncode == 0


def test_a_line_that_is_down_keeps_it_out_of_service_and_running(
    backend: Backend, here: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    link = settings_of(Play(here), here, backend.directory, port, 0)["link"]
    with running(write_config(backend, here, link=link)) as it:
        it.until_told("READY=1")
        it.until_told("WATCHDOG=1")
        assert "cannot be reached" in it.stop()
        assert it.process.returncode == 0


def test_no_pcscd_is_a_state_with_advice_and_not_the_end(backend: Backend, here: Path) -> None:
    """It may come back: the terminal waits, out of service, and says why in its log."""
    config = write_config(backend, here, card_reader={"type": "pcsc"})
    with running(config, PCSCLITE_CSOCK_NAME=str(here / "nobody")) as it:
        it.until_told("READY=1")
        it.until_told("WATCHDOG=1")
        errors = it.stop()
        assert it.process.returncode == 0, errors
        assert re.search(r"WARNING .*card reader is offline", errors), errors
        assert "pcscd is not running: start it" in errors


def test_no_pcsc_library_is_told_with_what_to_install(backend: Backend, here: Path) -> None:
    config = write_config(backend, here, card_reader={"type": "pcsc"})
    complaint = failed(config, "import sys; sys.modules['smartcard'] = None\n")
    assert "pyscard" in complaint


def test_no_font_for_receipts_is_told_before_anybody_pays(backend: Backend, here: Path) -> None:
    prelude = "import terminal.receipt as r\nr._FONT_PATHS = ()\nr._ask_fontconfig = lambda: None\n"
    assert "apt-get install fonts-ipaexfont-gothic" in failed(write_config(backend, here), prelude)


def test_a_port_in_use_is_told(backend: Backend, here: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        complaint = failed(write_config(backend, here, panel={"port": port}))
    assert f"port {port} is in use" in complaint
    assert "[panel] port" in complaint


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "colour"),
        ({"payment": {"type": "gold"}}, "[payment]"),
        ({"state_dir": "terminal.toml/state"}, "check the disk"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told(
    backend: Backend, here: Path, change: dict[str, object], told: str
) -> None:
    assert told in failed(write_config(backend, here, **change))


def test_a_missing_configuration_is_told(here: Path) -> None:
    assert "--config" in failed(here / "nowhere.toml")


@pytest.mark.parametrize("missing", ["ca", "certificate", "key", "city_keys"])
def test_a_terminal_that_is_not_enrolled_is_told(
    backend: Backend, here: Path, missing: str
) -> None:
    link = settings_of(Play(here), here, backend.directory, 1, 0)["link"]
    assert isinstance(link, dict)
    complaint = failed(write_config(backend, here, link={**link, missing: "nowhere"}))
    assert f"[link] {missing}" in complaint
    assert "enrol the terminal first" in complaint
