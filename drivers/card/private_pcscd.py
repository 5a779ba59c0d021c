"""A pcscd of one's own, with virtual readers: for the demo and for tests, never for a counter.

It runs in a mount namespace, in which /run is empty but for its own directory; so it is never taken for
the machine's own pcscd, and many can run side by side. With a user namespace that needs no root. libpcsclite asks for
the socket's name once in a process, at its first call: put ``environment`` into ``os.environ`` before.

The virtual readers (vsmartcard's libifdvpcd) listen on all addresses of the machine: one more reason to
keep them out of the field.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.card.vpcd.readers import DRIVER, VirtualReaders
from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable

_PACKAGES = {
    "pcscd": "pcscd",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
}
_READY_LIMIT_S = 10.0  # it takes 10 ms; a busy machine may take long to start any process
_STOP_LIMIT_S = 5.0
_POLL_S = 0.005
_ATTEMPTS = 5  # somebody else may take the ports between our look and pcscd's

# The kernel makes no user namespace in a chroot, where root can do without; and where that chroot is not a
# mount of its own, its propagation cannot be changed: what is mounted is seen below that folder at most.
_NAMESPACES = (
    ("--mount", "--map-root-user"),
    ("--mount",),
    ("--mount", "--propagation", "unchanged"),
)

# Within the namespace: hide the machine's /run, show our directory in the place pcscd has compiled in.
# The process becomes pcscd itself, and dies with the thread that started it.
_SCRIPT = """
mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind {directory} /run/pcscd &&
exec setpriv --pdeathsig TERM {pcscd} --foreground --config {readers} {options}
"""


class PrivatePcscd:
    """``async with`` it. Readers of two slots each, on ``ports``; ``environment`` leads PC/SC programs to it.

    ``slots``: an even number, up to ``drivers.card.vpcd.readers.MAX_SLOTS``.
    """

    def __init__(self, slots: int = 2) -> None:
        self._virtual = VirtualReaders(slots)
        self._process: subprocess.Popen[bytes] | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    @property
    def ports(self) -> tuple[int, ...]:
        """For ``drivers.card.vpcd.VpcdSlot``."""
        return self._virtual.ports

    @property
    def readers(self) -> tuple[str, ...]:
        """What pcscd calls the slots, in the order of ``ports``."""
        return self._virtual.names

    @property
    def pid(self) -> int:
        """Of the process. Raises DeviceUnavailable while it does not run."""
        if self._process is None:
            raise DeviceUnavailable("pcscd", DeviceState.OFFLINE, "enter it first (async with)")
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        return {"PCSCLITE_CSOCK_NAME": str(self._directory / "pcscd.comm")}

    async def __aenter__(self) -> Self:
        """Raises DeviceUnavailable where programs are missing, or pcscd does not start."""
        _need_programs()
        self._files = tempfile.TemporaryDirectory(prefix="pcscd-")
        try:
            await self.start()
        except BaseException:
            self._files.cleanup()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()
        assert self._files is not None
        self._files.cleanup()

    async def start(self) -> None:
        """Ready when this returns; the same ports and socket as before a ``stop``."""
        options, namespace = _options(), _namespace()
        for _ in range(_ATTEMPTS):
            if not self.ports:
                self._virtual.choose_ports()
            if await self._try_to_start(namespace, options):
                return
            self._virtual.ports = ()
        raise DeviceUnavailable(
            "pcscd", DeviceState.OFFLINE, f"it did not start: {self._last_words()}"
        )

    async def stop(self) -> None:
        """End our own process and nothing else; what it held open is closed by the kernel."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        if not await _ended(process):
            process.kill()
            await _ended(process)

    @property
    def _directory(self) -> Path:
        if self._files is None:
            raise DeviceUnavailable("pcscd", DeviceState.OFFLINE, "enter it first (async with)")
        return Path(self._files.name)

    async def _try_to_start(self, namespace: tuple[str, ...], options: str) -> bool:
        for left_over in ("pcscd.comm", "pcscd.pid"):
            (self._directory / left_over).unlink(missing_ok=True)
        readers = self._virtual.write(self._directory)
        script = _SCRIPT.format(
            directory=shlex.quote(str(self._directory)),
            pcscd=_program("pcscd"),
            readers=shlex.quote(str(readers)),
            options=options,
        )
        self._process = self._spawn(["unshare", *namespace, "sh", "-c", script])
        try:
            return await self._is_ready(self._process)
        except BaseException:
            await self.stop()
            raise

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._directory / "log").open("wb") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    async def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + _READY_LIMIT_S
        while process.poll() is None and time.monotonic() < deadline:
            if self._answers() and self._virtual.are_there():
                return True
            await asyncio.sleep(_POLL_S)
        await self.stop()
        return False

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.connect(self.environment["PCSCLITE_CSOCK_NAME"])
            return True
        return False

    def _last_words(self) -> str:
        lines = (self._directory / "log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


def _need_programs() -> None:
    missing = {package for program, package in _PACKAGES.items() if _program(program) is None}
    if not DRIVER.exists():
        missing.add("vsmartcard-vpcd")
    if missing:
        advice = f"for a virtual card reader: apt install {' '.join(sorted(missing))}"
        raise DeviceUnavailable("pcscd", DeviceState.NO_DEVICE, advice)


def _program(name: str) -> str | None:
    """Debian keeps pcscd where only root's PATH leads."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


async def _ended(process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _STOP_LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 - the kernel's event
        await asyncio.sleep(_POLL_S)
    return process.poll() is not None


def _options() -> str:
    """pcscd 2 asks polkit, which has never heard of our namespace; pcscd 1 knows no such option."""
    pcscd = _program("pcscd")
    assert pcscd is not None
    helped = subprocess.run(
        [pcscd, "--help"], capture_output=True, timeout=_READY_LIMIT_S, check=False
    )
    return "--disable-polkit" if b"--disable-polkit" in helped.stdout + helped.stderr else ""


def _namespace() -> tuple[str, ...]:
    """The first way to a namespace that this process may go. Raises DeviceUnavailable without one."""
    refusal = b""
    for options in _NAMESPACES:
        tried = subprocess.run(
            ["unshare", *options, "true"], capture_output=True, timeout=_READY_LIMIT_S, check=False
        )
        if tried.returncode == 0:
            return options
        refusal = refusal or tried.stderr
    advice = f"no namespace for it may be made here ({refusal.decode(errors='replace').strip()})"
    raise DeviceUnavailable("pcscd", DeviceState.OFFLINE, advice)
