"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import settings

from drivers.card.private_pcscd import PrivatePcscd
from drivers.errors import DeviceUnavailable

# A shared or small machine is slow at times: that is no property of the code under test.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("developer"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pcscd() -> AsyncIterator[PrivatePcscd]:
    """One for the whole run: libpcsclite asks for the socket's name once in a process."""
    pytest.importorskip("smartcard.scard", reason="pyscard is not installed")
    try:
        private = await PrivatePcscd(slots=4).__aenter__()
    except DeviceUnavailable as error:
        pytest.skip(f"no virtual card reader can be had: {error.advice}")
    before = dict(os.environ)
    os.environ.update(private.environment)
    try:
        yield private
    finally:
        for name in private.environment:
            os.environ.pop(name)
            if name in before:
                os.environ[name] = before[name]
        await private.__aexit__(None, None, None)
