"""Telling systemd how we are: sd_notify(3) in a few lines, with no library.

One datagram of KEY=VALUE lines to the socket named in NOTIFY_SOCKET. Outside systemd nothing is sent.
A manager that cannot be reached is logged once and never disturbs a visit.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import MutableMapping

logger = logging.getLogger(__name__)

READY_WAIT_S = 1.0  # said once, and a start that is not heard of is a failed start


class Notifier:
    """Takes the three variables out of the environment, so that no child process speaks for us."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._address = _address(environ.pop("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_s(
            environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        )
        """The service manager kills us when it has not heard from us for so long; None: it does not."""
        self._reachable = True

    def ready(self, status: str = "") -> None:
        """Started, and serving (Type=notify)."""
        self._send("READY=1", *_status(status), wait_s=READY_WAIT_S)

    def status(self, status: str) -> None:
        """One line for ``systemctl status``."""
        self._send(*_status(status))

    def watchdog(self) -> None:
        """Alive. Call it well within ``watchdog_s``."""
        if self.watchdog_s is not None:
            self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> None:
        self._send("STOPPING=1", *_status(status))

    def _send(self, *lines: str, wait_s: float = 0) -> None:
        if self._address is None or not lines:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # The event loop must not wait for a manager whose queue is full: the next one tells.
                sender.settimeout(wait_s)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if self._reachable:
                logger.warning("the service manager cannot be told %s: %s", lines[0], error)
            self._reachable = False
        else:
            self._reachable = True


def _address(named: str) -> str | None:
    """An absolute path, or an abstract socket, whose leading NUL is written as @."""
    if named.startswith("@"):
        return "\0" + named[1:]
    if named.startswith("/"):
        return named
    if named:
        logger.warning("NOTIFY_SOCKET=%s is of a kind not known here; systemd is not told", named)
    return None


def _watchdog_s(usec: str, pid: str) -> float | None:
    """None unless set, and meant for this very process (sd_watchdog_enabled(3))."""
    if pid and pid != str(os.getpid()):
        return None
    if not usec.isdigit() or int(usec) == 0:
        return None
    return int(usec) / 1e6


def _status(text: str) -> list[str]:
    return [f"STATUS={' '.join(text.split())}"] if text else []
