"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

# A shared or small machine is slow at times: that is no property of the code under test.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("developer"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
