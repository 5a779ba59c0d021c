"""The virtual readers of one pcscd: their names, their ports, and what pcscd must be told of them.

Each file of vsmartcard's driver has two slots, at two ports in a row. It keeps their lines in a table of
its own, indexed by slot, so that two readers of one file would answer for each other: every further pair
of slots has a copy of the file.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
from pathlib import Path

MAX_SLOTS = 16
"""pcscd's own limit up to 2.4; it was lifted in 2.5."""

READER_NAME = "Virtual PCD"
"""pcscd adds two numbers, reader and slot: “Virtual PCD 00 00”, “Virtual PCD 00 01”.

Those of further files are “Virtual PCD 1 00 00” and so on: pcscd counts the readers of one file only.
"""

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")


class VirtualReaders:
    """``slots``: an even number, up to MAX_SLOTS. ``ports`` is empty until they are chosen."""

    def __init__(self, slots: int) -> None:
        if slots not in range(2, MAX_SLOTS + 1, 2):
            raise ValueError(
                f"a pcscd has an even number of slots from 2 to {MAX_SLOTS}, not {slots}"
            )
        pairs = range(slots // 2)
        self._friendly_names = [f"{READER_NAME} {pair}" if pair else READER_NAME for pair in pairs]
        self.ports: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What pcscd calls the slots, in the order of ``ports``."""
        return tuple(f"{name} 00 0{slot}" for name in self._friendly_names for slot in (0, 1))

    def choose_ports(self) -> None:
        """That nobody has now; somebody may before pcscd does."""
        ports: list[int] = []
        with contextlib.ExitStack() as held:
            while len(ports) < 2 * len(self._friendly_names):
                first, second = (held.enter_context(socket.socket()) for _ in range(2))
                first.bind(("", 0))
                port = first.getsockname()[1]
                with contextlib.suppress(OSError, OverflowError):
                    second.bind(("", port + 1))
                    ports += port, port + 1
        self.ports = tuple(ports)

    def write(self, directory: Path) -> Path:
        """Into ``directory``: the driver's copies, and the folder for pcscd's ``--config``."""
        folder = directory / "readers"
        folder.mkdir(exist_ok=True)
        entries: list[str] = []
        for number, name in enumerate(self._friendly_names):
            driver = DRIVER
            if number:
                driver = directory / f"libifdvpcd-{number}.so"
                shutil.copy(DRIVER, driver)
            entries.append(_entry(name, self.ports[2 * number], driver))
        (folder / "vpcd").write_text("\n".join(entries))
        return folder

    def are_there(self) -> bool:
        """Whether something listens at each port. Looked up, not tried: to connect is to insert a card."""
        with contextlib.suppress(OSError), Path("/proc/net/tcp").open() as table:
            sockets = [line.split()[1:4:2] for line in table]
            listening = {address[-4:] for address, state in sockets if state == "0A"}
            return listening >= {f"{port:04X}" for port in self.ports}
        return False


def _entry(name: str, port: int, driver: Path) -> str:
    return f"""\
FRIENDLYNAME "{name}"
DEVICENAME /dev/null:{port:#06x}
LIBPATH {driver}
CHANNELID {port:#06x}
"""
