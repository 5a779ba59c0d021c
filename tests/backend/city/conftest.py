"""The sample cities over a registry of the personas and of the households of these tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backend.city.city import City
from backend.city.opening import SAMPLE, load_cities
from backend.city.registry import filling
from backend.city.registry.records import Records
from backend.sample_people.personas import everybody
from tests.backend.city.counter import NOON, Counter, make_card
from tests.backend.city.households import HOUSEHOLDS


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("registry") / "residents.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        filling.store(connection, [everybody(NOON.date()), Records(HOUSEHOLDS)])
    return path


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("keys")
    for code in ("wakabano", "shiomi"):
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (directory / f"{code}.pem").write_bytes(pem)
    return directory


@pytest.fixture(scope="session")
def cities(registry: Path, keys: Path) -> dict[str, City]:
    return load_cities(SAMPLE, registry=registry, keys=keys)


@pytest.fixture(scope="session")
def office(keys: Path, counter: Counter) -> Callable[[Path], Counter]:
    """The same counter over another registry."""

    def opened(registry: Path) -> Counter:
        return replace(counter, cities=load_cities(SAMPLE, registry=registry, keys=keys))

    return opened


@pytest.fixture(scope="session")
def counter(cities: dict[str, City]) -> Counter:
    return Counter(cities, make_card())
