"""A whole small world in one directory: an authority, a terminal, a JPKI, two cities and their people.

Where things are is in world.py, what the JPKI does in sample_jpki. It is built in a sibling directory
and renamed when complete, so half a world is never seen. What is true only for a while (the lists, the
cards that were handed over today) is refreshed at every start.
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from backend import pki
from backend.city.configuration import load as load_city
from backend.city.opening import SAMPLE
from backend.city_keys import make_key
from backend.clock import Clock
from backend.sample_jpki import authority
from backend.sample_people.personas import PERSONAS, Persona, seed
from backend.storage import registry
from backend.storage.registry import LinkRow, OperatorRow, TerminalRow
from backend.storage.sqlite import SqliteDatabase
from backend.world import TERMINAL, Development, DevelopmentError, made_on

__all__ = ["BUILD", "TERMINAL", "Development", "DevelopmentError", "prepare", "refresh", "revoke"]

BUILD = "madoguchi/0.1.0"

_SETTINGS = """\
# Made for development. Paths are relative to this file.
development = true
database = "madoguchi.sqlite3"

[tls]
certificate = "server.pem"
key = "server.key"
terminal_authority = "ca.pem"

[jpki]
# "test" or "production": cards of one world are worth nothing in the other, and their roots are never
# mixed. Development is with "test" alone.
world = "test"
# Three generations under one name: over, today's, and the next one's P-384.
roots = ["../jpki/root-1.pem", "../jpki/root-2.pem", "../jpki/root-3.pem"]
revocation_lists = ["../jpki/list-2.crl", "../jpki/list-3.crl"]
# Whom to ask at each sign-in (OCSP). Without it serve starts this world's own responder and asks that.
# ocsp = "http://127.0.0.1:8080/"
# How old, in seconds, the word of a list or of the responder may be. Where neither has a fresh one,
# nobody is let in.
statement_age_s = 86400
# For outages of the responder: how old a list may be that lets people in by itself. 0: none may.
# list_alone_age_s = 0

[cities]
residents = "residents.sqlite3"
keys = "cities"
# Cities of your own, <code>/city.toml each, instead of the two fictional ones (docs/city.md). Afterwards
# run init again: it makes the keys that are missing.
# folder = "../my-cities"

# R7, R8 and decision b. A city's own hours may be shorter.
[calendar]
hours = { opens = 06:30:00, last_start = 22:55:00, closes = 23:00:00 }
year_end = { first = { month = 12, day = 29 }, last = { month = 1, day = 3 } }

[hotline]
office = "マイナンバーカード一時停止受付（見本）"
telephone = "000-555-0100"
"""


def prepare(directory: Path, clock: Clock | None = None) -> Development:
    """Make the directory, or bring an existing one up to today. Safe to repeat and to race.

    Raises DevelopmentError if something else is there.
    """
    clock = clock or Clock()
    development = Development(directory)
    if not development.settings.is_file():
        _make(directory, clock)
    refresh(development, clock)
    return development


def refresh(development: Development, clock: Clock) -> None:
    """What a day changes: fresh lists, and everything about people that is counted from today."""
    development.refuse_older()
    if made_on(development.residents) != clock.today():
        _write_residents(development.residents, clock.today())
    authority.publish(development, clock.now())
    database = SqliteDatabase(development.database)
    try:
        database.migrate()
        for persona in PERSONAS:
            if persona.changes_daily:
                card = authority.certificate(development, persona.id)
                _link(database, persona, card, clock.today())
    finally:
        database.close()


def revoke(development: Development, persona: str, *, suspend: bool = False) -> None:
    """Withdraw a persona's certificate; ``suspend`` for a lost card (decision f).

    A running backend notices at the next sign-in, by the list and by the responder. Raises
    DevelopmentError.
    """
    if not development.settings.is_file():
        raise DevelopmentError(f"{development.directory} is not prepared: run init first")
    development.refuse_older()
    if persona not in {one.id for one in PERSONAS}:
        known = ", ".join(one.id for one in PERSONAS)
        raise DevelopmentError(f"there is no persona {persona!r}; there are {known}")
    reason = x509.ReasonFlags.cessation_of_operation
    if suspend:
        reason = x509.ReasonFlags.certificate_hold
    # The same days as the list that is there, whatever clock the backend is running on.
    now = authority.last_published(development)
    authority.withdraw(development, persona, reason, now)
    authority.publish(development, now)


# --- making ------------------------------------------------------------------------------------


def _make(directory: Path, clock: Clock) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise DevelopmentError(
            f"{directory} is not empty and holds no backend/backend.toml: "
            "name another directory, or empty this one"
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    parts = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _fill(Development(parts), clock)
        parts.rename(directory)
    except OSError as error:
        # Somebody else finished first, which is as good; anything else is an error.
        if Development(directory).settings.is_file():
            return
        if error.errno == errno.EBUSY:
            raise DevelopmentError(
                f"{directory} is where somebody works or a file system is mounted, so it cannot be "
                "made at once: name a directory inside it"
            ) from error
        raise
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def _fill(development: Development, clock: Clock) -> None:
    for folder in (
        development.backend / "cities",
        development.jpki,
        development.cards,
        development.terminal(),
        development.trusted_cities,
    ):
        folder.mkdir(parents=True)
    now = clock.now()
    with ThreadPoolExecutor() as pool:
        keys = pool.map(authority.new_card_key, PERSONAS)  # meanwhile, the rest
        roots = pool.submit(authority.make_roots, development, now)
        _write_tls(development)
        for city in sorted(SAMPLE.glob("*/city.toml")):
            code = load_city(city).code
            make_key(development.backend / "cities", development.trust_of(code), code)
        cards = {
            persona.id: authority.make_card(development, roots.result(), persona, key, now)
            for persona, key in zip(PERSONAS, keys, strict=True)
        }
    authority.open_books(development, now)
    _write_index(development)
    _write_databases(development, cards, clock)
    development.settings.write_text(_SETTINGS, "utf-8")


def _write_tls(development: Development) -> None:
    now = Clock().now()  # TLS goes by the computer's clock, not by ours
    authority = pki.new_operator_authority(now)
    terminal = development.terminal()
    _write_issued(authority, development.backend, "ca.key", "ca.pem")
    server = pki.issue_server(authority, now)
    _write_issued(server, development.backend, "server.key", "server.pem")
    identity = pki.issue_terminal(authority, TERMINAL, now)
    _write_issued(identity, terminal, "key.pem", "certificate.pem")
    (terminal / "ca.pem").write_bytes(pki.certificate_pem(authority.certificate))


def _write_issued(issued: pki.Issued, folder: Path, key: str, certificate: str) -> None:
    pki.write_private(folder / key, pki.key_pem(issued.key))
    (folder / certificate).write_bytes(pki.certificate_pem(issued.certificate))


def _write_index(development: Development) -> None:
    index = [
        {
            "persona": persona.id,
            "name": persona.name,
            "city": persona.city,
            "note_ja": persona.note_ja,
            "note_en": persona.note_en,
            "rule": persona.rule,
            "passes": persona.passes,
        }
        for persona in PERSONAS
    ]
    text = json.dumps(index, ensure_ascii=False, indent=1)
    (development.cards / "index.json").write_text(text, "utf-8")


def _write_databases(
    development: Development, cards: Mapping[str, x509.Certificate], clock: Clock
) -> None:
    _write_residents(development.residents, clock.today())
    database = SqliteDatabase(development.database)
    try:
        database.migrate()
        for persona in PERSONAS:
            _link(database, persona, cards[persona.id], clock.today())
        with database.writing() as tx:
            registry.put_operator(tx, OperatorRow("development", date(2020, 1, 1), None))
            registry.put_terminal(tx, TerminalRow(TERMINAL, "development", date(2020, 1, 1), None))
            registry.add_build(tx, BUILD)
    finally:
        database.close()


def _link(
    database: SqliteDatabase, persona: Persona, certificate: x509.Certificate, today: date
) -> None:
    card = sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    with database.writing() as tx:
        link = LinkRow(
            persona.city,
            persona.resident,
            persona.issued_on(today),
            persona.continued_on(today),
            persona.pin_changed_on(today),
        )
        registry.put_link(tx, card, link)


def _write_residents(path: Path, today: date) -> None:
    """Everybody as of today; seen whole or not at all, also by a backend that is running."""
    ordinal = today.toordinal()
    parts = path.with_suffix(".new")
    parts.unlink(missing_ok=True)
    connection = sqlite3.connect(parts)
    try:
        seed(connection, today)
        connection.execute(f"PRAGMA user_version = {ordinal}")
    finally:
        connection.close()
    parts.replace(path)
