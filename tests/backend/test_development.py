"""The development world: complete or not there, the same when repeated, true today."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend import development as steps
from backend.clock import JST, Clock
from backend.development import Development, DevelopmentError, prepare, revoke
from backend.sample_people.personas import PERSONAS, Persona
from backend.storage import registry
from backend.storage.sqlite import SqliteDatabase
from drivers.card.jpki import signature_algorithm
from drivers.card.kinds import CardKind
from drivers.card.virtual import VirtualCard
from terminal.link import binding

MORNING = datetime(2026, 11, 24, 10, tzinfo=JST)


def at(moment: datetime) -> Clock:
    return Clock(source=lambda: moment)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Development:
    return prepare(tmp_path_factory.mktemp("development") / "world", at(MORNING))


def files(development: Development) -> dict[str, bytes]:
    """Everything that a second preparation must not change."""
    found = sorted(path for path in development.directory.rglob("*") if path.is_file())
    return {
        str(path.relative_to(development.directory)): path.read_bytes()
        for path in found
        if path.suffix != ".crl" and ".sqlite3" not in path.name
    }


def test_everything_is_there(world: Development) -> None:
    names = set(files(world))
    assert {
        "backend/backend.toml",
        "backend/server.key",
        "jpki/root-1.pem",
        "jpki/root-2.key",
    } <= names
    assert {f"terminals/dev-1/{part}.pem" for part in ("key", "certificate", "ca")} <= names
    assert {f"cards/{persona.id}.json" for persona in PERSONAS} <= names
    for city in ("wakabano", "shiomi"):
        (trusted,) = (world.trusted_cities / city).glob("*.pem")
        key = serialization.load_pem_public_key(trusted.read_bytes())
        assert isinstance(key, Ed25519PublicKey)
        assert binding.key_id(key.public_bytes_raw()) == trusted.stem


def test_secrets_are_for_their_owner_only(world: Development) -> None:
    secret = [path for path in world.directory.rglob("*") if b"PRIVATE KEY" in content(path)]
    assert len(secret) == len(PERSONAS) + 7
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    assert stat.S_IMODE(world.directory.stat().st_mode) == 0o700


def content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def test_a_card_file_has_exactly_the_documented_fields(world: Development) -> None:
    card = json.loads(world.card("ishii-mai").read_text("utf-8"))
    assert set(card) == {
        "kind",
        "key_pem",
        "certificate_pem",
        "issuer_pem",
        "pin",
        "tries_left",
        "has_auth_certificate",
    }
    assert (card["kind"], card["pin"], card["tries_left"]) == ("my_number", "1234", 0)


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.id)
def test_every_card_file_is_a_card(world: Development, persona: Persona) -> None:
    """As the demo uses them, with either kind of key."""
    card = VirtualCard.from_file(world.card(persona.id))
    assert (card.kind, card.tries_left) == (CardKind.MY_NUMBER, persona.tries_left)
    algorithm = "ES384" if persona.next_generation else "RS256"
    assert signature_algorithm(card.certificate) == algorithm


def test_the_index_lists_every_persona(world: Development) -> None:
    index = json.loads((world.cards / "index.json").read_text("utf-8"))
    assert [entry["persona"] for entry in index] == [persona.id for persona in PERSONAS]
    assert set(index[0]) == {*("persona", "name", "city", "note_ja", "note_en", "rule", "passes")}


def test_preparing_again_changes_nothing_that_lasts(world: Development) -> None:
    before = files(world)
    prepare(world.directory, at(MORNING + timedelta(days=1)))
    assert files(world) == before


def test_R40_cards_handed_over_today_are_so_again_tomorrow(world: Development) -> None:
    def issued() -> list[object]:
        card = json.loads(world.card("kimura-yui").read_text("utf-8"))
        certificate = x509.load_pem_x509_certificate(card["certificate_pem"].encode())
        der = certificate.public_bytes(serialization.Encoding.DER)
        database = SqliteDatabase(world.database)
        with database.reading() as tx:
            link = registry.find_link(tx, sha256(der).digest())
        database.close()
        return [] if link is None else [link.card_issued]

    for days in (2, 3):
        day = MORNING + timedelta(days=days)
        prepare(world.directory, at(day))
        assert issued() == [day.date()]


def test_the_list_is_fresh_after_every_preparation(world: Development) -> None:
    later = MORNING + timedelta(days=100)
    prepare(world.directory, at(later))
    listed = x509.load_pem_x509_crl(world.revocations(2).read_bytes())
    assert listed.last_update_utc <= later < (listed.next_update_utc or later)
    assert len(listed) == 1, "the persona who had the certificate revoked"


def test_several_preparations_at_once_make_one_world(tmp_path: Path) -> None:
    directory = tmp_path / "world"
    with ThreadPoolExecutor(3) as pool:
        making = [pool.submit(prepare, directory, at(MORNING)) for _ in range(3)]
    assert {done.result().directory for done in making} == {directory}
    assert [path.name for path in tmp_path.iterdir()] == ["world"]
    roots = {(directory / "jpki" / f"root-{n}.pem").read_text("utf-8") for n in (2, 3)}
    issuers = {
        json.loads((directory / "cards" / f"{one.id}.json").read_text("utf-8"))["issuer_pem"]
        for one in PERSONAS
    }
    assert issuers == roots


@pytest.mark.parametrize("step", ["_write_tls", "_write_index", "_write_databases"])
def test_a_preparation_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(steps, step, fail)
    with pytest.raises(OSError, match="no space left"):
        prepare(tmp_path / "world", at(MORNING))
    assert list(tmp_path.iterdir()) == []


def test_something_else_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DevelopmentError, match="not empty"):
        prepare(tmp_path, at(MORNING))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_revoking_what_is_not_there(world: Development) -> None:
    with pytest.raises(DevelopmentError, match="no persona 'nobody'"):
        revoke(world, "nobody")
    with pytest.raises(DevelopmentError, match="run init first"):
        revoke(Development(Path("nowhere")), "aoki-haruna")


def test_a_revocation_keeps_the_days_of_the_list(world: Development) -> None:
    """So that it works on a backend whose clock is moved."""
    path = world.revocations(2)
    before = x509.load_pem_x509_crl(path.read_bytes())
    revoke(world, "okabe-sachiko")
    after = x509.load_pem_x509_crl(path.read_bytes())
    assert (before.last_update_utc, before.next_update_utc) == (
        after.last_update_utc,
        after.next_update_utc,
    )
    assert len(after) == len(before) + 1
