"""What only an operator can put right."""

from __future__ import annotations


class OperatorError(Exception):
    """Something outside this program is wrong; the message says what, where, and what to do next."""
