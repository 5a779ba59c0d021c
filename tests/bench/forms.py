"""How many certificates a city issues a second on one core, and how many two other typesetters would set.

Ours is the whole path of an issue as the centre calls it: the order's signature, one snapshot of the
registry, every rule, the form, the manifest's signature, the seal to the visit's key. The peers get the
sheet's figures ready made and only set the page, so the ratio is to their advantage.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backend.city.certificates import residence
from backend.city.certificates.content import Edition
from backend.city.configuration import load
from backend.city.glyphs import MAIN
from backend.city.opening import SAMPLE, load_cities
from backend.city.page_seal import Sealing
from backend.city.registry import people
from backend.city.registry.openings import to_issue
from backend.city.registry.snapshot import Registry
from backend.city.signing import CityKey
from backend.city.typesetting import Frame, Heights
from backend.sample_people.crowd import fill
from backend.sample_people.personas import seed
from terminal.link.wire import Product
from tests.backend.city.counter import NOON, SERIAL, Counter, make_card

PEER = Path(".venv/typesetters/bin/python")
SECONDS = 8.0
PEOPLE = ("w-0101", "w-0501", "p-seal-registered-1", "p-declared-1", "p-fifteen-today-1")
ITEMS = ("head_and_relationship", "registered_domicile", "my_number")
BULK = 100_000
SEALING = Sealing(
    CityKey(Ed25519PrivateKey.generate()), "wakabano", Product.RESIDENCE, None, NOON.date()
)


async def measure() -> dict[str, float]:
    """``forms.per_second_core`` for a one-page 住民票, ``forms.ratio_fastest_peer`` of the same sheet, and how
    long a registry of 100,000 takes to make."""
    with tempfile.TemporaryDirectory() as folder:
        counter, registry = _counter(Path(folder))
        sheets = _sheets(registry)
        ours, theirs = [], []
        for _ in range(3):  # in turns, so that a busy moment meets both
            ours.append(await asyncio.to_thread(_issued_per_second, counter))
            theirs.append(await _peers(sheets))
        begun = time.perf_counter()
        await asyncio.to_thread(fill, Path(folder) / "crowd", "wakabano", BULK, "bench")
        bulk_s = time.perf_counter() - begun
    own = sorted(ours)[1]
    fastest = {name: sorted(one[name] for one in theirs)[1] for name in theirs[0]}
    return {
        "forms.per_second_core": own,
        "forms.weasyprint_per_second": fastest["weasyprint"],
        "forms.reportlab_per_second": fastest["reportlab"],
        "forms.ratio_fastest_peer": own / max(fastest.values()),
        "forms.bulk_100000_s": bulk_s,
    }


def _unmeasured(_form: str, _sheet: Frame) -> Heights:
    """A 住民票 does not flow from sheet to sheet."""
    return Heights(0, 0, ())


def _counter(folder: Path) -> tuple[Counter, Path]:
    registry = folder / "residents.sqlite3"
    with closing(sqlite3.connect(registry)) as connection:
        seed(connection, NOON.date())
    for code in ("wakabano", "shiomi"):
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (folder / f"{code}.pem").write_bytes(pem)
    return Counter(load_cities(SAMPLE, registry=registry, keys=folder), make_card()), registry


def _issued_per_second(counter: Counter) -> float:
    """One thread on one core, the form kept warm as a server keeps it."""
    orders = []
    for resident in PEOPLE:
        me = tuple(one.ref for one in counter.offer(resident).people if one.holder)
        orders.append((resident, counter.order(resident, people=me, items=ITEMS)))
    signed = [(resident, counter.signed(order)) for resident, order in orders]
    city = counter.cities["wakabano"]
    key = counter.envelope_key.public_key().public_bytes_raw()
    with _one_core():
        city.issue(signed[0][1], counter.holder(signed[0][0]), 1, key, SERIAL, NOON, began=NOON)
        made, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < SECONDS:
            resident, one = signed[made % len(signed)]
            city.issue(one, counter.holder(resident), 1, key, f"{SERIAL}-{made}", NOON, began=NOON)
            made += 1
        return made / (time.perf_counter() - begun)


def _sheets(registry: Path) -> list[dict[str, Any]]:
    """What the form gets for each of the people, as plain figures."""
    city = load(SAMPLE / "wakabano" / "city.toml")
    edition = Edition(city, SERIAL, NOON.date(), _unmeasured)
    found = []
    with Registry(registry).snapshot(to_issue(Product.RESIDENCE, ITEMS)) as snapshot:
        for resident in PEOPLE:
            entry = people.entry(snapshot, resident, ITEMS)
            content = residence.Residence((entry,), everyone=True)
            ((_, sheet, _),) = SEALING.sealed(content.sheets(edition), ((),))
            found.append(msgspec.to_builtins(sheet))
    return found


async def _peers(sheets: list[dict[str, Any]]) -> dict[str, float]:
    command = (str(PEER), "tests/bench/typesetters.py", str(MAIN.find()), str(SECONDS / 2))
    process = await asyncio.create_subprocess_exec(
        "taskset",
        "-c",
        "0",
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(json.dumps(sheets).encode())
    if process.returncode:
        raise RuntimeError("the typesetters could not be measured; their words are above")
    answer: dict[str, float] = json.loads(said)
    return answer


@contextmanager
def _one_core() -> Generator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
