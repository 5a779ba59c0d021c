"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from hypothesis import settings

from drivers.card.private_pcscd import PrivatePcscd
from tests.own_pcscd import or_skip

# A shared or small machine is slow at times: that is no property of the code under test.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("developer"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pcscd() -> AsyncIterator[PrivatePcscd]:
    """One for the whole run: libpcsclite asks for the socket's name once in a process."""
    async with or_skip(PrivatePcscd(slots=4)) as private:
        before = dict(os.environ)
        os.environ.update(private.environment)
        try:
            yield private
        finally:
            for name in private.environment:
                os.environ.pop(name)
                if name in before:
                    os.environ[name] = before[name]
