"""One development world is made a session; each test gets a copy of it, and a server of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from backend.development import Development, prepare
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
