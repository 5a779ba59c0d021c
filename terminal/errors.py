"""What the terminal itself can report as failed; drivers have their own tree."""

from __future__ import annotations

import traceback

from terminal.link.wire import Problem, Refusal


class TerminalError(Exception):
    """Root of everything the terminal raises."""


class ConfigError(TerminalError):
    """The configuration cannot be used; the message says where and what to write instead."""


class JournalError(TerminalError):
    """The journal could not be written or read: the act it announces must not happen."""


class LinkDown(TerminalError):
    """The centre was not reached, and certainly did nothing."""


class OutcomeUnknown(TerminalError):
    """The request went out and no answer came: the centre may or may not have acted.

    Never retried blind: the same id with the same body is asked again, or the order is void (I-7).
    """


class CentreRefused(TerminalError):
    """The centre or the city says no to what the person wished (HTTP 403)."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"refused: {refusal.reason}")
        self.refusal = refusal


class CentreProblem(TerminalError):
    """The centre answered with a failure that is nobody's wish: our bug, theirs, or a stale order."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(f"the centre answered {status} {problem.code}: {problem.detail}")
        self.status = status
        self.problem = problem


def kind_and_place(error: BaseException) -> str:
    """Of an error that nobody expected: what kind and where. Its words may quote a person's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    name = "/".join(frame.filename.rsplit("/", 2)[-2:])
    return f"{type(error).__name__} at {name}:{frame.lineno}"
