"""What only an operator can put right."""

from __future__ import annotations

import os

COMMAND = os.environ.get("MADOGUCHI_BACKEND", "madoguchi-backend")
"""What the command is called here, for advice that can be pasted."""


class OperatorError(Exception):
    """Something outside this program is wrong; the message says what, where, and what to do next."""
