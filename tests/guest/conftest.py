"""One guest for all tests that want it: to boot it is what takes time."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.guest.machine import Machine


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def machine() -> AsyncIterator[Machine]:
    if not os.environ.get("MADOGUCHI_GUEST"):
        pytest.skip("a booted guest is asked for with ./run guest")
    if os.getuid() != 0 or shutil.which("qemu-system-x86_64") is None:
        pytest.skip("a guest needs root and qemu-system-x86")
    async with Machine() as machine:
        yield machine
