"""The backend's log lines: where something failed, never with what.

An exception's text may hold what the code was working on, a birth date that is none or a line that a
terminal sent. So a trace shows the kinds of the exceptions and the places in the code, not the texts.
"""

from __future__ import annotations

import logging
import sys
from traceback import extract_tb
from types import TracebackType

_SysExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def start() -> None:
    """Log from INFO on to standard error, which is the journal's under systemd."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TraceWithoutValues("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class TraceWithoutValues(logging.Formatter):
    def formatException(self, ei: _SysExcInfo) -> str:  # noqa: N802 — logging's own name
        return "\n".join(_lines(ei[1]))


def _lines(error: BaseException | None) -> list[str]:
    """The newest exception first, then what it came from."""
    if error is None:
        return []
    places = [
        f"    {frame.filename}:{frame.lineno} in {frame.name}"
        for frame in extract_tb(error.__traceback__)
    ]
    origin = error.__cause__ or error.__context__
    return [f"  {type(error).__module__}.{type(error).__qualname__}", *places, *_lines(origin)]
