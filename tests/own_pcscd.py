"""A pcscd of a test's own, or a skip that says why there can be none."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from drivers.card.private_pcscd import PrivatePcscd
from drivers.errors import DeviceUnavailable


@asynccontextmanager
async def or_skip(pcscd: PrivatePcscd) -> AsyncGenerator[PrivatePcscd, None]:
    pytest.importorskip("smartcard.scard", reason="pyscard is not installed")
    try:
        await pcscd.__aenter__()
    except DeviceUnavailable as error:
        pytest.skip(f"no virtual card reader can be had: {error.advice}")
    try:
        yield pcscd
    finally:
        await pcscd.__aexit__(None, None, None)
