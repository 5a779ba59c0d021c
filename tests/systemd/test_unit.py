"""The unit as systemd itself reads it. What it does to a running process is proven by running it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "madoguchi-terminal.service"
COMMAND = "/usr/bin/madoguchi"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _copy(folder: Path, *, replace: tuple[str, str] = ("", "")) -> Path:
    """The unit with its command replaced by one that exists here, and perhaps spoilt."""
    stub = folder / "madoguchi"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    text = UNIT.read_text(encoding="utf-8")
    assert f"\nExecStart={COMMAND} run --config /etc/madoguchi/terminal.toml\n" in text
    assert replace[0] in text
    copy = folder / UNIT.name
    copy.write_text(text.replace(COMMAND, str(stub)).replace(*replace), encoding="utf-8")
    return copy


def _complaints(unit: Path) -> list[str]:
    """What ``systemd-analyze verify`` says about this unit; other units of the machine are not ours."""
    result = _run("systemd-analyze", "verify", "--man=no", str(unit))
    return [line for line in result.stderr.splitlines() if unit.stem in line]


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    assert _complaints(_copy(tmp_path)) == []


def test_a_misspelt_line_would_be_seen(tmp_path: Path) -> None:
    assert _complaints(_copy(tmp_path, replace=("LimitCORE=", "LimitCores=")))


def _exposure_is_low(unit: Path) -> bool:
    """At most 1.5, on systemd's scale of 0 to 10 (it counts in tenths)."""
    command = ("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager")
    return _run(*command, str(unit)).returncode == 0


def test_the_exposure_stays_low(tmp_path: Path) -> None:
    assert _exposure_is_low(_copy(tmp_path))


@pytest.mark.parametrize(
    "line", ["NoNewPrivileges=yes", "RestrictNamespaces=yes", "ProtectSystem=strict"]
)
def test_a_weaker_unit_would_be_seen(tmp_path: Path, line: str) -> None:
    assert not _exposure_is_low(_copy(tmp_path, replace=(line, "")))


def _settings() -> dict[str, list[str]]:
    settings: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            settings.setdefault(key, []).append(value)
    return settings


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("Type", ["notify"]),
        ("Restart", ["always"]),
        ("WatchdogSec", ["15"]),
        ("User", ["madoguchi"]),
        ("UMask", ["0077"]),
        ("LimitCORE", ["0"]),
        ("MemorySwapMax", ["0"]),
        ("LimitMEMLOCK", ["256M"]),
        ("WorkingDirectory", ["/run/madoguchi"]),
        ("KillMode", ["mixed"]),
    ],
)
def test_what_the_scores_do_not_count_is_set(key: str, values: list[str]) -> None:
    assert _settings()[key] == values


def test_gpiozero_can_still_find_out_which_board_it_is_on() -> None:
    assert "ProcSubset" not in _settings()


def test_the_worker_may_still_lower_its_own_limits_and_priority() -> None:
    assert not any("@resources" in value for value in _settings()["SystemCallFilter"])


def test_devices_are_named_as_the_kernel_lists_them() -> None:
    """A guess such as char-usblp matches nothing, and nobody would be told."""
    allowed = {value.split()[0] for value in _settings()["DeviceAllow"]}
    listed = {"gpiochip", "ttyACM", "ttyUSB", "ttyAMA", "ttyS", "usb", "input", "alsa", "i2c"}
    assert allowed == {f"char-{name}" for name in listed}


def test_whatever_can_be_written_cannot_be_run() -> None:
    (no_exec,) = _settings()["NoExecPaths"]
    assert {"/", "/run/madoguchi", "/var/lib/madoguchi", "/tmp", "/var/tmp", "/dev/shm"} <= set(  # noqa: S108
        no_exec.split()
    )


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
def test_the_user_and_its_groups_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    config = SYSTEMD / "sysusers.d" / "madoguchi.conf"
    result = _run("systemd-sysusers", f"--root={tmp_path}", str(config))
    assert result.returncode == 0, result.stderr
    passwd = (tmp_path / "etc" / "passwd").read_text()
    assert "madoguchi:x:" in passwd
    assert "/nologin" in passwd
    groups = {
        line.split(":")[0]: line.split(":")[3]
        for line in (tmp_path / "etc" / "group").read_text().splitlines()
    }
    for group in ("audio", "dialout", "gpio", "i2c", "input", "lp"):
        assert groups[group] == "madoguchi"
