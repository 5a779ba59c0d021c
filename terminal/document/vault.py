"""Where the finished pages lie: a file that exists in memory only, and is zeroed before it ends.

The file behind the descriptor has no name and no disk (memfd). It grows by whole segments, each
mapped and locked here; whoever holds the descriptor reads what is written without holding it all.
"""

from __future__ import annotations

import fcntl
import os

from terminal.document.memory import LockedMemory

# A page of text packs to about 0.3 MB at 600 dpi, with a copy-void ground to about 1 MB.
_SEGMENT = 1024 * 1024
# Linux 6.3, not yet in Python's os: the memory can never be made executable.
_MFD_NOEXEC_SEAL = 0x0008


class Vault:
    """Write-only to its owner, readable by descriptor."""

    def __init__(self) -> None:
        self.fd = _memory_file()
        self.length = 0
        self._segments: list[LockedMemory] = []

    @property
    def locked(self) -> bool:
        """Whether every page so far is kept out of swap."""
        return all(segment.locked for segment in self._segments)

    def write(self, data: bytes) -> int:
        """Append; OSError when memory is short."""
        rest = memoryview(data)
        while rest:
            at = self.length % _SEGMENT
            if self.length == len(self._segments) * _SEGMENT:
                self._grow()
            part = rest[: _SEGMENT - at]
            with self._segments[-1].view as view:
                view[at : at + len(part)] = part
            self.length += len(part)
            rest = rest[len(part) :]
        return len(data)

    def seal(self) -> None:
        """No holder of the descriptor can make the file longer or shorter any more."""
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)

    def wipe(self) -> None:
        """Zero everything written; whoever else holds the descriptor reads zeros from now on."""
        for segment in self._segments:
            segment.wipe()

    def close(self) -> None:
        """Wipe and let go. Harmless when repeated."""
        for segment in self._segments:
            segment.close()
        self._segments.clear()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _grow(self) -> None:
        size = len(self._segments) * _SEGMENT
        os.ftruncate(self.fd, size + _SEGMENT)
        self._segments.append(LockedMemory(_SEGMENT, self.fd, size))


def wipe_file(fd: int) -> None:
    """Zero a vault from outside, for the case that its owner died before it could."""
    size = os.fstat(fd).st_size
    zeros = bytes(64 * 1024)
    for offset in range(0, size, len(zeros)):
        os.pwrite(fd, zeros[: size - offset], offset)


def _memory_file() -> int:
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create("madoguchi-vault", flags | _MFD_NOEXEC_SEAL)
    except OSError:  # an older kernel knows no such flag
        return os.memfd_create("madoguchi-vault", flags)
