"""Memory that is not swapped out, not dumped, not inherited by children, and zeroed before it goes."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os

LOCK_ADVICE = (
    "raise LimitMEMLOCK= of madoguchi-terminal.service (256M is ample), or `ulimit -l` in a shell"
)

_LIMIT_ERRORS = (errno.ENOMEM, errno.EPERM, errno.EAGAIN)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mlock.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_libc.mlock.restype = ctypes.c_int


class LockedMemory:
    """``length`` bytes, of their own or, with ``fd``, of that file from ``offset`` on.

    ``locked`` is False where the system's limit forbids locking; the memory is usable all the same.
    """

    def __init__(self, length: int, fd: int = -1, offset: int = 0) -> None:
        flags = mmap.MAP_SHARED if fd >= 0 else mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._map = mmap.mmap(fd, length, flags=flags, offset=offset)
        self._map.madvise(mmap.MADV_DONTDUMP)
        self._map.madvise(mmap.MADV_DONTFORK)
        # One export for good: nobody can resize or unmap the pages while an address is in use.
        self._first = ctypes.c_char.from_buffer(self._map)
        self._address = ctypes.addressof(self._first)
        self.length = length
        self.locked = mlock(self._address, length)

    @property
    def view(self) -> memoryview:
        """Release it (and what is built on it) before ``close``."""
        return memoryview(self._map)

    def wipe(self) -> None:
        """Zero every byte; no copy is made on the way."""
        ctypes.memset(self._address, 0, self.length)

    def close(self) -> None:
        """Zero and unmap. BufferError while a view is still held."""
        self.wipe()
        del self._first
        self._map.close()


def mlock(address: int, length: int) -> bool:
    """Keep these pages out of swap; False if the limit forbids it, OSError for anything else."""
    if _libc.mlock(address, length) == 0:
        return True
    error = ctypes.get_errno()
    if error in _LIMIT_ERRORS:
        return False
    raise OSError(error, f"mlock: {os.strerror(error)}")
