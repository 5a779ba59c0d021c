from __future__ import annotations

import ctypes
import errno
from pathlib import Path

import pytest

from terminal.document import memory
from terminal.document.memory import LockedMemory

SIZE = 1024 * 1024


def locked_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmLck:")[1].split()[0])


def smaps_flags() -> list[str]:
    smaps = Path("/proc/self/smaps").read_text(encoding="utf-8")
    return [line for line in smaps.splitlines() if line.startswith("VmFlags")]


def test_it_is_locked_kept_out_of_dumps_and_children_and_let_go() -> None:
    before = locked_kb()
    secret = LockedMemory(SIZE)
    assert secret.locked
    assert locked_kb() == before + SIZE // 1024
    # lo: locked, dd: not dumped, dc: not copied to a child
    assert any({"lo", "dd", "dc"} <= set(line.split()) for line in smaps_flags())
    secret.close()
    assert locked_kb() == before


def test_wiping_zeroes_every_byte() -> None:
    secret = LockedMemory(4096)
    with secret.view as view:
        view[:] = b"\xaa" * 4096
    secret.wipe()
    assert bytes(secret.view) == bytes(4096)
    secret.close()


def test_a_limit_on_locking_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: int, length: int) -> int:
        ctypes.set_errno(errno.ENOMEM)
        return -1

    monkeypatch.setattr(memory._libc, "mlock", refuse)
    secret = LockedMemory(4096)
    assert not secret.locked
    secret.close()


def test_another_failure_of_locking_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: int, length: int) -> int:
        ctypes.set_errno(errno.EINVAL)
        return -1

    monkeypatch.setattr(memory._libc, "mlock", refuse)
    with pytest.raises(OSError, match="mlock"):
        LockedMemory(4096)
