"""Count a raster's bytes in another process's memory: FD LENGTH PID; prints the number of hits.

The canary is 48 bytes from the densest part of the raster. It is kept inverted, so that scanning
finds no copy of its own making.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def canary(fd: int, length: int) -> bytes:
    data = os.pread(fd, length, 0)
    at = max(range(0, length - 48, 16), key=lambda place: len(set(data[place : place + 48])))
    return bytes(byte ^ 0xFF for byte in data[at : at + 48])


def hits(pid: int, inverted: bytes) -> int:
    wanted = bytes(byte ^ 0xFF for byte in inverted)
    found = 0
    with (
        Path(f"/proc/{pid}/maps").open(encoding="utf-8") as maps,
        Path(f"/proc/{pid}/mem").open("rb", buffering=0) as mem,
    ):
        for line in maps:
            area, rights, *_ = line.split()
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(edge, 16) for edge in area.split("-"))
            try:
                mem.seek(start)
                found += mem.read(end - start).count(wanted)
            except (OSError, OverflowError, ValueError):
                continue
    return found


def main() -> None:
    fd, length, pid = (int(argument) for argument in sys.argv[1:4])
    print(hits(pid, canary(fd, length)))


if __name__ == "__main__":
    main()
