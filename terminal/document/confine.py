"""What the worker gives up before it holds anything worth having."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
# Rendering a page must not delay a key press: the event loop wins every contest for a core.
_NICENESS = 5

_libc = ctypes.CDLL(None, use_errno=True)


def confine(parent: int) -> None:
    """No core files, no debugger of the same user, no new rights, and no life after ``parent``.

    Raises OSError where the system refuses, and SystemExit if the parent is already gone.
    """
    for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # systemd stops a whole unit at once, and the daemon may be printing from our pages.
        signal.signal(stop, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above could take effect
        raise SystemExit(1)
    os.nice(_NICENESS)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl({option}, {value}): {os.strerror(error)}")
