from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.document.vault import Vault, wipe_file

SEGMENT = 1024 * 1024


@given(st.lists(st.integers(0, 700_000), max_size=6))
def test_what_was_written_is_read_by_descriptor(sizes: list[int]) -> None:
    vault = Vault()
    pieces = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    for piece in pieces:
        assert vault.write(piece) == len(piece)
    written = b"".join(pieces)
    assert vault.length == len(written)
    assert os.pread(vault.fd, vault.length, 0) == written
    vault.close()


def test_I16_wiping_reaches_every_holder_of_the_descriptor() -> None:
    vault = Vault()
    vault.write(b"canary" * 300_000)
    held = os.dup(vault.fd)
    assert b"canary" in os.pread(held, 100, SEGMENT)
    vault.close()
    size = os.fstat(held).st_size
    assert os.pread(held, size, 0) == bytes(size)
    os.close(held)
    vault.close()


def test_I16_a_vault_whose_owner_died_is_wiped_from_outside() -> None:
    vault = Vault()
    vault.write(b"canary" * 300_000)
    vault.seal()
    wipe_file(vault.fd)
    size = os.fstat(vault.fd).st_size
    assert size == 2 * SEGMENT
    assert os.pread(vault.fd, size, 0) == bytes(size)
    vault.close()


def test_a_sealed_vault_keeps_its_size() -> None:
    vault = Vault()
    vault.write(b"page")
    vault.seal()
    for size in (0, 10 * SEGMENT):
        with pytest.raises(OSError, match=os.strerror(errno.EPERM)):
            os.ftruncate(vault.fd, size)
    vault.close()


def test_it_is_in_memory_locked_nameless_and_not_inherited() -> None:
    vault = Vault()
    assert vault.locked
    vault.write(b"page")
    assert vault.locked
    assert str(Path(f"/proc/self/fd/{vault.fd}").readlink()).startswith("/memfd:")
    assert os.fstat(vault.fd).st_nlink == 0
    assert fcntl.fcntl(vault.fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    vault.close()


def test_closing_returns_the_memory() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        vault = Vault()
        vault.write(bytes(SEGMENT + 1))
        vault.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert "madoguchi-vault" not in Path("/proc/self/maps").read_text(encoding="utf-8")
