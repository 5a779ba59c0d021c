"""A daemon with a prepared document, which has its own memory and its worker's searched for the pages.

Prints, as JSON, how often the raster was found: in the worker (null where nobody may look), in the
daemon, and in the daemon once the pages were read on purpose.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

from terminal.document.handle import DocumentWorker, PreparedDocument
from tests.terminal.document.test_handle import may_look_into, prepared

SCAN = Path(__file__).with_name("memory_scan.py")


async def main() -> None:
    worker = DocumentWorker()
    await worker.start()
    try:
        document = await prepared(worker)
        let_children_look_into_us()
        assert worker.pid is not None
        found: dict[str, int | None] = {"worker": None}
        if may_look_into(worker):
            found["worker"] = await hits(document, worker.pid)
        found["daemon"] = await hits(document, os.getpid())
        plain = os.pread(document.fd, document.length, 0)
        found["control"] = await hits(document, os.getpid())
        del plain
        print(json.dumps(found))
    finally:
        await worker.close()


async def hits(document: PreparedDocument, pid: int) -> int:
    """The scanner takes its canary from the raster itself, so that it never passes through here."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCAN),
        str(document.fd),
        str(document.length),
        str(pid),
        stdout=subprocess.PIPE,
        pass_fds=(document.fd,),
    )
    output, _ = await process.communicate()
    return int(output)


def let_children_look_into_us() -> None:
    """Where Yama lets only parents trace their children; elsewhere this does nothing."""
    pr_set_ptracer, anyone = 0x59616D61, -1
    ctypes.CDLL(None).prctl(pr_set_ptracer, ctypes.c_ulong(anyone), 0, 0, 0)


if __name__ == "__main__":
    asyncio.run(main())
