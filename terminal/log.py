"""One line an event, to standard error, where systemd's journal takes it from.

No PIN, no name, no certificate and no document is ever passed to a logger. The standard library's
formatter is enough for one line; a rendering library would cost a sixth of the daemon's start.
"""

from __future__ import annotations

import logging
import sys

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(*, verbose: bool = False, level: int = logging.INFO) -> None:
    """Set up the root logger."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(LINE))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
