"""A desk for those tests that need one."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.card.private_pcscd import PrivatePcscd
from tests.interop.desk import PROGRAMS, Desk
from tests.own_pcscd import or_skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """With a My Number Card in its reader."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {' '.join(missing)}")
    async with or_skip(PrivatePcscd()) as pcscd:
        desk = Desk(pcscd, tmp_path)
        async with desk.slot:
            await desk.slot.insert(desk.card)
            yield desk
