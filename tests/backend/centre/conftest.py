"""One development world is made a session; each test gets a copy of it, and a server of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from backend import pki
from backend.development import Development, prepare
from backend.sample_jpki import certificates
from tests.backend.centre.authority import MADE, Authority
from tests.backend.centre.world import Card, Line, Time, Visitor, World, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Development:
    return prepare(tmp_path_factory.mktemp("world") / "template", Time().clock)


@pytest.fixture
def development(template: Development, tmp_path: Path) -> Development:
    return Development(shutil.copytree(template.directory, tmp_path / "world"))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def world(development: Development, time: Time) -> AsyncGenerator[World]:
    async with open_world(development, time) as world:
        yield world


@pytest.fixture
async def line(world: World) -> AsyncGenerator[Line]:
    async with world.line() as line:
        yield line


@pytest.fixture
def visitor(line: Line, development: Development) -> Visitor:
    """An ordinary person who lives alone."""
    return Visitor(line, Card.load(development.card("aoki-haruna")))


# --- a JPKI of one root, without a centre ------------------------------------------------------------


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    return certificates.new_root(pki.new_rsa_key(), MADE)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return pki.new_rsa_key()


@pytest.fixture
def authority(tmp_path: Path, root: pki.Issued) -> Authority:
    return Authority(tmp_path, root)


@pytest.fixture
def card(root: pki.Issued, key: rsa.RSAPrivateKey) -> pki.Issued:
    return certificates.issue_card(root, key, MADE)
