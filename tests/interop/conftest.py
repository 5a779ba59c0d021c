"""A desk for those tests that need one."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.card.private_pcscd import PrivatePcscd
from drivers.errors import DeviceUnavailable
from tests.interop.desk import PROGRAMS, Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """With a My Number Card in its reader."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {' '.join(missing)}")
    try:
        pcscd = await PrivatePcscd().__aenter__()
    except DeviceUnavailable as error:
        pytest.skip(f"no virtual card reader can be had: {error.advice}")
    try:
        desk = Desk(pcscd, tmp_path)
        async with desk.slot:
            await desk.slot.insert(desk.card)
            yield desk
    finally:
        await pcscd.__aexit__(None, None, None)
