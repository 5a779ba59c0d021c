"""Which build this is: told to the centre, which serves known builds only (I-11)."""

from __future__ import annotations

VERSION = "0.1.0"
BUILD = f"madoguchi/{VERSION}"
