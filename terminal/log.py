"""One line an event, to standard error, where systemd's journal takes it from.

structlog only renders: everything logs through the standard library, drivers included. No PIN, no name,
no certificate and no document is ever passed to a logger.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure(*, verbose: bool = False, level: int = logging.INFO) -> None:
    """Set up the root logger."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
