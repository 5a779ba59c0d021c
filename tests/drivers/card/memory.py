"""Searches another process's memory for a PIN, in every shape that software gives one.

The searching process has the PIN, too, of course: search others, never oneself.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+\s*(.*)")
_NOT_MEMORY = {"[vvar]", "[vsyscall]", "[vvar_vclock]"}
_MOST = 64 << 20  # what a thread's arena reserves and does not touch is read as zeros, at length


def shapes(pin: str) -> dict[str, bytes]:
    """``pin`` as software writes it down, by name."""
    digits = pin.encode()
    pairs = digits.hex(" ")
    found = {
        "VERIFY": bytes.fromhex("0020008004") + digits,
        "ASCII": digits,
        "hex": digits.hex().encode(),
        "spaced hex": pairs.encode(),
        "spaced HEX": pairs.upper().encode(),
        "colon hex": digits.hex(":").encode(),
        "C hex": ", ".join(f"0x{digit:02x}" for digit in digits).encode(),
        "decimal list": ", ".join(map(str, digits)).encode(),
        "ISO 9564 format 2": bytes((0x24,)) + bytes.fromhex(pin) + b"\xff" * 5,
        "JSON list": ",".join(map(str, digits)).encode(),
        "reversed": digits[::-1],
    }
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        found[encoding] = pin.encode(encoding)
    for before, (first, last) in enumerate(
        ((0, 5), (2, 6), (3, 8))
    ):  # what neighbours do not change
        encoded = base64.b64encode(bytes(before) + digits + bytes(2)).decode()
        found[f"base64 at {before}"] = encoded[first:last].encode()
    return found


def hits(pid: int, pin: str) -> dict[str, int]:
    """How often which shape of ``pin`` is in that process. Raises PermissionError, see ``regions``."""
    wanted = shapes(pin)
    counted = dict.fromkeys(wanted, 0)
    for region in regions(pid):
        for name, shape in wanted.items():
            counted[name] += region.count(shape)
    return {name: count for name, count in counted.items() if count}


def regions(pid: int) -> Iterator[bytes]:
    """Everything readable, but for zeros around it. Raises PermissionError where this process may not look."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps.splitlines():
            match = _REGION.match(line)
            if match is None or match[3] in _NOT_MEMORY:
                continue
            start, end = int(match[1], 16), int(match[2], 16)
            with contextlib.suppress(OSError):  # a device's page, or one that has just gone
                memory.seek(start)
                yield memory.read(min(end - start, _MOST)).strip(b"\0")  # a stack is mostly unused
