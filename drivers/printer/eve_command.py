"""The print engine ippeveprinter starts for each job: a pipe to the EvePrinter that owns the server.

Run by path with the interpreter alone, so it may import nothing but the standard library. It names
the job and its file, passes on what it is told (STATE:, ATTR:, ERROR: lines for the server, on
standard error) and leaves with the status it is given.
"""

from __future__ import annotations

import os
import socket
import sys


def main(address: str, document: str) -> int:
    """Exit status for the server: 0 printed, anything else aborts the job."""
    with socket.socket(socket.AF_UNIX) as engine:
        engine.connect(address)
        engine.sendall(f"{os.environ['IPP_JOB_ID']} {document}\n".encode())
        for line in engine.makefile():
            if line.startswith("EXIT "):
                return int(line[5:])
            sys.stderr.write(line)
            sys.stderr.flush()
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
